"""The page of an invitation: whoever has the link opens the account it was made for, once."""

from __future__ import annotations

from typing import Final, cast

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from survey.accounts.audit import record_event
from survey.accounts.invitations import InvitationError, accept, find_invitation
from survey.accounts.lockout import hashing
from survey.accounts.models import StaffInvitation
from survey.common.languages import requested_language, staff_language
from survey.console.people_forms import OpenAccountForm

BACKEND: Final = "survey.accounts.sign_in.StaffBackend"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """Choose a user name and a password. GET changes nothing: programs that look at links may."""
    with override(staff_language(requested_language(request))):
        try:
            found = find_invitation(token, timezone.now())
        except InvitationError as error:
            return _page(request, {"refused": str(error)}, 410)
        form = OpenAccountForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            status = 422 if request.method == "POST" else 200
            return _page(request, {"invitation": found, "form": form}, status)
        return _open(request, found, form)


def _open(request: HttpRequest, found: StaffInvitation, form: OpenAccountForm) -> HttpResponseBase:
    name, password = form.cleaned_data["username"], form.cleaned_data["password"]
    with hashing() as free:
        if not free:
            form.add_error(None, _("Many people are signing in right now. Please try again."))
            return _page(request, {"invitation": found, "form": form}, 429)
        try:
            user = accept(invitation=found, user_name=name, password=password)
        except InvitationError as error:
            return _page(request, {"refused": str(error)}, 410)
        except IntegrityError:
            form.add_error("username", _("This user name is taken. Please choose another one."))
            return _page(request, {"invitation": found, "form": form}, 422)
    user.backend = BACKEND  # what authenticate() would have said
    record_event(request, "open-account", user=user, thing=f"invitation {found.pk}")
    login = Login(user=user, redirect_url=reverse("console:today"))
    return cast("HttpResponseBase", perform_password_login(request, {"username": name}, login))


def _page(request: HttpRequest, context: dict[str, object], status: int) -> HttpResponse:
    frame = {"language": get_language(), **context}
    return render(request, "survey/console/invitation.html", frame, status=status)
