"""One set of expectations over every kind of question."""

from __future__ import annotations

import unicodedata

import pytest

from survey.questionnaires.content import QuestionSpec
from survey.questionnaires.kinds import KINDS, AnswerError

SPECS = {
    "scale": QuestionSpec("q", "scale", "F", not_applicable=True),
    "yes-no": QuestionSpec("q", "yes-no", "F"),
    "single-choice": QuestionSpec("q", "single-choice", "F", options=("a", "b")),
    "multiple-choice": QuestionSpec("q", "multiple-choice", "F", options=("a", "b", "c")),
    "short-text": QuestionSpec("q", "short-text", "F"),
}
GOOD: dict[str, list[tuple[list[str], object]]] = {
    "scale": [(["1"], 1), (["5"], 5), (["0"], 0)],
    "yes-no": [(["yes"], "yes"), (["no"], "no")],
    "single-choice": [(["b"], "b")],
    "multiple-choice": [(["c", "a"], ["a", "c"]), (["b", ""], ["b"])],
    "short-text": [
        ([" Tốt "], "Tốt"),
        ([unicodedata.normalize("NFD", "Chờ lâu quá")], "Chờ lâu quá"),
    ],
}
BAD = {
    "scale": [
        ["6"],
        ["-1"],
        ["1", "2"],
        ["²"],
        ["١"],
        ["1.0"],
        ["on"],
        ["\x00"],
        ["11"],
        ["x" * 5000],
    ],
    "yes-no": [["maybe"], ["yes", "no"], ["YES"]],
    "single-choice": [["c"], ["a", "b"], ["a\x00"]],
    "multiple-choice": [["a", "a"], ["d"], ["a", "\ud800"]],
    "short-text": [["x" * 501], ["a\x00b"], ["\ud83d"], ["a", "b"], ["\ufffd"]],
}


def test_every_kind_has_expectations() -> None:
    assert set(KINDS) == set(SPECS) == set(GOOD) == set(BAD)


@pytest.mark.parametrize("code", KINDS)
def test_blank_is_no_answer(code: str) -> None:
    assert KINDS[code].clean([], SPECS[code]) is None
    assert KINDS[code].clean([""], SPECS[code]) is None


@pytest.mark.parametrize(
    ("code", "raw", "value"), [(c, raw, value) for c, rows in GOOD.items() for raw, value in rows]
)
def test_good_answers_are_read_and_pass_the_second_check(
    code: str, raw: list[str], value: object
) -> None:
    kind = KINDS[code]
    assert kind.clean(raw, SPECS[code]) == value
    kind.check(value, SPECS[code])


@pytest.mark.parametrize(("code", "raw"), [(c, raw) for c, rows in BAD.items() for raw in rows])
def test_bad_answers_are_refused_in_words(code: str, raw: list[str]) -> None:
    with pytest.raises(AnswerError) as error:
        KINDS[code].clean(raw, SPECS[code])
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("code", KINDS)
@pytest.mark.parametrize("value", [None, True, 7, -1, 2.5, {"a": 1}, ["zzz"], "zzz" * 400, b"1"])
def test_the_check_before_storing_refuses_wrong_types(code: str, value: object) -> None:
    with pytest.raises(AnswerError):
        KINDS[code].check(value, SPECS[code])


def test_not_applicable_only_where_it_is_offered() -> None:
    with pytest.raises(AnswerError):
        KINDS["scale"].clean(["0"], QuestionSpec("q", "scale", "F"))


@pytest.mark.parametrize("code", KINDS)
def test_choices_are_accepted_as_answers(code: str) -> None:
    texts = {f"option.q.{option}": option for option in SPECS[code].options}
    for value, label in KINDS[code].choices(SPECS[code], texts):
        assert label
        assert KINDS[code].clean([value], SPECS[code]) is not None
