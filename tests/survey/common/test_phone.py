"""Numbers as people write them, and numbers at rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from survey.common.encryption import DecryptionError, decrypt, encrypt, phone_hash
from survey.common.phone import OLD_PREFIXES, REASONS, PhoneError, masked, parse_mobile


@pytest.mark.parametrize(
    "text",
    [
        "0912345678",
        "091 234 56 78",
        "091.234.5678",
        "+84912345678",
        "84912345678",
        "0084912345678",
        "(091)234-5678",
        "０９１２３４５６７８",
        " 0912345678 ",
        "٠٩١٢٣٤٥٦٧٨",
    ],
)
def test_the_same_number_in_many_spellings(text: str) -> None:
    assert parse_mobile(text) == "+84912345678"


@pytest.mark.parametrize(("old", "new"), OLD_PREFIXES.items())
def test_numbers_of_before_2018(old: str, new: str) -> None:
    for text in (
        f"{old}9333999",
        f"+84{old[1:]}9333999",
        f"0084{old[1:]}9333999",
        f"{old[:4]} 933 3999",
    ):
        assert parse_mobile(text) == f"+84{new[1:]}9333999"


def test_all_21_old_prefixes_are_known() -> None:
    assert len(OLD_PREFIXES) == 21


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("0912345678; 0987654321", "several"),
        ("0912345678/0987654321", "several"),
        ("0912345678 ext 5", "several"),
        ("abc", "several"),
        ("02343822822", "not-mobile"),
        ("19001022", "not-mobile"),
        ("+33612345678", "foreign"),
        ("123", "invalid"),
        ("0912345", "invalid"),
        ("09123456789012", "invalid"),
    ],
)
def test_what_cannot_be_written_to_says_why_and_never_the_number(text: str, reason: str) -> None:
    with pytest.raises(PhoneError) as caught:
        parse_mobile(text)
    assert caught.value.reason == reason
    assert not (text.strip() and text.strip() in str(caught.value))


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_a_reason(text: str) -> None:
    try:
        found = parse_mobile(text)
    except PhoneError as error:
        found = error.reason
    assert found.startswith("+84") or found in REASONS


def test_a_number_is_shown_in_part_only() -> None:
    assert masked("+84912345678") == "+84•••678"


def test_sealed_numbers_open_only_with_their_row_and_key(settings: object, tmp_path: Path) -> None:
    first, second = "A" * 43 + "=", "B" * 42 + "A="
    settings.PHONE_KEY = first  # type: ignore[attr-defined]
    sealed = encrypt("+84912345678", "row 1")
    assert b"912345678" not in sealed
    assert sealed != encrypt("+84912345678", "row 1")
    assert decrypt(sealed, "row 1") == "+84912345678"
    for row, data in (("row 2", sealed), ("row 1", sealed[:-1] + bytes([sealed[-1] ^ 1]))):
        with pytest.raises(DecryptionError):
            decrypt(data, row)
    before = phone_hash("+84912345678")
    settings.PHONE_KEY = f"{second},{first}"  # type: ignore[attr-defined]
    assert decrypt(sealed, "row 1") == "+84912345678"
    assert phone_hash("+84912345678") == before
    settings.PHONE_KEY = second  # type: ignore[attr-defined]
    with pytest.raises(DecryptionError):
        decrypt(sealed, "row 1")
    for wrong in ("short", "****", "QUJD"):
        settings.PHONE_KEY = wrong  # type: ignore[attr-defined]
        with pytest.raises(ImproperlyConfigured, match="32 bytes"):
            encrypt("x", "y")
