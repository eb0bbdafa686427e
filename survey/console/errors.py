"""What went wrong on a staff page, inside the console's own frame."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.accounts.permissions import allowed
from survey.common.languages import requested_language, staff_language
from survey.console.sections import navigation


def error_page(request: HttpRequest, status: int, reason: str = "") -> HttpResponse:
    """A sentence and a way on; without an account it leads to the sign-in."""
    # When the database is what failed, asking who it is would fail again.
    user = getattr(request, "user", None) if status < 500 else None
    known = user is not None and user.is_authenticated
    language = (
        requested_language(request, default=cast("User", user).language)
        if known
        else requested_language(request)
    )
    with override(staff_language(language)):
        title, text = _tell_why_to_wait(reason) if reason else _words(status)
        context = {
            "language": get_language(),
            "title": title,
            "text": text,
            "navigation": navigation(cast("User", user), "") if known else [],
            "scope": str(cast("User", user).agency)
            if known and cast("User", user).agency
            else None,
            "may": allowed(cast("User", user)) if known else {},
            "known": known,
            "again": bool(reason),
        }
        page = render_to_string(
            "survey/console/error.html", {**context, "user": user}, request=None
        )
        response = HttpResponse(page, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _words(status: int) -> tuple[str, str]:
    if status == 404:
        return _("Page not found"), _("It may be outside your scope, or the address is incomplete.")
    if status == 403:
        return _("You do not have permission to do this"), _(
            "If you need it, ask an operator of the province."
        )
    if status == 400:
        return _("We could not read that"), _(
            "Nothing was stored. A file may be too large: 32 MB at a time. Please go back and try "
            "again."
        )
    return (
        _("Something went wrong on our side"),
        _("What you sent may not have been stored. Please check before you send it again."),
    )


def _tell_why_to_wait(reason: str) -> tuple[str, str]:
    if reason == "busy":
        return _("The server is very busy right now"), _(
            "Nothing of what you asked for was done. Please wait a few seconds and try again."
        )
    return _("Data cannot be read or stored at the moment"), _(
        "Please wait a minute and try again. If you had just sent a form, check first whether it "
        "was stored."
    )


def forbidden(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that does not come from our page, or whose sign-in has ended."""
    return error_page(request, 403)
