"""Print-ready posters: one PDF for a counter or for a whole office, with bundled fonts only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.access.models import CounterCode
from survey.access.print import qr
from survey.access.print.faces import face_pictures
from survey.access.print.sheets import sheets_pdf
from survey.access.queries import check_characters
from survey.access.twin_pictures import INK, draw_picture, name_picture
from survey.agencies.improvements import published_improvements
from survey.common import province
from survey.common.tokens import group_code
from survey.questionnaires.kinds.scale import level_names

PAPERS: Final = ("A5", "A4", "A3", "tent")
"""Sheet sizes; a tent is an A4 sheet folded across, readable from both sides."""


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
        The names of an office and its counter, or the address of this installation, fit on no
        sheet of this size.
    """
    if paper not in PAPERS:
        known = ", ".join(PAPERS)
        raise ValueError(
            _("Unknown paper size “%(paper)s”; choose %(known)s.")
            % {"paper": paper, "known": known}
        )
    spoken = list(dict.fromkeys((language, second or language)))
    data = {
        "paper": paper.lower(),
        "faces": face_pictures(INK),
        "emblem": province.emblem_svg(),
        "site": qr.printed_domain(),
        "notice": notice,
        "words": [_words(code) for code in spoken],
        "posters": [_poster(code, spoken) for code in codes],
    }
    return sheets_pdf("poster", data)


def _words(language: str) -> dict[str, Any]:
    """What a poster says in a language."""
    with override(language):
        return {
            "lang": language,
            "province": province.province_name(),
            "motto": province.motto(),
            "levels": level_names(),
            "headline": _("Are you satisfied with how you were served?"),
            "instruction": _("Scan this code with Zalo or the camera. It takes half a minute."),
            "or-open": _("No camera? Open this page:"),
            "code": _("code:"),
            "issue": _("Issue"),
            "no-phone": _("No smartphone? Call 1022."),
            "no-phone-tablet": _("No smartphone? Call 1022, or use the tablet at the counter."),
            "promise": _("Officers at the counter cannot see your answer."),
            "nobody": _("Nobody may ask to be shown it."),
            "free": _("It costs nothing. Nobody asks for a password."),
            "twin": _("Your phone must show this picture too:"),
            "check": _("Your phone must show these letters too:"),
            "done": _("Done after people gave their opinion"),
        }


def _poster(code: CounterCode, spoken: Sequence[str]) -> dict[str, Any]:
    counter = code.counter
    done = published_improvements(counter.agency_id, most=1)
    return {
        "office": counter.office.name,
        "counter": str(counter),
        "domain": counter.domain.name if counter.domain else "",
        "qr": qr.as_svg(code.code).decode(),
        "code": group_code(code.code).replace("-", " "),
        "twin": "" if code.picture is None else draw_picture(code.picture),
        "twin-names": [_twin_name(code, language) for language in spoken],
        "no-phone": "no-phone-tablet" if _has_tablet(code) else "no-phone",
        "issue": f"{code.issue} · {code.issued_at:%m/%Y}",
        "done": f"{done[0].done_on:%d/%m/%Y}: {done[0].did}" if done else "",
    }


def _has_tablet(code: CounterCode) -> bool:
    kiosks = code.counter.kiosks.exclude(enrolled_at=None)
    return kiosks.filter(revoked_at=None).exists()


def _twin_name(code: CounterCode, language: str) -> str:
    """What the picture shows; the letters of an issue from before there were pictures."""
    if code.picture is None:
        return check_characters(code.code)
    with override(language):
        return name_picture(code.picture)
