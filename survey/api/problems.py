"""Refusals as RFC 9457 says (``application/problem+json``), with the fields at fault."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

TITLES = {
    400: "Bad request",
    401: "Unauthorised",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Unprocessable",
    429: "Too many requests",
    503: "Busy",
}


class ApiRefusal(Exception):
    """A request that is not done, and why."""

    def __init__(
        self, status: int, detail: str, errors: Iterable[dict[str, Any]] = (), retry: int = 0
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.retry = status, detail, list(errors), retry


def make_problem(
    status: int, detail: str, errors: Iterable[dict[str, Any]] = (), retry: int = 0
) -> HttpResponse:
    """The answer; ``errors`` are ``{"field": ..., "message": ...}``."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    if found := list(errors):
        body["errors"] = found
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False),
        status=status,
        content_type="application/problem+json",
    )
    if retry:
        response.headers["Retry-After"] = str(retry)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
