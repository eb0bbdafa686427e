"""Print-ready posters: one PDF for a counter or for a whole office, with bundled fonts only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.access.models import CounterCode
from survey.access.print import qr
from survey.access.print.sheets import sheets_pdf
from survey.access.queries import check_characters

PAPERS: Final = ("A5", "A4", "A3", "tent")
"""Sheet sizes; a tent is an A4 sheet fold_accents across, readable from both sides."""


def poster_pdf(
    codes: Sequence[CounterCode],
    *,
    paper: str,
    language: str = "vi",
    second: str = "",
    notice: str = "",
) -> bytes:
    """A PDF with one page per code.

    Parameters
    ----------
    paper : one of ``PAPERS``.
    second : another language under the first; empty for one language only.
    notice : printed at the foot in red, e.g. that the data are a demonstration.

    Raises
    ------
    TooLongToPrint
        The names of an office and its counter fit on no sheet of this size.
    """
    if paper not in PAPERS:
        known = ", ".join(PAPERS)
        raise ValueError(
            _("Unknown paper size “%(paper)s”; choose %(known)s.")
            % {"paper": paper, "known": known}
        )
    with override(language):
        data = {
            "paper": paper.lower(),
            "lang": language,
            "title": _("Rate the service"),
            "words": _words(),
            "second": None,
            "second-lang": second,
            "domain": qr.printed_domain(),
            "notice": notice,
            "posters": [_poster(code) for code in codes],
        }
    if second and second != language:
        with override(second):
            data["second"] = _words()
    return sheets_pdf("poster", data)


def _words() -> dict[str, Any]:
    """What a poster says, in the active language."""
    return {
        "headline": _("How was the service?"),
        "instruction": _("Scan this code with your phone’s camera. It takes half a minute."),
        "or-open": _("No camera? Open this address:"),
        "what-happens-title": _("What happens with your answer"),
        "what-happens": [
            _("The officer does not see your answer. No name and no phone number is asked."),
            _(
                "The Department of Home Affairs adds up the answers every quarter. Answers from "
                "posters are told apart."
            ),
        ],
        "check": _("Before you answer, check that the address begins with"),
    }


def _poster(code: CounterCode) -> dict[str, str]:
    counter = code.counter
    return {
        "office": counter.office.name,
        "counter": str(counter),
        "domain": counter.domain.name if counter.domain else "",
        "qr": qr.as_svg(code.code).decode(),
        "url": qr.short_url(code.code).split("://", 1)[1],
        "issue": _("Issue %(issue)s, code %(code)s, check %(check)s")
        % {"issue": code.issue, "code": code.code, "check": check_characters(code.code)},
    }
