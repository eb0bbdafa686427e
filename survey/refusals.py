"""What is told where there is no page: to staff inside the console, to programs as a problem, to
everybody else on a citizen's page.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

from survey.api.problems import make_problem
from survey.citizen.views import citizen_error
from survey.common.outage import is_full, note_outage
from survey.console.errors import error_page

UNAVAILABLE: Final = 503
COME_AGAIN_SECONDS: Final = 5


def refuse(status: int) -> Callable[..., HttpResponseBase]:
    """The view of a status; a database that is gone is no fault of ours."""

    def view(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
        if status == 500 and _is_gone():
            return _come_again(request, "gone")
        return error_page(request, status) if _is_staff(request) else citizen_error(request, status)

    return view


def tell_busy(request: HttpRequest) -> HttpResponseBase:
    """There is more to do than can be done."""
    if request.path.startswith("/api/"):
        return make_problem(
            UNAVAILABLE,
            "There is more to do than can be done now; send it again.",
            retry=COME_AGAIN_SECONDS,
        )
    return _come_again(request, "busy")


def _come_again(request: HttpRequest, reason: str) -> HttpResponseBase:
    page: HttpResponseBase = (
        error_page(request, UNAVAILABLE, reason)
        if _is_staff(request)
        else citizen_error(request, UNAVAILABLE)
    )
    page.headers["Retry-After"] = str(COME_AGAIN_SECONDS)
    return page


def _is_staff(request: HttpRequest) -> bool:
    return request.path.startswith(("/staff/", "/admin/"))


def _is_gone() -> bool:
    """Whether a page failed because the database cannot be reached, or a disk is full."""
    error = sys.exception()
    return isinstance(error, Exception) and (is_full(error) or note_outage(error))
