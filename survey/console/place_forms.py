"""Forms of offices, counters and agencies."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency, AgencyKind, Office, ProcedureDomain
from survey.agencies.services import Attributes
from survey.console.forms import offer_agencies

WEEKDAYS: Final = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
MAX_COUNTER_NUMBER = 999
_DAY = {"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"}


class OfficeForm(forms.ModelForm):
    """A place with counters."""

    class Meta:
        model = Office
        fields = ("name", "address", "phone")


class CounterForm(forms.Form):
    """A new counter."""

    agency = forms.ModelChoiceField(label=_("responsible agency"), queryset=Agency.objects.none())
    domain = forms.ModelChoiceField(
        label=_("procedure domain"),
        queryset=ProcedureDomain.objects.order_by("name"),
        required=False,
        empty_label=_("All domains"),
    )
    number = forms.IntegerField(label=_("number"), min_value=1, max_value=MAX_COUNTER_NUMBER)
    name = forms.CharField(
        label=_("name"), max_length=100, required=False, help_text=_("Empty: “Counter 3”.")
    )

    def __init__(self, *args: Any, agencies: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_agencies(self.fields["agency"], agencies, timezone.localdate())


class AgencyForm(forms.Form):
    """What an agency is called and belongs to from a day on."""

    name = forms.CharField(label=_("name"), max_length=200)
    kind = forms.ChoiceField(label=_("kind"), choices=AgencyKind.choices)
    parent = forms.ModelChoiceField(
        label=_("parent"), queryset=Agency.objects.none(), required=False
    )
    agency_code = forms.CharField(
        label=_("electronic identifier"),
        max_length=35,
        required=False,
        help_text=_("As in the list of identifiers of the province, like H20.05."),
    )
    unit_code = forms.CharField(
        label=_("administrative unit code"),
        max_length=10,
        required=False,
        help_text=_("Of communes, wards and provinces, like 28261."),
    )
    on = forms.DateField(
        label=_("valid from"), widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY)
    )

    def __init__(
        self, *args: Any, agencies: QuerySet[Agency], kept: Agency | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        offer_agencies(
            self.fields["parent"], agencies, today, first=_("Nothing above it"), kept=kept
        )

    def attributes(self) -> Attributes:
        """What the new version says."""
        sent = self.cleaned_data
        return Attributes(
            name=sent["name"],
            kind=sent["kind"],
            parent=sent["parent"],
            agency_code=sent["agency_code"],
            unit_code=sent["unit_code"],
        )


class EndForm(forms.Form):
    """An agency merges with another, or ends."""

    other = forms.ModelChoiceField(
        label=_("other agency"), queryset=Agency.objects.none(), required=False
    )
    name = forms.CharField(label=_("name of the new agency"), max_length=200, required=False)
    code = forms.CharField(label=_("electronic identifier"), max_length=35, required=False)
    unit_code = forms.CharField(label=_("administrative unit code"), max_length=10, required=False)
    on = forms.DateField(
        label=_("takes effect on"), widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY)
    )

    def __init__(self, *args: Any, agencies: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_agencies(self.fields["other"], agencies, timezone.localdate())

    reason = forms.CharField(
        label=_("Reason for the request"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_on(self) -> date:
        """Counters change hands at once."""
        day: date = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError(_("Enter this on the day it takes effect or later."))
        return day


class MergeForm(EndForm):
    """Two agencies become a new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].required = self.fields["name"].required = True


class DissolveForm(EndForm):
    """An agency ends; its counters go on under another one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["name"], self.fields["code"], self.fields["unit_code"]
        self.fields["other"].label = _("successor, if there is one")


class SplitForm(EndForm):
    """An agency becomes two; the first takes what is not given to the second."""

    second_name = forms.CharField(label=_("name of the second agency"), max_length=200)
    second_code = forms.CharField(
        label=_("electronic identifier of the second"), max_length=35, required=False
    )
    counters = forms.MultipleChoiceField(
        label=_("counters of the second agency"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("All others, and every account, go to the first."),
    )
    field_order = ("name", "code", "second_name", "second_code", "counters", "on", "reason")

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["other"], self.fields["unit_code"]
        self.fields["name"].label = _("name of the first agency")
        self.fields["name"].required = True
        self.fields["code"].label = _("electronic identifier of the first")
        rows = agency.counters.filter(closed_on=None).select_related("office")
        field: Any = self.fields["counters"]
        field.choices = [(str(row.pk), f"{row.office.name} · {row}") for row in rows]
        self.order_fields(self.field_order)


class HolidayForm(forms.Form):
    """Days nobody works on, e.g. the days of Tết."""

    first = forms.DateField(
        label=_("first day"), widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY)
    )
    last = forms.DateField(
        label=_("last day"),
        required=False,
        widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY),
        help_text=_("Empty: one day only."),
    )
    name = forms.CharField(label=_("name"), max_length=100)

    def clean(self) -> dict[str, Any]:
        """One day where no last one is given."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("last"):
            cleaned["last"] = cleaned.get("first")
        return cleaned
