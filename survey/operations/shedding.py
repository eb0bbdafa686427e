"""A server with more requests than it can answer tells those who come last at once, instead of
everybody late: reports before pages of staff, these before pages of citizens, answers never.

How long a request has waited the proxy's ``X-Request-Start`` tells (when it was ready to be passed
on); a server without a proxy sheds nothing. The limits are chosen so that a person who waits in
front of a page still waits, and what was sent is stored.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.urls import get_resolver

from survey.operations.metrics import shed_requests

LONGEST_WAIT: Final[Mapping[str, float]] = {"report": 1.0, "staff": 3.0, "page": 8.0}
"""Seconds in front of the server, by what is asked; what is not named always has its turn."""
BELIEVED_SECONDS: Final = 120.0
"""What says it waited longer, or comes from the future, comes from another clock."""
FILES_BY_PAGE: Final = ("/staff/exports", "/tables/")
"""Addresses without a suffix that make a file while somebody waits."""
CHEAP: Final = ("/static/", "/kiosk/")
"""Programs and styles of pages: a page without them is worse than none."""
LARGE: Final = (".csv", ".xlsx", ".pdf", ".zip", ".parquet", ".sav")
"""Open data of the public results."""
MILLISECONDS: Final = 1e11
_STAMP: Final = re.compile(r"t=(\d{10,13}(?:\.\d{1,6})?)")
View = Callable[[HttpRequest], HttpResponseBase]


class SheddingMiddleware:
    """Looks at nothing while nobody waits."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Tell it to come again, or pass on."""
        waited = seconds_waited(request.headers.get("X-Request-Start", ""), time.time())
        if waited > min(LONGEST_WAIT.values()):
            kind = find_kind(request.method or "", request.path)
            if waited > LONGEST_WAIT.get(kind, BELIEVED_SECONDS):
                shed_requests.labels(kind).inc()
                told: HttpResponseBase = get_resolver().resolve_error_handler(503)(request)
                # The counter tells; thousands of lines would hide what else goes wrong.
                told._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
                return told
        return self.get_response(request)


def seconds_waited(stamp: str, now: float) -> float:
    """Since the proxy took the request; 0 where it does not say, or another clock does.

    >>> seconds_waited("t=1700000000.250", 1700000001.0), seconds_waited("t=1700000000250", 0.0)
    (0.75, 0.0)
    """
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return 0.0
    came = float(found[1])
    waited = now - (came / 1000 if came > MILLISECONDS else came)
    return waited if 0 < waited < BELIEVED_SECONDS else 0.0


def find_kind(method: str, path: str) -> str:
    """``report``, ``staff``, ``page``, or ``answer`` for whatever cannot come again.

    >>> find_kind("GET", "/staff/reports/7.pdf"), find_kind("POST", "/s/ABCD1234")
    ('report', 'answer')
    """
    staff = path.startswith(("/staff/", "/admin/", "/api/"))
    if path.startswith(CHEAP) or (method not in ("GET", "HEAD") and not staff):
        return "answer"
    is_file = "." in path.rsplit("/", 1)[-1] and path.startswith(("/staff/", "/api/"))
    if is_file or path.startswith(FILES_BY_PAGE) or path.endswith(LARGE):
        return "report"
    return "staff" if staff else "page"
