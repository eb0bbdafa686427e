"""Answers a caller has already: 304, and nothing else a condition could ask for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response


def answer_if_changed(request: HttpRequest, response: HttpResponse, etag: str) -> HttpResponse:
    """The response with its tag; 304 where ``If-None-Match`` names it, packed by a proxy or not.

    What is only read is never refused for a condition (412): a caller that sends one for a change
    is given what there is.
    """
    response.headers["ETag"] = etag
    found = get_conditional_response(request, etag, response=response)
    return found if found is not None and found.status_code == 304 else response
