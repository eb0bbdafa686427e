"""Paper ballots: batches printed for one counter, and what two people counted in its box."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Counter
from survey.common.tokens import new_code

LENGTH: Final = 8
PER_SHEET: Final = 4
MAX_BALLOTS: Final = 400
LEVELS: Final = ("1", "2", "3", "4", "5")
BLANK: Final = "blank"
"""Key of ballots with no face ticked, or with several."""


class BallotBatch(models.Model):
    """Ballots printed together for one counter; its box is sealed and opened by two people."""

    code = models.CharField(_("batch code"), max_length=LENGTH, unique=True)
    counter = models.ForeignKey(
        Counter, on_delete=models.PROTECT, related_name="ballots", verbose_name=_("counter")
    )
    printed = models.PositiveSmallIntegerField(_("ballots printed"))
    issued_at = models.DateTimeField(_("issued at"))
    stored_at = models.DateTimeField(_("stored at"), null=True)
    """When two counts agreed and the ballots became answers."""

    class Meta:
        verbose_name = _("batch of ballots")
        verbose_name_plural = _("batches of ballots")

    def __str__(self) -> str:
        return self.code


class BallotCount(models.Model):
    """What one person counted in a batch's box; a second one counts without seeing it."""

    batch = models.ForeignKey(
        BallotBatch, on_delete=models.PROTECT, related_name="counts", verbose_name=_("batch")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("counted by")
    )
    opened_on = models.DateField(_("box opened on"))
    levels = models.JSONField(_("ballots per level"))
    entered_at = models.DateTimeField(_("entered at"))

    class Meta:
        verbose_name = _("count of a box")
        verbose_name_plural = _("counts of boxes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "by"], name="ballot_count_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.batch} {self.by_id}"

    @property
    def total(self) -> int:
        """Ballots counted, those without an answer too."""
        return sum(self.levels.values())

    def agrees_with(self, other: BallotCount) -> bool:
        """Whether two people counted the same on the same day."""
        return self.levels == other.levels and self.opened_on == other.opened_on


def issue_ballots(*, counter: Counter, count: int, now: datetime) -> BallotBatch:
    """A new batch for an open counter."""
    if counter.closed_on is not None:
        raise ValidationError(gettext("This counter is closed; it gets no new ballots."))
    if not 1 <= count <= MAX_BALLOTS:
        raise ValidationError(
            gettext("Print 1 to %(most)s ballots at once.") % {"most": MAX_BALLOTS}
        )
    return BallotBatch.objects.create(
        code=new_code(LENGTH), counter=counter, printed=count, issued_at=now
    )


def check_count(batch: BallotBatch, levels: dict[str, int], opened_on: date, today: date) -> None:
    """Refuse what cannot have been in the box.

    Raises
    ------
    ValidationError
        More ballots than were printed, none at all, or a day outside the batch's life.
    """
    total = sum(levels.values())
    if not total:
        raise ValidationError(
            gettext("Nothing was counted: write how many ballots have each face.")
        )
    if total > batch.printed:
        values = {"total": total, "printed": batch.printed}
        raise ValidationError(
            gettext("%(total)s ballots were counted, but only %(printed)s were printed.") % values
        )
    if not timezone.localtime(batch.issued_at).date() <= opened_on <= today:
        raise ValidationError(
            gettext("The box was opened between the day the ballots were printed and today.")
        )
