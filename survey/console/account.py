"""The own account: everybody changes their own password."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from survey.accounts.lockout import hashing, must_wait, note_failure
from survey.accounts.models import User
from survey.console.layout import page, staff_page


class PasswordForm(PasswordChangeForm):
    """The old password once and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "old_password": gettext_lazy("Old password"),
            "new_password1": gettext_lazy("New password"),
            "new_password2": gettext_lazy("Repeat new password"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("autofocus", None)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def password(request: HttpRequest) -> HttpResponse:
    """Change the own password; every other session of the account ends."""
    user = cast("User", request.user)
    form = PasswordForm(user, request.POST or None)
    if request.method == "POST":
        name = user.get_username()
        if must_wait(request, name):
            messages.error(request, _("Too many attempts. Please wait fifteen minutes."))
            return redirect("console:password")
        with hashing() as free:
            right = free and form.is_valid()
        if "old_password" in form.errors:
            note_failure(request, name)
        if not free:
            messages.error(request, _("Many people are signing in right now. Please try again."))
        if right:
            form.save()
            update_session_auth_hash(request, user)
            messages.success(
                request, _("Your password has been changed. Other devices have been signed out.")
            )
            return redirect("console:password")
    return page(
        request, "password.html", {"form": form}, status=422 if request.method == "POST" else 200
    )
