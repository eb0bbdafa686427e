"""Text from outside: one Unicode form, no characters a database or a reader cannot handle."""

from __future__ import annotations

import re
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


def folded(text: str) -> str:
    """For searching: lower case without accents, as people type on a phone; "Đồng Tháp" is "dong thap"."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return " ".join(bare.replace("đ", "d").split())


def plain_content_type(header: str) -> str:
    """A content type without what Django must not trust: everything but the media type and the boundary.

    ``charset=hex`` and ``charset*=...`` make Django 5.2 fail while it builds the request; all pages are UTF-8.
    """
    media, _semicolon, rest = header.partition(";")
    boundary = re.search(r'(?:^|;)\s*boundary=("[^"]{1,70}"|[^;"\s]{1,70})', rest, re.IGNORECASE)
    return f"{media.strip()}; boundary={boundary[1]}" if boundary else media.strip()
