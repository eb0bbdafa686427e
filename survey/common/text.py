"""Text from outside: one Unicode form, no characters a database or a reader cannot handle."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_KEPT = "\n\t"
_JOINERS = "\u200c\u200d"
_WORD_BREAK = "\u200b"
# Unicode: Default_Ignorable_Code_Point outside the format characters, and U+2800.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class TextError(ValueError):
    """The text holds NUL, lone surrogates or bytes that were not UTF-8."""


_TAGGED: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007f]*$")


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
    kept = "".join(c for place, c in enumerate(text) if _belongs(text, place)).strip()
    return kept if any(not _invisible(c) for c in kept) else ""


def check_words(text: str) -> str:
    """What a person typed, cleaned.

    Raises
    ------
    ValidationError
        It holds characters that cannot be stored.
    """
    try:
        return clean(text)
    except TextError as error:
        raise ValidationError(_("This text holds characters that cannot be stored.")) from error


def _belongs(text: str, place: int) -> bool:
    """Whether a character is part of what was written: joiners, Khmer word breaks and flags are,
    other marks not.
    """
    c = text[place]
    if c in _KEPT or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf"):
        return True
    if c == _WORD_BREAK:
        return (
            0 < place < len(text) - 1 and _is_khmer(text[place - 1]) and _is_khmer(text[place + 1])
        )
    # Regions write their flag as a black flag and up to six tags right behind it.
    return "\U000e0020" <= c <= "\U000e007f" and bool(
        _TAGGED.search(text[max(0, place - 7) : place])
    )


def _is_khmer(c: str) -> bool:
    return "\u1780" <= c <= "\u17ff" or "\u19e0" <= c <= "\u19ff"


def _invisible(c: str) -> bool:
    """Characters that leave nothing to read: spaces, joiners, variation selectors, fillers, the
    empty Braille cell.
    """
    return c.isspace() or unicodedata.category(c) in ("Cf", "Cc") or bool(_IGNORABLE.match(c))


def is_storable(text: str) -> bool:
    """Whether a database can hold the text: no NUL, no lone half of a pair."""
    return not any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in text)


def storable(text: str) -> str:
    """A text without what no database can hold."""
    return "".join(c for c in text if is_storable(c))


_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = "\u0300\u0309\u0303\u0301\u0323"


@lru_cache(maxsize=32_768)
def name_order(text: str) -> tuple[object, ...]:
    """Key that sorts names as a Vietnamese list does: letters first, then tones; numbers by their
    value.
    """
    letters: list[tuple[int, int, str]] = []
    tones: list[int] = []
    for part in re.findall(r"[0-9]+|[^0-9]", unicodedata.normalize("NFC", text.lower())):
        if part.isdigit():
            letters.append((0, int(part), ""))
            tones.append(0)
            continue
        pieces = unicodedata.normalize("NFD", part)
        tone = next((c for c in pieces if c in _TONES), "")
        bare = unicodedata.normalize("NFC", pieces.replace(tone, "") if tone else pieces)
        letters.append(
            (1, _LETTERS.find(bare), "")
            if bare in _LETTERS
            else (0 if bare.isspace() else 2, 0, bare)
        )
        tones.append(_TONES.find(tone) + 1 if tone else 0)
    return (tuple(letters), tuple(tones), text)


def legible(text: str) -> str:
    """A text without the characters ``clean`` refuses: where nobody can be asked again, the rest is
    kept.
    """
    return clean(
        "".join(c for c in text if c not in "\x00\ufffd" and not "\ud800" <= c <= "\udfff")
    )


@lru_cache(maxsize=32_768)
def fold_accents(text: str) -> str:
    """For searching: lower case without accents, as people type on a phone; "Đồng Tháp" is "dong
    thap".
    """
    bare = "".join(
        c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c)
    )
    return " ".join(bare.replace("đ", "d").split())


def plain_content_type(header: str) -> str:
    """A content type without what Django must not trust: everything but the media type and the
    boundary.

    ``charset=hex`` and ``charset*=...`` make Django 5.2 fail while it builds the request; all pages
    are UTF-8.
    """
    media, _semicolon, rest = header.partition(";")
    boundary = re.search(r'(?:^|;)\s*boundary=("[^"]{1,70}"|[^;"\s]{1,70})', rest, re.IGNORECASE)
    return f"{media.strip()}; boundary={boundary[1]}" if boundary else media.strip()


def plain_cell(text: str) -> str:
    r"""A text for a cell of a CSV file that no spreadsheet takes for a formula.

    Examples
    --------
    >>> [plain_cell(text) for text in ("Sở A", "=1", "\x00=1")]
    ['Sở A', "'=1", "'=1"]
    """
    # A NUL is dropped by who reads the file, and what follows is taken for the beginning.
    text = text.replace("\x00", "")
    first = unicodedata.normalize("NFKC", text.lstrip())[:1]
    risky = first in ("=", "+", "-", "@") or text[:1] in ("\t", "\r")
    return f"'{text}" if risky else text
