"""Texts that fit one message: Vietnamese without accents by rule, parts counted as the carriers
count them, lint.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ "
    "!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE: Final = "^{}\\[~]|€\f"
_SIMPLER: Final = str.maketrans(
    {
        "đ": "d",
        "Đ": "D",
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "•": "-",
        "…": "...",
        "\u00a0": " ",
        "\u2007": " ",
        "\u202f": " ",
        "\u200b": "",
        "\u200c": "",
        "\u200d": "",
        "\ufeff": "",
        "₫": "VND",
    }
)
_LINK: Final = re.compile(r"https?://\S+")
_SLOT: Final = re.compile(r"\{(\w+)\}")
SLOTS: Final = ("ma", "link")
"""What a template may hold: the dossier code and the link."""


@dataclass(frozen=True)
class Size:
    """How a text is sent: ``unicode`` costs two to three times as much."""

    parts: int
    units: int
    unicode: bool


def stripped(text: str) -> str:
    """Vietnamese without accents, typographic marks in their plain form.

    Examples
    --------
    >>> stripped("Đánh giá sự hài lòng – cảm ơn Ông/Bà…")
    'Danh gia su hai long - cam on Ong/Ba...'
    """
    # đ has no decomposition: normal forms alone leave it.
    simple = unicodedata.normalize("NFC", text).translate(_SIMPLER)
    decomposed = unicodedata.normalize("NFD", simple)
    return unicodedata.normalize(
        "NFC", "".join(c for c in decomposed if not unicodedata.combining(c))
    )


def text_size(text: str) -> Size:
    """Parts and units of a text: 160 septets or 153 a part in GSM-7, 70 or 67 units a part
    otherwise.

    A character of two septets is never split between parts, nor is a surrogate pair.
    """
    if all(c in _BASIC or c in _DOUBLE for c in text):
        widths = [2 if c in _DOUBLE else 1 for c in text]
        return _size(widths, 160, 153, unicode=False)
    return _size([2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67, unicode=True)


def _size(widths: list[int], single: int, part: int, *, unicode: bool) -> Size:
    units = sum(widths)
    if units <= single:
        return Size(1, units, unicode)
    parts, used = 1, 0
    for width in widths:
        if used + width > part:
            parts, used = parts + 1, 0
        used += width
    return Size(parts, units, unicode)


def outside_gsm7(text: str) -> list[str]:
    """Characters that make a text expensive, in order of appearance."""
    return list(dict.fromkeys(c for c in text if c not in _BASIC and c not in _DOUBLE))


def render(template: str, values: dict[str, str], *, accents: bool) -> str:
    """A template with its slots filled; without accents unless the province chose them."""
    text = _SLOT.sub(lambda match: values[match[1]], template)
    return text if accents else stripped(text)


def _about_link(template: str) -> list[str]:
    if not re.search(r"\S\{link\}|\{link\}\S", template):
        return []
    return [
        _(
            "{link} must stand between spaces: phones take what sticks to it for a part of the "
            "address."
        )
    ]


def lint(template: str, *, sender: str, longest: dict[str, str], accents: bool) -> list[str]:
    """What is wrong with a template, in the reader's language; nothing when it may be used."""
    faults = []
    unknown = [slot for slot in _SLOT.findall(template) if slot not in SLOTS]
    if unknown:
        return [
            _("{%(slot)s} is not known; a message may hold {ma} (dossier code) and {link}.")
            % {"slot": unknown[0]}
        ]
    if template.count("{link}") + len(_LINK.findall(template)) != 1 or "{link}" not in template:
        faults.append(_("the message must hold exactly one link, written {link}."))
    faults += _about_link(template)
    if stripped(sender).lower() not in stripped(template).lower():
        faults.append(_("the name of the sender (%(sender)s) is missing.") % {"sender": sender})
    bad = [c for c in "[]|~" if c in template]
    if bad:
        faults.append(_("the character %(character)s is not allowed.") % {"character": bad[0]})
    if re.search(r"\d{6,}", _SLOT.sub("", template)):
        faults.append(
            _("numbers of six and more digits are not allowed: no phone and no identity number.")
        )
    filled = render(template, longest, accents=accents)
    if not accents and (left := outside_gsm7(filled)):
        faults.append(
            _("the character %(character)s cannot be sent without accents.")
            % {"character": left[0]}
        )
    size = text_size(filled)
    if size.parts > 1 and not accents:
        values = {"parts": size.parts, "units": size.units}
        faults.append(
            _(
                "with the longest values it takes %(parts)s parts (%(units)s characters); shorten "
                "it."
            )
            % values
        )
    return faults
