"""Which software made a figure: the version of the project file."""

from __future__ import annotations

import tomllib
from functools import cache

from django.conf import settings


@cache
def software_version() -> str:
    """The version in ``pyproject.toml``."""
    text = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])
