"""Pages as bytes, in every language: the same for the server and for the static site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import rcssmin
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.translation import override

from survey.common.province import province_name
from survey.public.open_data import RESULTS
from survey.public.paging import PublicPage

STYLE: Final = "style.css"
_SPACES: Final = re.compile(r"\s*\n\s*")


def language_path(language: str) -> str:
    """What stands before the addresses of a language; nothing before Vietnamese ones."""
    return "" if language == settings.LANGUAGE_CODE else f"{language}/"


def split_language(path: str) -> tuple[str, str]:
    """(language, address without it) of an address under the results."""
    first, _slash, rest = path.partition("/")
    codes = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    return (first, rest) if first in codes and _slash else (settings.LANGUAGE_CODE, path)


def render_page(page: PublicPage, path: str, language: str) -> bytes:
    """A page in a language; ``path`` is its address without the language."""
    with override(language):
        text = render_to_string(f"survey/public/{page.template}", _frame(page, path, language))
    return _SPACES.sub("\n", text).strip().encode() + b"\n"


def _frame(page: PublicPage, path: str, language: str) -> Mapping[str, Any]:
    return {
        **page.context,
        "language": language,
        "root": f"{RESULTS}{language_path(language)}",
        "style": f"{RESULTS}{STYLE}",
        "results": RESULTS,
        "province": province_name(),
        "demo": settings.DEMO,
        "here": path,
        "languages": [
            (code, name, f"{RESULTS}{language_path(code)}{path}")
            for code, name in settings.LANGUAGES
        ],
    }


@cache
def style_sheet() -> bytes:
    """The one style sheet: tokens of the visual language and the rules of these pages."""
    texts = []
    for name in ("tokens.css", "public.css"):
        path = finders.find(f"survey/{name}")
        if not isinstance(path, str):
            raise FileNotFoundError(name)
        texts.append(Path(path).read_text(encoding="utf-8"))
    return str(rcssmin.cssmin("".join(texts))).encode()
