"""What every request and response passes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Final

from csp.constants import HEADER, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict

from survey.common.logs import request_id
from survey.common.outage import drop_dead_connection
from survey.common.text import is_storable, storable

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
"""Of one request; the largest files are evidence of a scorecard."""
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
ASKED_AGAIN: Final = ("/s/", "/S/", "/r/", "/R/")
"""Citizens' pages that ask again by themselves when they are looked at (``citizen_page``)."""
_ADMIN_POLICY = {
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}


class StorableTextMiddleware:
    """Keeps text no database can hold out of every view: the one place for what comes in addresses.

    There is no page at a path with NUL or half a character in it, also when that is written as
    ``%00``; from queries such characters are taken out. Bodies are checked where they are read;
    what slips through ends as a 400, never as a 500.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse the path, clean the query, or pass on."""
        if not is_storable(request.path):
            raise Http404
        if not all(
            is_storable(text) for name, values in request.GET.lists() for text in (name, *values)
        ):
            cleaned = QueryDict(mutable=True)
            for name, values in request.GET.lists():
                cleaned.setlist(storable(name), [storable(value) for value in values])
            request.GET = cleaned  # type: ignore[assignment]
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """The database would not have a value: what was sent is at fault, and nothing of it was
        stored.
        """
        odd = isinstance(exception, ValueError | OverflowError) and request.path.startswith(
            "/admin/"
        )
        if isinstance(exception, DataError) or odd:
            raise SuspiciousOperation("a value the database does not take") from exception


class RequestIdMiddleware:
    """Every request has a name in the log and in its answer: the proxy's, or a new one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Name it, answer it, and forget the name."""
        given = request.headers.get("X-Request-ID", "")
        name = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        mark = request_id.set(name)
        try:
            answer = self.get_response(request)
        finally:
            request_id.reset(mark)
        answer.headers["X-Request-ID"] = name
        return answer


class BodyLimitMiddleware:
    """Refuses by the announced length what no page takes, before any of it is read or written to
    disk.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse, or pass on."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            raise RequestDataTooBig
        return self.get_response(request)


class LiveConnectionMiddleware:
    """Nobody works on a connection from before the database was started anew. The pages most
    citizens open ask again instead, which costs nothing while all is well; what is sent is not done
    twice, for not everything has a ticket.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the connection this request will use."""
        looked_at = request.method in ("GET", "HEAD") and request.path.startswith(ASKED_AGAIN)
        if not looked_at:
            drop_dead_connection()
        return self.get_response(request)


class PolicyMiddleware(CSPMiddleware):
    """django-csp builds the policy anew for each answer; a page that has written its own once keeps
    it.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Write the policy where there is none."""
        return response if HEADER in response else super().process_response(request, response)


class AdminPolicyMiddleware:
    """The admin's own scripts are inline (Unfold, Alpine): its pages get a wider policy, all others
    the strict one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Mark admin pages for the policy middleware outside of this one."""
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_update = _ADMIN_POLICY  # type: ignore[attr-defined]  # django-csp's own mark
        return response
