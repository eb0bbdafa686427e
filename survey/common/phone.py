"""Vietnamese mobile numbers: what was meant, in E.164, or why it cannot be a mobile number."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import phonenumbers
from django.utils.translation import gettext_lazy as _

# Eleven-digit numbers became ten-digit ones in 2018; files still hold the old ones.
OLD_PREFIXES: Final = {
    "0120": "070",
    "0121": "079",
    "0122": "077",
    "0126": "076",
    "0128": "078",
    "0123": "083",
    "0124": "084",
    "0125": "085",
    "0127": "081",
    "0129": "082",
    "0162": "032",
    "0163": "033",
    "0164": "034",
    "0165": "035",
    "0166": "036",
    "0167": "037",
    "0168": "038",
    "0169": "039",
    "0186": "056",
    "0188": "058",
    "0199": "059",
}
REASONS: Final = {
    "empty": _("the phone number is missing"),
    "several": _("holds more than one number or other text; give one number"),
    "foreign": _("is not a Vietnamese number"),
    "not-mobile": _("is a landline or service number; a message cannot reach it"),
    "invalid": _("is not a valid phone number"),
}
_SEPARATORS: Final = re.compile(r"[;,/|&]|[^\W\d_]")


class PhoneError(ValueError):
    """Not a mobile number of Vietnam; ``reason`` is a key of ``REASONS``. The number itself is
    never in the message.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(str(REASONS[reason]))
        self.reason = reason


def parse_mobile(text: str) -> str:
    """A mobile number in E.164: ``+84912345678``.

    Takes spaces, dots, hyphens, brackets, ``84``, ``0084``, full-width and other digits, and
    numbers from before 2018.

    Raises
    ------
    PhoneError
        The field is empty, holds two numbers or text, or the number is foreign, a landline or
        impossible.
    """
    plain = "".join(_digit(character) for character in unicodedata.normalize("NFKC", text)).strip()
    if not plain:
        raise PhoneError("empty")
    if _SEPARATORS.search(plain):
        raise PhoneError("several")
    try:
        number = phonenumbers.parse(_renumbered(plain), "VN")
    except phonenumbers.NumberParseException as error:
        raise PhoneError("invalid") from error
    if number.country_code != 84:
        raise PhoneError("foreign")
    if not phonenumbers.is_valid_number(number):
        raise PhoneError("invalid")
    if phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
        raise PhoneError("not-mobile")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _renumbered(text: str) -> str:
    """A number of before 2018 in its present form; anything else unchanged."""
    digits = re.sub(r"\D", "", text)
    for start in ("0084", "84", "0"):
        if digits.startswith(start):
            national = "0" + digits[len(start) :].removeprefix("0")
            if len(national) == 11 and national[:4] in OLD_PREFIXES:
                return OLD_PREFIXES[national[:4]] + national[4:]
            break
    return "+" + digits[2:] if digits.startswith("0084") else text


def masked(number: str) -> str:
    """How a number may be shown: ``+84•••678``."""
    return f"{number[:3]}•••{number[-3:]}"
