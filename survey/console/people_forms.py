"""Forms of accounts and invitations."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.accounts.invitations import Invited
from survey.accounts.models import LOCAL_ROLES, NEEDS_AGENCY, StaffInvitation, User
from survey.agencies.models import Agency
from survey.agencies.queries import visible_agencies
from survey.console.forms import offer_agencies

_DAY = {"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"}


class ScopeMixin(forms.Form):
    """Role, agency and last day; nobody gives away more than they have."""

    def limit_to(self, user: User, kept: Agency | None = None) -> None:
        """Offer the roles and agencies ``user`` may give, and the one there is."""
        self.scope = visible_agencies(user)
        self.whole_province = user.sees_province
        first = _("Whole province") if self.whole_province else _("Choose an agency")
        offer_agencies(
            self.fields["agency"], self.scope, timezone.localdate(), first=first, kept=kept
        )
        self.fields["agency"].required = False

    def clean(self) -> dict[str, Any]:
        """A local role needs an agency, and who has only a branch gives no more than it."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        agency: Agency | None = cleaned.get("agency")
        local = cleaned.get("role") in LOCAL_ROLES or not self.whole_province
        if "agency" not in self.errors and agency is None and local:
            self.add_error("agency", NEEDS_AGENCY)
        return cleaned

    def email_of_one(self) -> str:
        """One account an e-mail address, as far as who asks may see."""
        email = str(self.cleaned_data["email"])
        seen = User.objects.filter(email__iexact=email)
        if (mine := getattr(self, "instance", None)) and isinstance(mine, User):
            seen = seen.exclude(pk=mine.pk)
        if not self.whole_province:
            seen = seen.filter(agency__in=self.scope)
        if email and seen.exists():
            raise ValidationError(_("There is already an account with this e-mail address."))
        return email

    def clean_ends_on(self) -> date | None:
        """A last day lies ahead."""
        day: date | None = self.cleaned_data["ends_on"]
        if day is not None and day < timezone.localdate():
            raise ValidationError(_("The last day is before today."))
        return day


class InvitationForm(ScopeMixin, forms.ModelForm):
    """Whom to invite, as what."""

    class Meta:
        model = StaffInvitation
        fields = ("name", "email", "role", "agency", "body", "ends_on")
        widgets = {"ends_on": forms.DateInput(format="%d/%m/%Y", attrs=_DAY)}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit_to(user)

    def invited(self) -> Invited:
        """What was asked for."""
        sent = dict(self.cleaned_data)
        agency = sent.pop("agency")
        return Invited(agency_id=agency.pk if agency else None, **sent)

    def clean_email(self) -> str:
        """One account an e-mail address."""
        return self.email_of_one()


class AccountForm(ScopeMixin, forms.ModelForm):
    """What may be changed of somebody's account."""

    class Meta:
        model = User
        fields = ("first_name", "email", "role", "agency", "body", "ends_on")
        labels = {"first_name": _("name")}
        widgets = {"ends_on": forms.DateInput(format="%d/%m/%Y", attrs=_DAY)}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit_to(user, kept=self.instance.agency)

    def clean_email(self) -> str:
        """One account an e-mail address."""
        return self.email_of_one()


class OpenAccountForm(forms.Form):
    """What somebody who was invited chooses: a user name and a password."""

    username = UsernameField(
        label=_("User name"),
        max_length=150,
        help_text=_("Letters without marks, digits and . - _ @ +"),
        validators=[ASCIIUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("New password"),
        help_text=_("At least 15 characters: a sentence you can remember is best."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label=_("Repeat new password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        """Not somebody else's, however it is spelt."""
        name = str(self.cleaned_data["username"]).strip()
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError(_("This user name is taken. Please choose another one."))
        return name

    def clean(self) -> dict[str, Any]:
        """A strong password, typed alike twice."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        password, repeated = cleaned.get("password"), cleaned.get("repeated")
        if password and repeated and password != repeated:
            self.add_error("repeated", _("The two passwords do not match."))
        if password:
            try:
                validate_password(password, User(username=cleaned.get("username", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned
