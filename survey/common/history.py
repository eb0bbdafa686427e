"""Rows of a history in the admin: what has begun stays, whoever edits; what is new begins today or
later.
"""

from __future__ import annotations

from datetime import date
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
        begun = self.get_queryset().exists()
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


class SuccessionFormSet(HistoryFormSet):
    """Whom an agency handed over to: one day, no end."""

    begins: ClassVar = "on"
    ends: ClassVar = ""
