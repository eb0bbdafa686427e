"""The rules of vote integrity as everybody may read them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language

from survey.common.numbers import format_number
from survey.scorecards.bridge.stuffing import Rules


def language_of_rules() -> str:
    """Rules are written in Vietnamese and English; other readers get the Vietnamese text."""
    return "en" if (get_language() or "vi").startswith("en") else "vi"


def write_percent(share: float) -> str:
    """A share in percent, one decimal."""
    return f"{format_number(share * 100, 1)}%"


@dataclass(frozen=True)
class PublishedRule:
    """A rule as everybody may read it."""

    code: str
    title: str
    text: str
    threshold: str
    false_alarm: str
    is_hard: bool


def list_rules(rules: Rules) -> list[PublishedRule]:
    """All rules, hard ones last, in the language of the reader."""
    ordered = sorted(rules.rules.values(), key=lambda rule: (rule.is_hard, _order(rule.code)))
    return [
        PublishedRule(
            rule.code,
            rule.title[language_of_rules()],
            rule.text[language_of_rules()],
            format_number(Decimal(f"{rule.threshold:g}")),
            "" if rule.false_alarm is None else write_percent(rule.false_alarm),
            rule.is_hard,
        )
        for rule in ordered
    ]


def _order(code: str) -> tuple[int, str]:
    digits = "".join(letter for letter in code if letter.isdigit())
    return int(digits or 0), code
