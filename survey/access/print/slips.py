"""Sheets of slips to cut, for the appointment paper of one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.access.print import qr
from survey.access.print.sheets import sheets_pdf
from survey.access.slips import group_slip_code
from survey.common import province


def slips_pdf(
    codes: Sequence[str], *, name: str, language: str = "vi", second: str = "", notice: str = ""
) -> bytes:
    """A4 sheets of slips with square code, code and a sentence: 12 a page, fewer where
    names and languages need the room.

    Raises
    ------
    TooLongToPrint
        The name or the address of this installation fits on no slip.
    """
    spoken = dict.fromkeys((language, second or language))
    data: dict[str, Any] = {
        "name": name,
        "notice": notice,
        "words": [_words(code) for code in spoken],
        "site": qr.printed_domain(),
        "slips": [
            {"code": group_slip_code(code), "qr": qr.as_svg(code).decode()} for code in codes
        ],
    }
    return sheets_pdf("slips", data)


def _words(language: str) -> dict[str, str]:
    with override(language):
        return {
            "lang": language,
            "province": province.province_name(),
            "sentence": _("Are you satisfied? Scan to answer (within 30 days)."),
            "or-open": _("Or open"),
        }
