"""Questions as plain data for their templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from survey.questionnaires.content import EVENT_FACTS, Form, QuestionSpec
from survey.questionnaires.kinds import KINDS

Data = dict[str, Any]


def question_data(
    question: QuestionSpec,
    texts: Mapping[str, str],
    sent: Mapping[str, Sequence[str]],
    errors: Mapping[str, str],
) -> Data:
    """One question as plain data for its template."""
    kind = KINDS[question.kind]
    values = list(sent.get(question.code, ()))
    error = errors.get(question.code, "")
    choices = kind.choices(question, texts)
    return {
        "code": question.code,
        "template": kind.template,
        "text": texts[f"question.{question.code}"],
        "error": error,
        "hints": f"h-{question.code} e-{question.code}" if error else f"h-{question.code}",
        "target": f"{question.code}-{choices[0][0]}" if choices else question.code,
        "value": values[0] if values and not choices else "",
        "choices": [
            {
                "value": value,
                "label": label,
                "id": f"{question.code}-{value}",
                "checked": value in values,
            }
            for value, label in choices
        ],
        "when": " ".join(
            f"when-{value}"
            for code, values in (question.shown_when or {}).items()
            for value in values
            if code not in EVENT_FACTS
        ),
        "followups": [],
    }


def questions_data(
    questions: Sequence[QuestionSpec],
    texts: Mapping[str, str],
    sent: Mapping[str, Sequence[str]],
    errors: Mapping[str, str],
) -> list[Data]:
    """Questions with the ones that depend on an answer put under the question they depend on."""
    placed: dict[str, Data] = {}
    top = []
    for question in questions:
        data = placed[question.code] = question_data(question, texts, sent, errors)
        parent = next((code for code in question.shown_when or {} if code not in EVENT_FACTS), None)
        if parent in placed:
            placed[parent]["followups"].append(data)
        else:
            top.append(data)
    return top


def error_list(questions: Sequence[Data], errors: Mapping[str, str]) -> list[Data]:
    """Errors in the order of the page, each with the id of the field to go to."""
    flat = [item for question in questions for item in (question, *question["followups"])]
    listed = [
        {"target": item["target"], "text": item["error"], "question": item["text"]}
        for item in flat
        if item["error"]
    ]
    return listed + [
        {"target": "", "text": text, "question": ""} for code, text in errors.items() if not code
    ]


def tiles(form: Form, texts: Mapping[str, str]) -> list[Data]:
    """What a tablet asks after the rating, by it. Nobody writes at a stand where the queue looks
    over one's shoulder.
    """
    return [data for data in _touchable(form, texts) if data["when"]]


def taps(form: Form, texts: Mapping[str, str]) -> list[Data]:
    """What a tablet asks whatever the rating is, by one touch: for whom the dossier was."""
    return [data for data in _touchable(form, texts) if not data["when"]]


def _touchable(form: Form, texts: Mapping[str, str]) -> list[Data]:
    """Questions with choices that can apply where no event tells anything."""
    asked = [
        question_data(question, texts, {}, {})
        for question in form.second_page.values()
        if question.applies_without_event and question.kind != "scale"
    ]
    return [data for data in asked if data["choices"]]
