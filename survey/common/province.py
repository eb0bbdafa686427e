"""Who asks: the province by name, with what it wants beside it, on everything citizens see."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

MAX_EMBLEM_BYTES: Final = 4096
"""The emblem travels with every page; a larger one would cost who pays for each kilobyte."""
_KINDS: Final = ("Tỉnh", "Thành phố")


def province_name() -> str:
    """The committee that asks, in the active language."""
    language = get_language() or settings.LANGUAGE_CODE
    name = settings.PROVINCE_NAMES.get(language, settings.PROVINCE_NAME)
    if name.startswith(_KINDS):
        # Inside a name of more words "tỉnh" and "thành phố" are written small.
        name = name[0].lower() + name[1:]
    return pgettext("who asks", "%(province)s") % {"province": name}


def motto() -> str:
    """The line under the name."""
    return settings.PROVINCE_MOTTO or _("We ask for your opinion")


@cache
def emblem_svg() -> str:
    """The emblem as it is, empty where the province has set none."""
    if not settings.PROVINCE_EMBLEM:
        return ""
    return Path(settings.PROVINCE_EMBLEM).read_text(encoding="utf-8")


@cache
def emblem_address() -> str:
    """The emblem as the address of a picture: as such no script in it runs."""
    text = base64.b64encode(emblem_svg().encode()).decode()
    return f"data:image/svg+xml;base64,{text}" if text else ""
