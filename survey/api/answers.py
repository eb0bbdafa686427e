"""Answers to programs: JSON with an ETag, lists in parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse

from survey.api.paging import write_cursor
from survey.common.conditional import answer_if_changed

JSON: Final = "application/json"


def write_json(body: Any) -> HttpResponse:
    """The answer to something done."""
    text = json.dumps(body, cls=DjangoJSONEncoder, ensure_ascii=False)
    return HttpResponse(text, content_type=JSON)


def answer_with_etag(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer to something read; 304 where the caller has it, also as a proxy packed it."""
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return answer_if_changed(request, response, etag)


def take_part(rows: Sequence[Any], start: int, limit: int) -> tuple[Sequence[Any], str | None]:
    """(rows of a part, cursor of the following one)."""
    part = rows[start : start + limit]
    more = start + limit < len(rows)
    return part, write_cursor(start + limit) if more else None
