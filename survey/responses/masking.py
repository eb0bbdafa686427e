"""Personal data in what citizens write, masked before anybody reads it.

Phones in every spelling, ids of nine and twelve digits, e-mails, number plates, dossier codes, and
names after how people are called in Vietnamese (ông, bà, anh, chị, cô, chú ...). What is meant is
told in square brackets, so that a reader still understands the sentence. Rules and word lists
(``masking.toml``), no model: a reader can be shown why a word is gone. No rule goes back over what
it has read.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

_LISTS: Final = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        (Path(__file__).parent / "masking.toml").read_text(encoding="utf-8")
    ).items()
}
_DIGIT_WORDS: Final = "|".join(sorted(_LISTS["digits"]))


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word).lower().strip(".,;:!?()\"'“”")


_SEP: Final = r"[\s.\-_()]{0,3}"
_NO_DATE: Final = r"(?!\d{1,2}[./\-]\d{1,2}[./\-]\d{4})"
_NO_MONEY: Final = r"(?![\w])(?!\s?(?:đồng|đ\b|vnd|vnđ))"
_D: Final = r"[0-9OoIl]"
_EMAIL: Final = re.compile(
    r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|\sat\s|\s?a còng\s?)\s?"
    r"[\w-]{1,63}(?:\s?\.\s?[a-z]{2,10}){1,3}",
    re.IGNORECASE,
)
_DOSSIER: Final = re.compile(
    r"\b(?:[A-Z]\d{2}(?:\.\d{1,3}){0,4}|\d{3}(?:\.\d{2}){1,3}\.[A-Z]\d{2})-\d{6}-\d{3,6}\b",
    re.IGNORECASE,
)
_PLATE: Final = re.compile(
    r"\b\d{2}\s?-?\s?[A-ZĐ]{1,2}\d?\s?[-.\s]\s?\d{3}[.\s]?\d{1,2}\b", re.IGNORECASE
)
_PHONE: Final = re.compile(
    rf"(?<![\w]){_NO_DATE}(?:\+\s?84|0084|84|[0Oo])(?:{_SEP}{_D}){{9,10}}(?![\w])"
)
_LONG_ID: Final = re.compile(
    rf"(?<![\w.])(?:\d{{12}}|\d{{3}}(?:[\s.\-]\d{{3}}){{3}}){_NO_MONEY}", re.IGNORECASE
)
_SHORT_ID: Final = re.compile(
    rf"(?<![\w.])(?:\d{{9}}|\d{{3}}(?:[\s.\-]\d{{3}}){{2}}){_NO_MONEY}", re.IGNORECASE
)
_WORD_NUMBER: Final = re.compile(
    rf"(?<!\w)(?:(?:{_DIGIT_WORDS})[\s,.-]{{1,2}}){{8,11}}(?:{_DIGIT_WORDS})(?!\w)",
    re.IGNORECASE,
)
_CALLED: Final = re.compile(
    r"(?<![\w/])(ông|bà|anh|chị|chi|cô|co|chú|chu|bác|bac|dì|cậu|thím|thầy|em|cháu|ngài|ong|ba|"
    r"đồng chí|đ/c|cán bộ|nhân viên|công chức|chủ tịch|giám đốc|trưởng phòng|tên|tên là)"
    r"\s+((?:[^\W\d_]+(?:\s+|$|(?=[.,;:!?)]))){1,4})",
    re.IGNORECASE,
)


def mask_personal(text: str) -> str:
    """The text with what tells a person apart replaced by what it was, in brackets.

    Takes any text, also decomposed letters and full-width digits; a text without personal data
    comes back as it was, in one Unicode form.
    """
    shown = unicodedata.normalize("NFC", _narrow(text))
    for pattern, word in (
        (_EMAIL, _("e-mail")),
        (_DOSSIER, _("dossier code")),
        (_LONG_ID, _("identity number")),
        (_PHONE, _("phone number")),
        (_SHORT_ID, _("identity number")),
        (_PLATE, _("number plate")),
        (_WORD_NUMBER, _("phone number")),
    ):
        shown = pattern.sub(f"[{word}]", shown)
    return _CALLED.sub(_mask_name(_("name")), shown)


def _narrow(text: str) -> str:
    """Full-width letters and digits, and digits of other scripts, as plain ones."""
    return "".join(
        str(unicodedata.digit(c))
        if c.isdigit() and not c.isascii() and c.isdecimal()
        else unicodedata.normalize("NFKC", c)
        if "\uff01" <= c <= "\uff5e"
        else c
        for c in text
    )


def _mask_name(word: str) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        title, rest = found[1], found[2]
        parts = re.findall(r"\S+|\s+", rest)
        words = [part for part in parts if not part.isspace()]
        length = _name_length(words)
        if not length:
            return found[0]
        kept = "".join(parts[2 * length - 1 :])
        return f"{title} [{word}]{kept}"

    return replace


def _name_length(words: list[str]) -> int:
    """How many of the words after a title are a name."""
    first = _plain(words[0])
    capital = words[0][:1].isupper()
    if first in _LISTS["no_persons"] or (not capital and first in _LISTS["no_names"]):
        return 0
    if first in _LISTS["no_names"] and not (
        capital and first in (_LISTS["surnames"] | _LISTS["given"])
    ):
        return 0
    known = first in _LISTS["surnames"] | _LISTS["given"]
    if not capital and not known:
        return 0
    length = 1
    while length < len(words) and _goes_on(words, length, capital=capital):
        length += 1
    return length


def _goes_on(words: list[str], place: int, *, capital: bool) -> bool:
    """Whether a name goes on with this word: capitals as it began, or a name after a surname."""
    word = words[place]
    if capital:
        return word[:1].isupper()
    plain = _plain(word)
    return (plain in _LISTS["given"] and plain not in _LISTS["no_names"]) or plain in (
        "thị",
        "thi",
        "văn",
        "van",
    )
