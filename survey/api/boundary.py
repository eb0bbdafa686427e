"""What every request of a program goes through: its account's rows only, refusals as problems."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt

from survey.agencies.scope import lift_scope
from survey.api.problems import make_problem
from survey.common.outage import OUTAGES, note_outage

GONE: Final = "The database cannot be reached at the moment."
SEND_AGAIN: Final = "Send it again; with the same Idempotency-Key it is done once."
TOO_LARGE: Final = (
    "The body is too large; send it in several requests, all rows of an agency's month in one: "
    "what was there of that month is replaced."
)


def guard_patterns(patterns: list[Any]) -> list[URLPattern]:
    """The same addresses, each guarded."""
    for pattern in patterns:
        pattern.callback = _guard(pattern.callback)
    return patterns


def _guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @csrf_exempt
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            return unknown(request)
        except RequestDataTooBig:
            return make_problem(413, TOO_LARGE)
        except OUTAGES as error:
            if not note_outage(error):
                raise
            told = GONE if request.method == "GET" else f"{GONE} {SEND_AGAIN}"
            return make_problem(503, told, retry=5)
        finally:
            # Who has a key was named a scope; no answer is streamed.
            if hasattr(request, "auth"):
                lift_scope()
        return _not_allowed(response) if response.status_code == 405 else response

    return inner


def _not_allowed(response: HttpResponse) -> HttpResponse:
    problem = make_problem(405, f"This address takes {response['Allow']}.")
    problem.headers["Allow"] = response["Allow"]
    return problem


@csrf_exempt
def unknown(request: HttpRequest, path: str = "") -> HttpResponse:
    """An address the API does not have."""
    return make_problem(404, "The API has no such address; see openapi.json.")
