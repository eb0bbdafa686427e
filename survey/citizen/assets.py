"""What citizen pages are made of beside words: style sheet and script, minified and inline."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

import rcssmin
import rjsmin
from django.contrib.staticfiles import finders


def file_text(name: str) -> str:
    """Text of a static file of ours."""
    path = finders.find(f"survey/{name}")
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    return Path(path).read_text(encoding="utf-8")


def file_names(folder: str, suffix: str) -> list[str]:
    """Names of our static files in a folder."""
    path = finders.find(f"survey/{folder}")
    return (
        sorted(found.name for found in Path(path).glob(f"*{suffix}"))
        if isinstance(path, str)
        else []
    )


@cache
def style() -> str:
    """Tokens and citizen rules, minified."""
    return str(rcssmin.cssmin(file_text("tokens.css") + file_text("citizen.css")))


@cache
def script() -> str:
    """What makes the page kinder where JavaScript runs, minified."""
    return str(rjsmin.jsmin(file_text("citizen.js")))


@cache
def kiosk_style() -> str:
    """Rules of the tablet at the counter, minified."""
    return str(rcssmin.cssmin(file_text("kiosk.css")))


@cache
def kiosk_program() -> str:
    """The script of the kiosk: what it keeps, how it sends, what it shows."""
    parts = (file_text(f"kiosk/{name}.js") for name in ("storage", "sync", "screen"))
    return str(rjsmin.jsmin("".join(parts)))


def csp_source(text: str) -> str:
    """CSP source that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
