"""Forms of vote integrity."""

from __future__ import annotations

from datetime import date

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.integrity.running import is_complete


class MonthForm(forms.Form):
    """The month that is looked at."""

    month = forms.DateField(
        label=gettext_lazy("month"),
        input_formats=["%m/%Y"],
        widget=forms.DateInput(
            format="%m/%Y",
            attrs={"placeholder": "10/2026", "inputmode": "numeric", "autocomplete": "off"},
        ),
    )

    def clean_month(self) -> date:
        """One that is over."""
        month: date = self.cleaned_data["month"]
        if not is_complete(month, timezone.localdate()):
            raise forms.ValidationError(
                _("A month is looked at from the third day of the next one on.")
            )
        return month
