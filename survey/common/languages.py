"""Which language a page is shown in: what the address or the form says, otherwise Vietnamese."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

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


def staff_language(code: str) -> str:
    """The language itself, or the default where staff pages do not exist in it."""
    return code if code in settings.STAFF_LANGUAGES else settings.LANGUAGE_CODE
