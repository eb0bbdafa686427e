"""What the log must not hold: codes, and the rows and password hashes that a database's error
tells.
"""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError

from survey.common.logs import MaskCodes


def written(record: logging.LogRecord) -> str:
    MaskCodes().filter(record)
    return logging.Formatter().format(record)


def failing(message: str) -> logging.LogRecord:
    try:
        raise IntegrityError(message)
    except IntegrityError as error:
        info = (type(error), error, error.__traceback__)
        return logging.LogRecord(
            "django.request", logging.ERROR, "x.py", 1, "Internal Server Error: %s", ("/",), info
        )


@pytest.mark.parametrize("hasher", ["pbkdf2_sha256", "md5"])
def test_an_error_of_the_database_tells_no_row_and_no_password(hasher: str) -> None:
    stored = make_password(
        "một mật khẩu đủ dài", hasher="default" if hasher == "pbkdf2_sha256" else hasher
    )
    text = written(
        failing(f"violates check\nDETAIL:  Failing row contains (7, {stored}, an@example.vn, (x)).")
    )
    assert "IntegrityError" in text
    assert "Failing row contains (•••)" in text
    for part in (stored, stored[-20:], "an@example.vn"):
        assert part not in text


def test_a_password_hash_is_masked_wherever_it_stands() -> None:
    text = written(failing("could not store 'pbkdf2_sha256$1000000$salt$aGFzaA==' for user 3"))
    assert "aGFzaA" not in text
    assert "for user 3" in text


def test_codes_in_addresses_are_masked() -> None:
    record = logging.LogRecord(
        "x", logging.INFO, "x.py", 1, "GET %s", ("/s/W4GSGY5V?receipt=ABC",), None
    )
    assert written(record) == "GET /s/•••?receipt=•••"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/ABCDEFGH1234", "/•••"),
        ("/1234567890123456?lang=vi", "/•••?lang=vi"),
        ("/w4gs-gy5v/", "/•••/"),
        ("/r/ABCDE12345/more?lang=vi&t=c2VjcmV0", "/r/•••/more?lang=vi&t=•••"),
        ("/r/ABCDE12345?pressed=xyz", "/r/•••?pressed=•••"),
        ("/groups/8MC8X4KJDDV11HCJ?lang=vi", "/groups/•••?lang=vi"),
        ("/tables/8MC8X4KJDDV11HCJ8MC8X4KJ", "/tables/•••"),
        ("/staff/messages", "/staff/messages"),
        ("/static/survey/kiosk.svg", "/static/survey/kiosk.svg"),
        ("/offices", "/offices"),
        ("/kiosk/manifest.webmanifest", "/kiosk/manifest.webmanifest"),
    ],
)
def test_a_code_that_is_an_address_by_itself_is_masked(path: str, kept: str) -> None:
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "Not Found: %s", (path,), None)
    assert written(record) == f"Not Found: {kept}"
