"""Sheets of receipt slips to cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.access.print import qr
from survey.access.print.sheets import sheets_pdf
from survey.common.tokens import group_code


def _sentence() -> str:
    return _("Rate the service: scan, or open the address and type the code. Good for 30 days.")


def slips_pdf(
    codes: Sequence[str], *, name: str, language: str = "vi", second: str = "", notice: str = ""
) -> bytes:
    """A4 sheets of snippets with square code, code and a sentence: 21 a page, 18 in two languages.

    Raises
    ------
    TooLongToPrint
        The name or the address of this installation fits on no slip.
    """
    sentences = []
    for code in dict.fromkeys((language, second or language)):
        with override(code):
            sentences.append({"lang": code, "text": _sentence()})
    data: dict[str, Any] = {
        "name": name,
        "notice": notice,
        "sentences": sentences,
        "site": qr.printed_domain(),
        "slips": [{"code": group_code(code), "qr": qr.as_svg(code).decode()} for code in codes],
    }
    return sheets_pdf("slips", data)
