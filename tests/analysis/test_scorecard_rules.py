"""Every rule kind and band edge of the scorecards, and every way a measure comes about."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.publication.targets import Target
from analysis.scorecards.expressions import FormulaError, names_in
from analysis.scorecards.framework import (
    Criterion,
    DeclaredFigure,
    Option,
    RespondentGroup,
    read_framework_text,
)
from analysis.scorecards.framework_file import read_framework
from analysis.scorecards.inputs import FigureError, measure
from analysis.scorecards.rules import Band, Rule, round_points
from analysis.scorecards.scoring import ScoredLine, score, score_line

STRICT = Band(">", Fraction(90), Fraction(1))
HALF = Band(">=", Fraction(80), Fraction(1, 2))


@pytest.mark.parametrize(
    ("rule", "measured", "points"),
    [
        (Rule("proportional"), "83.54", "8.354"),
        (Rule("proportional"), "140", "10"),
        (Rule("proportional", floor=Fraction(50)), "49.99", "0"),
        (Rule("proportional", floor=Fraction(50)), "50", "5"),
        (Rule("capped", target=Fraction(90)), "45", "5"),
        (Rule("capped", target=Fraction(90)), "90", "10"),
        (Rule("capped", target=Fraction(90)), "95", "10"),
        (Rule("bands", bands=(STRICT, HALF)), "90", "5"),
        (Rule("bands", bands=(STRICT, HALF)), "90.0000001", "10"),
        (Rule("bands", bands=(Band(">=", Fraction(90), Fraction(1)), HALF)), "90", "10"),
        (Rule("bands", bands=(Band(">=", Fraction(90), Fraction(1)), HALF)), "89.999", "5"),
        (Rule("bands", bands=(STRICT, HALF)), "80", "5"),
        (Rule("bands", bands=(STRICT, HALF)), "79.999", "0"),
        (Rule("per_unit", each=Fraction(1, 2)), "3", "1.5"),
        (Rule("per_unit", each=Fraction(1, 2)), "99", "10"),
        (Rule("minus", each=Fraction(1, 2)), "0", "10"),
        (Rule("minus", each=Fraction(1, 2)), "1", "5"),
        (Rule("minus", each=Fraction(1, 2)), "3", "0"),
        (Rule("points"), "7.25", "7.25"),
        (Rule("points"), "11", "10"),
    ],
)
def test_rules_compare_the_unrounded_measure(rule: Rule, measured: str, points: str) -> None:
    assert rule.points(Fraction(measured), Fraction(10)) == Fraction(points)


def test_exactly_ninety_percent_from_a_ratio_is_exactly_ninety() -> None:
    """27 of 30 is 90 %, which no binary float can be trusted to say."""
    strict = Criterion(
        "1", "x", "", Fraction(10), input="ratio", rule=Rule("bands", bands=(STRICT,))
    )
    reached = Criterion(
        "1",
        "x",
        "",
        Fraction(10),
        input="ratio",
        rule=Rule("bands", bands=(Band(">=", Fraction(90), Fraction(1)),)),
    )
    declared = {"part": "27", "whole": "30"}
    assert score_line(strict, declared).points == 0
    assert score_line(reached, declared).points == 10


KINDS = [Rule("proportional"), Rule("points"), Rule("bands", bands=(STRICT, HALF))]
amounts = st.fractions(min_value=0, max_value=10**6)


@given(
    rule=st.sampled_from(KINDS)
    | st.builds(Rule, st.just("capped"), target=st.fractions(1, 200), floor=st.none() | amounts)
    | st.builds(Rule, st.sampled_from(["per_unit", "minus"]), each=st.fractions(0, 20)),
    measured=amounts,
    maximum=st.fractions(Fraction(1, 100), 100),
)
def test_points_never_leave_nothing_to_the_maximum(
    rule: Rule, measured: Fraction, maximum: Fraction
) -> None:
    assert 0 <= rule.points(measured, maximum) <= maximum


@pytest.mark.parametrize(
    ("points", "decimals", "shown"),
    [("1.25", 1, "1.3"), ("0.125", 2, "0.13"), ("0.124999", 2, "0.12"), ("-0.125", 2, "-0.13")],
)
def test_points_are_rounded_half_up(points: str, decimals: int, shown: str) -> None:
    assert str(round_points(Fraction(points), decimals)) == shown


def test_targets_say_whether_they_are_strict() -> None:
    assert not Target(">", Decimal(90)).met(Decimal(90))
    assert Target(">", Decimal(90)).met(Decimal("90.001"))
    assert Target(">=", Decimal(95)).met(Decimal(95))


def criterion(**more: object) -> Criterion:
    given_: dict[str, object] = {"input": "ratio", "rule": Rule("proportional"), **more}
    return Criterion("1", "x", "", Fraction(10), **given_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("zero", "state", "points"),
    [
        ("full", "scored", "10.00"),
        ("none", "scored", "0.00"),
        ("missing", "missing", None),
        ("not_applicable", "not_applicable", None),
    ],
)
def test_a_ratio_over_nothing_gives_what_the_framework_says(
    zero: str, state: str, points: str | None
) -> None:
    line = score_line(criterion(zero=zero), {"part": "0", "whole": "0"})
    assert (line.state, line.points) == (state, None if points is None else Decimal(points))
    assert line.maximum == (0 if state == "not_applicable" else 10)


def test_a_figure_that_was_not_given_is_no_zero() -> None:
    line = score_line(criterion(), {"part": "9", "whole": ""})
    assert (line.state, line.points, line.lost) == ("missing", None, None)


@pytest.mark.parametrize(
    ("declared", "field", "kind"),
    [
        ({"part": "x", "whole": "1"}, "part", "number"),
        ({"part": "-1", "whole": "1"}, "part", "negative"),
        ({"part": "1e99", "whole": "1"}, "part", "number"),
        ({"part": "NaN", "whole": "1"}, "part", "number"),
        ({"part": "2", "whole": "1"}, "part", "more"),
        ({"part": "1", "whole": "1", "rate": "3"}, "rate", "field"),
        ({"not_applicable": "yes"}, "not_applicable", "not_applicable"),
    ],
)
def test_figures_that_cannot_be_used_name_their_field(
    declared: dict[str, str], field: str, kind: str
) -> None:
    with pytest.raises(FigureError) as caught:
        measure(criterion(), declared)
    assert (caught.value.criterion, caught.value.field, caught.value.kind) == ("1", field, kind)


def test_not_applicable_leaves_the_maximum() -> None:
    line = score_line(criterion(not_applicable=True), {"not_applicable": "yes"})
    assert (line.state, line.points) == ("not_applicable", None)
    assert line.maximum == 0


def test_a_choice_is_worth_its_share() -> None:
    options = (Option("yes", "Có", Fraction(1)), Option("part", "Một phần", Fraction(1, 3)))
    choice = criterion(input="choice", rule=None, options=options)
    assert score_line(choice, {"option": "part"}).points == Decimal("3.33")
    with pytest.raises(FigureError):
        score_line(choice, {"option": "maybe"})


def test_groups_are_weighted_whatever_their_number_of_answers() -> None:
    """100 / 60 / 20 / 0 % a option; 9 answers of one group do not outweigh 1 of the other."""
    options = tuple(
        Option(code, code, Fraction(share, 100))
        for code, share in (("a", 100), ("b", 60), ("c", 20), ("d", 0))
    )
    groups = (
        RespondentGroup("deputies", "x", Fraction(1, 4)),
        RespondentGroup("heads", "y", Fraction(3, 4)),
    )
    survey = criterion(input="survey_group", options=options, groups=groups)
    counts = {f"{g.code}.{o.code}": "0" for g in groups for o in options}
    declared = counts | {"deputies.a": "9", "deputies.b": "1", "heads.c": "1"}
    # 1/4 * (9 * 100 + 60) / 10 + 3/4 * 20 = 24 + 15
    assert measure(survey, declared).value == 39
    assert measure(survey, counts | {"deputies.a": "3"}).state == "missing"


def test_formulas_compute_with_declared_figures_and_do_no_more() -> None:
    figures = (DeclaredFigure("good", "x"), DeclaredFigure("every", "y"))
    by_formula = criterion(
        input="formula", figures=figures, formula="100 * (good - 0.5) / every", zero="none"
    )
    assert measure(by_formula, {"good": "9.5", "every": "10"}).value == 90
    assert measure(by_formula, {"good": "9", "every": "0"}).state == "none"
    for text in ("__import__('os')", "a.b", "2 ** 9", "a if b else c", "[a]", "'x'", "a(", "True"):
        with pytest.raises(FormulaError):
            names_in(text)


def line_766(code: str, part: int, whole: int) -> ScoredLine:
    card = score(
        read_framework(read_framework_text("766-2022")),
        {code: {"part": str(part), "whole": str(whole)}},
    )
    return next(line for line in card.lines if line.criterion.code == code)


@pytest.mark.parametrize(
    ("code", "good", "total", "points"),
    [
        ("1", 880, 1000, "5.87"),
        ("1", 950, 1000, "6.00"),
        ("1", 900, 1000, "6.00"),
        ("1", 899, 1000, "5.99"),
        ("1", 0, 0, "0.00"),
        ("1", 0, 5, "0.00"),
        ("2", 0, 0, "6.00"),
        ("2", 9, 10, "5.40"),
        ("3", 0, 0, "6.00"),
        ("3", 0, 3, "0.00"),
    ],
)
def test_the_satisfaction_group_of_766(code: str, good: int, total: int, points: str) -> None:
    assert line_766(code, good, total).points == Decimal(points)


def tt01(dossiers: tuple[int, int, int] | None, choices: dict[str, str]) -> tuple[str, str]:
    """Total and band: the same counts of 0, 1 and 2 points for all five indices of dossiers."""
    names = ("worse", "level", "better")
    counts = dict(zip(names, map(str, dossiers), strict=True)) if dossiers else {}
    declared = dict.fromkeys("12347", counts) | {
        code: {"option": option} for code, option in choices.items()
    }
    card = score(read_framework(read_framework_text("tt01-2018")), declared)
    return str(card.total), card.band


@pytest.mark.parametrize(
    ("dossiers", "choices", "total", "band"),
    [
        ((0, 0, 9), {"5": "2", "6": "2", "8": "1", "9": "0"}, "15.0", "xuất sắc"),
        ((0, 1, 9), {"5": "2", "6": "2", "8": "1", "9": "0"}, "14.5", "tốt"),
        ((0, 0, 9), {"5": "2", "9": "0"}, "12.0", "tốt"),
        ((1, 18, 1), {"5": "2", "6": "2", "8": "0", "9": "0"}, "9.0", "khá"),
        ((0, 3, 0), {"5": "1", "6": "0"}, "6.0", "trung bình"),
        ((0, 3, 0), {"5": "0"}, "5.0", "yếu"),
        (None, {"5": "2"}, "2.0", "yếu"),
    ],
)
def test_the_nine_indices_of_tt01(
    dossiers: tuple[int, int, int] | None, choices: dict[str, str], total: str, band: str
) -> None:
    """An index without information is left out of the sum, not rescaled."""
    assert tt01(dossiers, choices) == (total, band)


def test_dossiers_of_two_one_one_one_make_one_point_three() -> None:
    """The published example: 1.25, which half-even and binary floats round to 1.2."""
    framework = read_framework(read_framework_text("tt01-2018"))
    card = score(framework, {"1": {"worse": "0", "level": "3", "better": "1"}})
    assert card.lines[0].points == Decimal("1.3")


@pytest.mark.parametrize(("better", "band"), [(10, "100"), (0, "100"), (-1, "70-100")])
def test_officers_of_tt01(better: int, band: str) -> None:
    framework = read_framework(read_framework_text("tt01-2018-officer"))
    counts = {"worse": str(max(0, -better)), "level": "9", "better": str(max(0, better))}
    card = score(framework, dict.fromkeys("12347", counts))
    assert f"hoàn thành {band} %" in card.band
