"""What citizen pages are made of beside words: style sheet and script, minified and inline."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import rcssmin
import rjsmin
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static


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
    return str(rjsmin.jsmin(file_text("citizen.js") + file_text("listen.js")))


@cache
def kiosk_style() -> str:
    """Rules of the tablet at the counter, minified."""
    return str(rcssmin.cssmin(file_text("kiosk.css")))


@cache
def kiosk_program() -> str:
    """The script of the kiosk: what it keeps, how it sends, what it shows."""
    parts = (file_text(f"kiosk/{name}.js") for name in ("storage", "sync", "screen"))
    return str(rjsmin.jsmin("".join(parts) + file_text("listen.js")))


@dataclass(frozen=True)
class Recording:
    """Question and answers read aloud; ``by_machine`` until a province has put in its own."""

    address: str
    by_machine: bool


SPOKEN: Final = {
    "vi": "Ông/Bà có hài lòng với lần phục vụ này không?",
    "en": "Are you satisfied with how you were served?",
}
"""The question our own recordings read out; another wording needs another recording."""


def recording_of_question(question: str, language: str) -> Recording | None:
    """The recording that reads this question; ours read no other than the shipped one."""
    found = recording(language)
    if found is not None and found.by_machine and question != SPOKEN.get(language):
        return None
    return found


@cache
def recording(language: str) -> Recording | None:
    """The recording in a language; None where there is none."""
    name = f"survey/sound/{language}.mp3"
    path = finders.find(name)
    if not isinstance(path, str):
        return None
    return Recording(static(name), Path(path).is_relative_to(settings.BASE_DIR / "survey"))


def csp_source(text: str) -> str:
    """CSP source that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
