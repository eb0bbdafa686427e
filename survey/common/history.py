"""Rows of a history in the admin: what has begun stays, whoever edits; what is new begins today or
later.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import BaseInlineFormSet, ModelForm
from django.utils import timezone
from django.utils.translation import gettext as _


class HistoryFormSet(BaseInlineFormSet):
    """Locks rows that have begun, but for the day an open one ends.

    Figures of past months are worked out with the rows of those months: a row changed afterwards
    would change a published number without a trace. The first row of a new object may begin on any
    day.
    """

    begins: ClassVar = "valid_from"
    ends: ClassVar = "valid_to"
    of: ClassVar[tuple[str, ...]] = ()
    """Fields that rows may differ in and hold at one time: the agencies an office hosts."""

    def add_fields(self, form: ModelForm[Any], index: int | None) -> None:
        """Fields that may not change take nothing of what is sent."""
        super().add_fields(form, index)
        row = form.instance
        if row.pk is None or getattr(row, self.begins) > timezone.localdate():
            return
        for name, field in form.fields.items():
            if name not in (row._meta.pk.name, self.fk.name) and not self._may_still_end(row, name):
                field.disabled = True

    def _may_still_end(self, row: Model, name: str) -> bool:
        end: date | None = getattr(row, self.ends, None)
        return name == self.ends and (end is None or end > timezone.localdate())

    def clean(self) -> None:
        """No new row and no end may lie before today, once there is a history."""
        super().clean()
        today = timezone.localdate()
        begun = self._has_begun()
        for form in self.forms:
            changed, values = set(form.changed_data), getattr(form, "cleaned_data", {})
            fresh = begun and form.instance.pk is None
            for name in (self.begins, self.ends):
                day = values.get(name)
                if name in changed and day and day < today and (fresh or form.instance.pk):
                    raise ValidationError(
                        _("What lies before today stays as it is: %(day)s is not taken.")
                        % {"day": day.strftime("%d/%m/%Y")}
                    )
        self._check_overlaps()

    def _has_begun(self) -> bool:
        return bool(self.get_queryset().exists())

    def _check_overlaps(self) -> None:
        """Two rows of one history never hold on one day: a name, a parent, a scope would be two."""
        rows = [
            form.cleaned_data
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get(self.begins) and not self._deleted(form)
        ]
        spans: dict[tuple[Any, ...], list[tuple[date, date]]] = {}
        for row in rows:
            span = (row[self.begins], row.get(self.ends) or date.max)
            spans.setdefault(tuple(row.get(name) for name in self.of), []).append(span)
        for ordered in map(sorted, spans.values()):
            if any(after[0] < before[1] for before, after in pairwise(ordered)):
                raise ValidationError(
                    _("Two rows hold on the same day. End the one in force before the next begins.")
                )

    def _deleted(self, form: ModelForm[Any]) -> bool:
        return bool(form.cleaned_data.get("DELETE"))


class SuccessionFormSet(HistoryFormSet):
    """Whom an agency handed over to: one day, no end."""

    begins: ClassVar = "on"
    ends: ClassVar = ""

    def _has_begun(self) -> bool:
        """An agency with a history has begun, though it never handed over yet."""
        return bool(self.instance.pk and self.instance.versions.exists())

    def _check_overlaps(self) -> None:
        """An agency may hand over to several on one day."""


class HostingFormSet(HistoryFormSet):
    """Which agencies an office receives dossiers for: several at a time, each once."""

    of = ("agency",)
