"""Cursors: where the next part of a list begins, in a form nobody builds on."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from survey.api.problems import ApiRefusal

MAX_LIMIT: Final = 500
_MARK: Final = "from:"


def write_cursor(start: int) -> str:
    """The cursor of the part that begins there.

    >>> read_cursor(write_cursor(100))
    100
    """
    return base64.urlsafe_b64encode(f"{_MARK}{start}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> int:
    """Where a part begins; the first without a cursor.

    Raises
    ------
    ApiRefusal
        It is none of ours.
    """
    if not text:
        return 0
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (ValueError, binascii.Error):
        plain = ""
    number = plain.removeprefix(_MARK)
    if not plain.startswith(_MARK) or not (number.isdigit() and len(number) < 10):
        raise ApiRefusal(422, "cursor is none that was told here")
    return int(number)
