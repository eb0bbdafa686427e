"""Which language a page is shown in: what the address or the form says, then what a phone that is
set to another language of ours wishes first, otherwise Vietnamese.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

SWITCH = "switch"
"""Name of the buttons that show a form in another language and keep what was answered."""


def is_supported_language(code: str) -> bool:
    """Whether pages exist in this language."""
    return code in dict(settings.LANGUAGES)


def requested_language(request: HttpRequest, *, default: str = settings.LANGUAGE_CODE) -> str:
    """Language asked for by a switch button, ``?lang=`` or the form; unknown codes fall back to
    ``default``.
    """
    asked = [request.GET.get("lang")]
    if request.method == "POST":
        asked = [request.POST.get(SWITCH), *asked, request.POST.get("lang")]
    return next((code for code in asked if code and is_supported_language(code)), default)


def device_language(request: HttpRequest) -> str:
    """The first wish of the citizen's device where we speak it, otherwise Vietnamese."""
    wishes = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    first = wishes[0][0].partition("-")[0] if wishes else ""
    return first if is_supported_language(first) else settings.LANGUAGE_CODE


def staff_language(code: str) -> str:
    """The language itself, or the default where staff pages do not exist in it."""
    return code if code in settings.STAFF_LANGUAGES else settings.LANGUAGE_CODE
