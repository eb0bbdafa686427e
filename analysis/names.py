"""Names as they are compared: one spelling for what a reader takes for one name."""

from __future__ import annotations

import unicodedata
from typing import Final

_EDGES: Final = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\u200e\u200f\ufeff"


def normal(text: str) -> str:
    r"""A text in Unicode normal form C, without spaces of any kind or marks of direction at its ends.

    Examples
    --------
    >>> normal("Ha\u0300 No\u0323\u0302i\u00a0") == "Hà Nội"
    True
    """
    return unicodedata.normalize("NFC", text).strip(_EDGES)
