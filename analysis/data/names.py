"""Names as they are compared: one spelling for what a reader takes for one name."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile("[ \t\r\n\v\f\u0085\u00a0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_UNSEEN: Final = re.compile(
    "[\u00ad\u200b\u200e\u200f\u2060\ufeff]|^[\u200c\u200d]+|[\u200c\u200d]+$"
)
"""Marks nobody sees; joiners are letters' business inside a word, but not at its ends."""


def normal(text: str) -> str:
    r"""A text in Unicode normal form C, with single plain spaces, none at its ends, and without
    marks nobody sees.

    Examples
    --------
    >>> normal("Ha\u0300 No\u0323\u0302i\u00a0") == "Hà Nội"
    True
    """
    if text.isascii() and "  " not in text and text.isprintable():
        return text.strip()
    return _UNSEEN.sub("", _SPACES.sub(" ", unicodedata.normalize("NFC", text))).strip()
