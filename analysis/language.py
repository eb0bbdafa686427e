"""What the command line says, in the language of the environment: Vietnamese where it asks for it,
else English.

English stands in the program, Vietnamese in ``vi.toml`` beside this file (a test holds that nothing
lacks): sentences with values in braces need neither a compiled catalogue nor a program that makes
one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

_VARIABLES: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""As gettext asks for them: the first that is set decides."""


def choose_language(environment: Mapping[str, str] = os.environ) -> str:
    """``vi`` or ``en``.

    Examples
    --------
    >>> choose_language({"LANG": "vi_VN.UTF-8"}), choose_language({"LC_ALL": "C", "LANG": "vi"})
    ('vi', 'en')
    """
    asked = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "vi" if asked.partition(":")[0].partition("_")[0].lower() == "vi" else "en"


@cache
def read_catalogue() -> Mapping[str, str]:
    """English -> Vietnamese."""
    text = Path(__file__).with_name("vi.toml").read_text(encoding="utf-8")
    return {entry["en"]: entry["vi"] for entry in tomllib.loads(text)["sentence"]}


def translate(text: str) -> str:
    """A sentence, or one with values in braces, in the language of the environment."""
    return read_catalogue().get(text, text) if choose_language() == "vi" else text


def say(text: str, /, **values: object) -> str:
    """As ``translate``, with the values filled in."""
    return translate(text).format(**values) if values else translate(text)
