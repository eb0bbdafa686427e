"""You said, we did: what an office changed, dated, written by one person and approved by
another.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency, Office


class Improvement(models.Model):
    """One change an agency made; shown to citizens once somebody else than the author has approved
    it.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    office = models.ForeignKey(
        Office, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("office")
    )
    done_on = models.DateField(_("done on"))
    said = models.CharField(_("what citizens said"), max_length=200)
    did = models.CharField(_("what was done"), max_length=200)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("author"),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)

    class Meta:
        verbose_name = _("improvement")
        verbose_name_plural = _("improvements")
        ordering: ClassVar = ["-done_on", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("author")),
                name="improvement_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.did

    def clean(self) -> None:
        """Nothing is announced before it is done."""
        day: date | None = self.done_on
        if day is not None and day > date.today():  # noqa: DTZ011  (a day as people write it)
            raise ValidationError(
                {"done_on": _("Only what has been done is shown; this day lies in the future.")}
            )


def published_improvements(agency_id: int, most: int = 3) -> list[Improvement]:
    """The latest approved improvements of an agency."""
    return list(Improvement.objects.filter(agency_id=agency_id, approved_at__isnull=False)[:most])
