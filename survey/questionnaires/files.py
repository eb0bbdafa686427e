"""A questionnaire as a TOML file: written out, and read in again as the same draft."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from survey.questionnaires.models import Question, Version
from survey.questionnaires.queries import list_wordings_slots, read_form


def write_questionnaire(version: Version) -> str:
    """The file ``load_questionnaire`` reads: the same codes, questions, conditions and words."""
    texts = texts_by_slot(version)
    lines = [f"code = {_quoted(version.questionnaire.code)}"]
    if version.extends:
        lines.append(f"extends = {_quoted(version.extends.code)}")
    if version.legal_basis:
        lines.append(f"legal_basis = {_quoted(version.legal_basis)}")
    lines += _words("title", texts.get("title", {}))
    lines += _words("intro", texts.get("intro", {}))
    for factor in version.factors.order_by("position"):
        lines += ["", "[[factor]]", f"code = {_quoted(factor.code)}"]
        lines += _words("text", texts.get(f"factor.{factor.code}", {}))
        for question in factor.questions.order_by("position"):
            lines += ["", "[[factor.question]]", *_question(question, texts)]
    return "\n".join(lines) + "\n"


def _question(question: Question, texts: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield f"code = {_quoted(question.code)}"
    yield f"kind = {_quoted(question.kind)}"
    if question.required:
        yield "required = true"
    if question.not_applicable:
        yield "not_applicable = true"
    for code, answers in question.shown_when.items():
        yield f"shown_when.{_quoted(code)} = {json.dumps(answers, ensure_ascii=False)}"
    yield from _words("text", texts.get(f"question.{question.code}", {}))
    for option in question.options:
        words = texts.get(f"option.{question.code}.{option}", {})
        inside = ", ".join(f"{language} = {_quoted(text)}" for language, text in words.items())
        yield f"options.{option} = {{ {inside} }}"


def _words(name: str, words: Mapping[str, str]) -> list[str]:
    return [f"{name}.{language} = {_quoted(text)}" for language, text in words.items()]


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def texts_by_slot(version: Version) -> dict[str, dict[str, str]]:
    """Slot -> language -> text, languages in the order of the settings."""
    order = {code: place for place, (code, _name) in enumerate(settings.LANGUAGES)}
    rows = sorted(
        version.wordings.values_list("slot", "language", "text"),
        key=lambda row: order.get(row[1], len(order)),
    )
    found: dict[str, dict[str, str]] = {}
    for slot, language, text in rows:
        found.setdefault(slot, {})[language] = text
    return found


def compare_versions(old: Version, new: Version) -> list[dict[str, Any]]:
    """What differs between two versions: one entry a slot and language, and one a question whose
    kind, duty, choices or condition changed.

    Each has ``slot``, ``language`` (empty for the question itself), ``before`` and ``after``.
    """
    before, after = texts_by_slot(old), texts_by_slot(new)
    slots = dict.fromkeys(
        (*list_wordings_slots(read_form(old)), *list_wordings_slots(read_form(new)))
    )
    changes: list[dict[str, Any]] = []
    for slot in slots:
        languages = dict.fromkeys((*before.get(slot, {}), *after.get(slot, {})))
        changes += [
            {"slot": slot, "language": language, "before": one, "after": two}
            for language in languages
            if (one := before.get(slot, {}).get(language, ""))
            != (two := after.get(slot, {}).get(language, ""))
        ]
    rules = [_rules(version) for version in (old, new)]
    return changes + [
        {"slot": code, "language": "", "before": one, "after": two}
        for code in dict.fromkeys((*rules[0], *rules[1]))
        if (one := rules[0].get(code, "")) != (two := rules[1].get(code, ""))
    ]


def _rules(version: Version) -> dict[str, str]:
    """What moves figures beside the words: place, kind, duty, choices, condition; what is gone on
    from.
    """
    form = read_form(version)
    found = {"extends": form.extends or ""} if form.extends else {}
    found |= {"legal_basis": version.legal_basis} if version.legal_basis else {}
    for place, question in enumerate(form.questions.values(), start=1):
        parts = [f"{place}. {question.factor}", question.kind]
        parts += ["required"] if question.required else []
        parts += ["not_applicable"] if question.not_applicable else []
        parts += [", ".join(question.options)] if question.options else []
        condition = question.shown_when or {}
        parts += [f"{code}: {list(values)}" for code, values in condition.items()]
        found[question.code] = "; ".join(parts)
    return found
