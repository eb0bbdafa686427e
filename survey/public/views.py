"""The results as the product serves them: the same bytes as the static site, kept by caches."""

from __future__ import annotations

import hashlib
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from survey.common.conditional import answer_if_changed
from survey.public.feed import FEED, write_feed
from survey.public.pages import find_page
from survey.public.rendering import STYLE, render_page, split_language, style_sheet
from survey.public.site import content_type

CACHED: Final = "public, max-age=300"


@require_safe
def results(request: HttpRequest, path: str = "") -> HttpResponse:
    """A page, a file, the feed or the style sheet."""
    if path == STYLE:
        return _answer(request, style_sheet(), STYLE)
    if path == FEED:
        return _answer(request, write_feed(), FEED)
    language, address = split_language(path)
    with override(language):
        found = find_page(address)
        if found is None or (isinstance(found, bytes) and address != path):
            raise Http404
        if isinstance(found, bytes):
            return _answer(request, found, address)
        return _answer(request, render_page(found, address, language), "index.html")


def _answer(request: HttpRequest, content: bytes, name: str) -> HttpResponse:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type=content_type(name))
    response.headers["Cache-Control"] = CACHED
    return answer_if_changed(request, response, etag)
