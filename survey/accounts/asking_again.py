"""What is sensitive asks for the second factor again; then what was sent is carried out, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Final, cast
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import resolve, reverse
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.accounts.second_factor import RECENT_SECONDS, has_second_factor, shown_recently

SUSPENDED: Final = "suspended-request"


def asks_again(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page that does something sensitive: who sent it shows the second factor again, then it is
    done.

    Where second factors are switched off (demonstration, tests) an account without one is let
    through. Stands below ``staff_page``.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method == "POST" and must_ask_again(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return inner


def must_ask_again(request: HttpRequest) -> bool:
    """Whether the factor was shown too long ago for something sensitive."""
    asked = settings.SECOND_FACTOR or has_second_factor(cast("User", request.user))
    return asked and not shown_recently(request)


def suspend(request: HttpRequest) -> HttpResponseBase:
    """To the page that asks again; what was posted waits in the session, without cookies and
    headers, as long as a shown factor lasts.
    """
    request.session.pop(SUSPENDED, None)
    back = request.get_full_path()
    if request.method == "POST":
        back = _page_before(request)
        request.session[SUSPENDED] = {
            "at": time.time(),
            "path": request.path,
            "query": request.GET.urlencode(),
            "post": request.POST.urlencode(),
            "back": back,
        }
    methods = get_adapter().get_reauthentication_methods(request.user)
    page = methods[0]["url"] if methods else reverse("account_login")
    return HttpResponseRedirect(f"{page}?{urlencode({'next': back})}")


def _page_before(request: HttpRequest) -> str:
    """Where the form stood: the address of what was sent may take no visit."""
    before = urlsplit(request.headers.get("Referer", ""))
    known = before.netloc == request.get_host() and before.path.startswith("/staff/")
    return before.path if known else reverse("console:home")


def resume(request: HttpRequest) -> HttpResponseBase:
    """Carry out what waits, as the page it was sent to (so the trail names that), or go where one
    wanted to.
    """
    waiting = request.session.pop(SUSPENDED, None)
    wanted = get_next_redirect_url(request, "next") or reverse("console:home")
    fresh = waiting is not None and time.time() - waiting["at"] < RECENT_SECONDS
    if waiting is not None and not fresh:
        messages.error(request, _("That took too long, nothing was done. Please send it again."))
    if not fresh or waiting["back"] != wanted:
        return HttpResponseRedirect(wanted)
    request.path = request.path_info = waiting["path"]
    request.GET, request.POST = QueryDict(waiting["query"]), QueryDict(waiting["post"])
    request.resolver_match = match = resolve(waiting["path"])
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return response
