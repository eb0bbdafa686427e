"""How long something lasts is said in sentences of every language; the numbers are those of the
rules.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import Final

import pytest
from django.conf import settings
from django.utils.translation import gettext, override

from survey.access.kiosks import WARN_AFTER
from survey.access.slips import SLIP_TTL
from survey.messaging.event_intake import ASKED_WITHIN
from survey.messaging.invitations import APART, LINK_TTL
from survey.responses.models import CHANGE_DAYS, COMMENT_DAYS

DAY: Final = timedelta(days=1)
SENTENCES: Final = {
    "Are you satisfied? Scan to answer (within 30 days).": [SLIP_TTL // DAY],
    "A link works for 14 days. To tell us something, call 1022.": [LINK_TTL // DAY, 1022],
    "A code on an appointment slip works for 30 days. To tell us something, call 1022.": [
        SLIP_TTL // DAY,
        1022,
    ],
    "After sending you get a code. With it you can change your rating for 7 days, and add, erase "
    "or send on a comment for 30 days. It never shows what you answered, so nobody can make you "
    "show it.": [CHANGE_DAYS, COMMENT_DAYS],
    "Change my rating (7 days)": [CHANGE_DAYS],
    "Add a comment (30 days)": [COMMENT_DAYS],
    "Staff: answers of more than 48 hours wait on this tablet. Please connect it to the network.": [
        WARN_AFTER // timedelta(hours=1)
    ],
}
OF_STAFF: Final = {
    "Not seen for more than 48 hours": [WARN_AFTER // timedelta(hours=1)],
    "not asked: dossier or number asked within 30 days": [APART // DAY],
    "not asked: closed more than seven days ago": [ASKED_WITHIN // DAY],
}
WORDS: Final = {"seven": "7", "bảy": "7"}


HOTLINE: Final = 1022


def numbers_in(sentence: str) -> list[int]:
    """Numbers of a sentence, whatever digits the script has."""
    for word, digits in WORDS.items():
        sentence = re.sub(rf"\b{word}\b", digits, sentence)
    text = "".join(
        str(unicodedata.digit(letter)) if letter.isdecimal() else letter for letter in sentence
    )
    return [int(number) for number in re.findall(r"\d+", text)]


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize(("sentence", "numbers"), SENTENCES.items())
def test_citizens_are_told_what_holds(language: str, sentence: str, numbers: list[int]) -> None:
    with override(language):
        told = gettext(sentence)
    assert language == "en" or told != sentence
    # A language may name the hotline where English says "send on".
    found = [number for number in numbers_in(told) if number != HOTLINE or HOTLINE in numbers]
    assert found == numbers


@pytest.mark.parametrize("language", settings.STAFF_LANGUAGES)
@pytest.mark.parametrize(("sentence", "numbers"), OF_STAFF.items())
def test_staff_are_told_what_holds(language: str, sentence: str, numbers: list[int]) -> None:
    with override(language):
        told = gettext(sentence)
    assert language == "en" or told != sentence
    assert numbers_in(told) == numbers
