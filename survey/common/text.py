"""Text from outside: one Unicode form, no characters a database or a reader cannot handle."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"


class TextError(ValueError):
    """The text holds NUL, lone surrogates or bytes that were not UTF-8."""


def clean(text: str) -> str:
    """NFC, plain line feeds, no control characters, outer white space gone.

    Raises
    ------
    TextError
        On NUL, surrogates and U+FFFD (what undecodable bytes become).
    """
    if any(c in "\x00\ufffd" or "\ud800" <= c <= "\udfff" for c in text):
        raise TextError("characters that cannot be stored")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        c for c in text if c in _KEPT or unicodedata.category(c) not in ("Cc", "Cf") or c in "\u200c\u200d"
    ).strip()
