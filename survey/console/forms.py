"""Staff forms."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from survey.agencies.improvements import Improvement
from survey.agencies.models import Agency
from survey.agencies.queries import versions_on
from survey.common.text import name_order
from survey.transactions.models import SourceSystem


class SignInForm(AuthenticationForm):
    """User name and password; one message for every way it can be wrong."""

    error_messages = {
        "invalid_login": _("User name or password is not right. Please try again."),
        "inactive": _("User name or password is not right. Please try again."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        self.fields["password"].label = _("Password")


class EventsForm(forms.Form):
    """A file of dossier events and the case system it comes from."""

    source = forms.ModelChoiceField(
        label=_("case system the file comes from"),
        queryset=SourceSystem.objects.filter(active=True).order_by("name"),
        empty_label=None,
        error_messages={
            "required": _("Choose the case system the file comes from."),
            "invalid_choice": _("Choose the case system the file comes from."),
        },
    )
    file = forms.FileField(
        label=_("CSV or XLSX file"),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )


class ImprovementForm(forms.ModelForm):
    """What citizens said and what was done about it."""

    class Meta:
        model = Improvement
        fields = ("agency", "done_on", "said", "did")
        widgets = {
            "done_on": forms.DateInput(
                format="%d/%m/%Y", attrs={"placeholder": "31/12/2026", "inputmode": "numeric"}
            ),
            "said": forms.Textarea(attrs={"rows": 2}),
            "did": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, agencies: QuerySet[Agency], today: date, **kwargs: Any) -> None:
        """``agencies`` are those in scope; offered are the ones in force ``today``, by the names
        they bear.
        """
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField", self.fields["agency"])
        versions = list(versions_on(today).filter(agency__in=agencies))
        field.queryset = agencies.filter(pk__in=[version.agency_id for version in versions])
        twice = Counter(version.name for version in versions)
        choices = [
            (
                version.agency_id,
                f"{version.name} ({version.code})" if twice[version.name] > 1 else version.name,
            )
            for version in sorted(
                versions, key=lambda version: (name_order(version.name), version.code)
            )
        ]
        field.choices = [("", _("Choose an agency")), *choices]


class TotalsForm(forms.Form):
    """A file of monthly totals."""

    file = forms.FileField(
        label=_("CSV or XLSX file"),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )
