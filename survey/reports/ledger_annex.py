"""The signed head of the log, printed in the report: paper nobody can take back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from survey.access.print.qr import draw_text_svg
from survey.integrity.models import LedgerHead
from survey.reports.documents import heading, paragraph, picture
from survey.reports.figures import Block

WIDTH: Final = 40
"""Letters without a space that stand on one line of the page: what runs over its edge is lost."""


def ledger_blocks(as_of: datetime) -> list[Block]:
    """The newest head at a moment, line by line as it is signed; nothing before the first."""
    head = LedgerHead.objects.filter(made_at__lte=as_of).order_by("-size").first()
    if head is None:
        return []
    told = _(
        "Whoever keeps these lines can prove later whether an answer counted until then was "
        "changed or deleted: the log of %(host)s has to begin with them. The signature, from the "
        "dash on, is one line."
    )
    *lines, signature = [line for line in head.note.splitlines() if line]
    name, _space, letters = signature.rpartition(" ")
    parts = [letters[start : start + WIDTH] for start in range(0, len(letters), WIDTH)]
    return [
        heading(_("ANNEX. SIGNED HEAD OF THE LOG")),
        paragraph(told % {"host": lines[0]}),
        *(paragraph(line) for line in (*lines, name, *parts)),
        picture(draw_text_svg(head.note), _("The same lines as a QR code")),
    ]
