"""No page says that something was done unless a test holds the sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from survey.common.catalogues import extract_messages
from tests.house.claims import HELD, NONE

TESTS = Path(__file__).parents[1]
CLAIM = re.compile(
    r"\b(has been|have been|had already been|have rated|was (not )?(stored|counted|received"
    r"|noted|erased|sent)"
    r"|were (imported|stored|taken)|is (now )?(kept|stored|paused|published|in use"
    r"|withdrawn)|are (kept|erased)"
    r"|had already|have sent|have already rated|[Dd]oes not (have|count)|Stored|Sent to hotline"
    r"|resumed|updated|recorded"
    r"|goes on|will be|gets no more|Nothing was|Decided|handed over|is sent by itself|has kept)\b"
)


def claims() -> list[str]:
    """Sentences of pages, in English, that say what was done."""
    ids = [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in extract_messages()
        if message.id
    ]
    return [text for text in ids if CLAIM.search(text)]


@pytest.mark.long
def test_every_sentence_that_claims_something_is_held_by_a_test() -> None:
    loose = [text for text in claims() if not text.startswith((*HELD, *NONE))]
    assert loose == [], (
        "write the test that asks the database, then name it in tests/house/claims.py"
    )


@pytest.mark.long
def test_the_list_names_sentences_that_exist() -> None:
    texts = claims()
    assert [
        begin for begin in (*HELD, *NONE) if not any(text.startswith(begin) for text in texts)
    ] == []


@pytest.mark.parametrize("name", sorted(set(HELD.values())))
def test_the_tests_that_hold_them_exist(name: str) -> None:
    file, _, function = name.partition("::")
    assert f"def {function}(" in (TESTS / file).read_text(encoding="utf-8")
