"""Staff forms."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from survey.agencies.improvements import Improvement
from survey.agencies.models import Agency
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
        widgets = {"done_on": forms.DateInput(attrs={"type": "date"})}

    def __init__(self, *args: Any, agencies: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField", self.fields["agency"]).queryset = agencies


class TotalsForm(forms.Form):
    """A file of monthly totals."""

    file = forms.FileField(
        label=_("CSV or XLSX file"),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )
