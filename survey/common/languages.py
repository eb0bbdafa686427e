"""Which language a page is shown in: what the address or the form says, otherwise Vietnamese."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def known(code: str) -> bool:
    """Whether pages exist in this language."""
    return code in dict(settings.LANGUAGES)


def chosen(request: HttpRequest, *, default: str = settings.LANGUAGE_CODE) -> str:
    """Language asked for by ``?lang=`` or the form field ``lang``; unknown codes fall back to ``default``."""
    code = request.GET.get("lang") or (request.POST.get("lang") if request.method == "POST" else None) or default
    return code if known(code) else default
