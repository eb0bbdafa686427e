"""Texts that fit: all accented letters, parts as the carriers count them, lint."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.messaging.message_text import lint, outside_gsm7, render, stripped, text_size

VOWELS = "aăâeêioôơuưy"
TONES = ["", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"]
SMALL = [
    *sorted({unicodedata.normalize("NFC", v + t) for v in VOWELS for t in TONES} - set("aeiouy")),
    "đ",
]
LETTERS = SMALL + [letter.upper() for letter in SMALL]
LONGEST = {"ma": "H99.99.99.99-991231-9999999", "link": "https://dg.hue.gov.vn/s/ZZZZZZZZZZZZ"}
TEMPLATE = (
    "UBND TP Hue: Ho so {ma} da hoan thanh. Moi Ong/Ba danh gia su hai long: {link} (30 "
    "giay, mien phi)"
)


def test_there_are_134_accented_letters_and_127_are_outside() -> None:
    assert len(LETTERS) == 134
    assert len(outside_gsm7("".join(LETTERS))) == 127


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_loses_its_marks_in_either_normal_form(letter: str) -> None:
    plain = stripped(letter)
    assert plain == stripped(unicodedata.normalize("NFD", letter))
    assert plain.isascii()
    assert len(plain) == 1
    assert plain.isupper() == letter.isupper()


@pytest.mark.parametrize(
    ("text", "parts", "unicode"),
    [
        ("a" * 160, 1, False),
        ("a" * 161, 2, False),
        ("a" * 306, 2, False),
        ("a" * 307, 3, False),
        ("€" * 80, 1, False),
        ("€" * 81, 2, False),
        ("a" * 152 + "€" + "a" * 10, 2, False),
        ("a" * 152 + "€" * 77 + "a", 3, False),
        ("ạ" * 70, 1, True),
        ("ạ" * 71, 2, True),
        ("ạ" * 134, 2, True),
        ("ạ" * 135, 3, True),
        ("😀" * 35, 1, True),
        ("😀" * 36, 2, True),
        ("", 1, False),
    ],
)
def test_parts_at_their_borders(text: str, parts: int, unicode: bool) -> None:
    size = text_size(text)
    assert (size.parts, size.unicode) == (parts, unicode)


@given(st.text(max_size=400))
def test_stripping_twice_is_stripping_once_and_no_mark_is_left(text: str) -> None:
    once = stripped(text)
    assert stripped(once) == once
    assert not any(unicodedata.combining(c) for c in unicodedata.normalize("NFD", once))


def test_the_model_text_is_one_part() -> None:
    assert lint(TEMPLATE, sender="UBND TP Hue", longest=LONGEST, accents=False) == []
    assert text_size(render(TEMPLATE, LONGEST, accents=False)).parts == 1


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("UBND TP Hue: {ma} cam on", "liên kết"),
        ("UBND TP Hue: {link} {link}", "liên kết"),
        ("UBND TP Hue: {link} https://x.vn", "liên kết"),
        ("UBND TP Hue: {link}.", "khoảng trắng"),
        ("UBND TP Hue: ({link})", "khoảng trắng"),
        ("So Noi vu: {link}", "UBND TP Hue"),
        ("UBND TP Hue: {ten} {link}", "{ten}"),
        ("UBND TP Hue [QC]: {link}", "["),
        ("UBND TP Hue: goi 0912345678 {link}", "số"),
        ("UBND TP Hue: " + "rat dai " * 20 + "{link}", "phần"),
        ("UBND TP Hue: ភាសា {link}", "không dấu"),
    ],
)
def test_the_lint_names_what_is_wrong(template: str, word: str) -> None:
    faults = lint(template, sender="UBND TP Hue", longest=LONGEST, accents=False)
    assert any(word in fault for fault in faults), faults


def test_accents_are_a_choice_that_costs() -> None:
    text = "UBND TP Huế: mời Ông/Bà đánh giá {link}"
    assert lint(text, sender="UBND TP Hue", longest=LONGEST, accents=True) == []
    assert text_size(render(text, LONGEST, accents=True)).unicode
