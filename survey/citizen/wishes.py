"""What links of citizen pages carry on in place of a cookie: language and large letters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, override

from survey.common.languages import device_language, requested_language

LARGE: Final = "big"
"""Name of the field that asks for large letters."""
_large: ContextVar[bool] = ContextVar("large", default=False)


def wants_large() -> bool:
    """Whether the page that is being made has large letters."""
    return _large.get()


def link_query(*, language: str = "", large: bool | None = None) -> str:
    """What stands after the question mark of every link: ``lang=vi``, ``lang=km&big=1``."""
    query = f"lang={language or get_language() or settings.LANGUAGE_CODE}"
    return f"{query}&{LARGE}=1" if (wants_large() if large is None else large) else query


@contextmanager
def use_wishes(request: HttpRequest, *, of_device: bool) -> Iterator[None]:
    """The language and the letters a request asks for; a phone's own wish is heard where
    ``of_device``.
    """
    device = device_language(request) if of_device else settings.LANGUAGE_CODE
    token = _large.set(request.GET.get(LARGE) == "1")
    try:
        with override(requested_language(request, default=device)):
            yield
    finally:
        _large.reset(token)
