"""Paper ballots: four to a sheet, behind a cover for the box with the batch's code."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.access.ballots import BallotBatch
from survey.access.print import qr
from survey.access.print.faces import face_pictures
from survey.access.print.sheets import sheets_pdf
from survey.access.twin_pictures import INK
from survey.common import province
from survey.common.tokens import group_code
from survey.questionnaires.kinds.scale import level_names


def ballots_pdf(batch: BallotBatch, *, second: str = "", notice: str = "") -> bytes:
    """A4 sheets: the box's cover, then ballots to cut apart.

    Raises
    ------
    TooLongToPrint
        The names of the office and the counter fit on no ballot.
    """
    spoken = dict.fromkeys((settings.LANGUAGE_CODE, second or settings.LANGUAGE_CODE))
    counter = batch.counter
    data: dict[str, Any] = {
        "words": [_words(language) for language in spoken],
        "faces": face_pictures(INK),
        "office": counter.office.name,
        "counter": str(counter),
        "code": group_code(batch.code).replace("-", " "),
        "printed": batch.printed,
        "notice": notice,
        "qr": qr.draw_svg(f"{settings.PUBLIC_URL}/staff/ballots/{batch.code}").decode(),
        "cover": [
            _("Ballot box, batch %(code)s") % {"code": group_code(batch.code).replace("-", " ")},
            _("%(count)s ballots were printed.") % {"count": batch.printed},
            _("Seal the box. Two people open it, and each counts without the other's paper."),
            _("Then each enters the count on the staff page; scan this code to open it."),
        ],
    }
    return sheets_pdf("ballots", data)


def _words(language: str) -> dict[str, Any]:
    with override(language):
        return {
            "lang": language,
            "province": province.province_name(),
            "question": _("Are you satisfied with how you were served?"),
            "levels": level_names(),
            "tick": _("Tick one box, fold the paper, put it into the box."),
            "promise": _("Do not write your name. Officers at the counter cannot see your answer."),
        }
