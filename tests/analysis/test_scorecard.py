"""Every figure and band edge of the scorecard rules."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from analysis.errors import MethodError
from analysis.publication.targets import Target
from analysis.scorecards.points import ScoringRule, load_framework, percent_of_maximum, score
from analysis.scorecards.service_points import (
    load_points,
    points_766,
    tt01_index,
    tt01_officer,
    tt01_total,
)


@pytest.mark.parametrize(
    ("clean", "total", "points"),
    [
        (880, 1000, "5.87"),
        (950, 1000, "6.00"),
        (900, 1000, "6.00"),
        (899, 1000, "5.99"),
        (0, 0, "0.00"),
        (0, 5, "0.00"),
    ],
)
def test_766_dossiers(clean: int, total: int, points: str) -> None:
    assert points_766("dossiers", clean, total) == Decimal(points)


@pytest.mark.parametrize(
    ("good", "total", "points"), [(0, 0, "6.00"), (9, 10, "5.40"), (10, 10, "6.00"), (0, 3, "0.00")]
)
def test_766_petitions_without_any_get_full_points(good: int, total: int, points: str) -> None:
    assert points_766("petitions_on_time", good, total) == Decimal(points)
    assert points_766("petitions_satisfied", good, total) == Decimal(points)


def test_maxima_of_766_are_data() -> None:
    assert points_766("dossiers", 450, 1000, maximum=5) == Decimal("2.50")
    assert points_766("petitions_on_time", 1, 3, maximum=2) == Decimal("0.67")


@pytest.mark.parametrize(
    ("total", "band"),
    [
        ("18", "xuất sắc"),
        ("15.0", "xuất sắc"),
        ("14.9", "tốt"),
        ("12.0", "tốt"),
        ("11.9", "khá"),
        ("9.0", "khá"),
        ("8.9", "trung bình"),
        ("6.0", "trung bình"),
        ("5.9", "yếu"),
        ("0", "yếu"),
    ],
)
def test_tt01_bands(total: str, band: str) -> None:
    assert tt01_total([total]) == (Decimal(total), band)


def test_tt01_indices_round_half_up_and_missing_ones_are_left_out() -> None:
    assert tt01_index([2, 1, 1, 1]) == Decimal("1.3")
    assert tt01_index([]) is None
    assert tt01_total([Decimal("1.3"), None, 2]) == (Decimal("3.3"), "yếu")
    with pytest.raises(MethodError):
        tt01_index([3])


@pytest.mark.parametrize(
    ("total", "band"),
    [("5", "100 %"), ("4.9", "70-100 %"), ("3.5", "70-100 %"), ("3.4", "dưới 70 %")],
)
def test_tt01_officers(total: str, band: str) -> None:
    assert tt01_officer([total])[1] == band


@pytest.mark.parametrize(
    ("rule", "rate", "points"),
    [
        (ScoringRule("proportional"), "83.54", "8.354"),
        (ScoringRule("capped", target=Decimal(90)), "45", "5"),
        (ScoringRule("capped", target=Decimal(90)), "95", "10"),
        (
            ScoringRule("steps", steps=((Decimal(90), Decimal(1)), (Decimal(80), Decimal("0.5")))),
            "90",
            "10",
        ),
        (
            ScoringRule("steps", steps=((Decimal(90), Decimal(1)), (Decimal(80), Decimal("0.5")))),
            "89.999",
            "5",
        ),
        (
            ScoringRule("steps", steps=((Decimal(90), Decimal(1)), (Decimal(80), Decimal("0.5")))),
            "79.99",
            "0",
        ),
        (ScoringRule("proportional", floor=Decimal(50)), "49.99", "0"),
        (ScoringRule("proportional", floor=Decimal(50)), "50", "5"),
    ],
)
def test_rules_compare_the_unrounded_rate(rule: ScoringRule, rate: str, points: str) -> None:
    assert rule.points(Decimal(rate), Decimal(10)) == Decimal(points)


def test_targets_say_whether_they_are_strict() -> None:
    assert not Target(">", Decimal(90)).met(Decimal("90"))
    assert Target(">", Decimal(90)).met(Decimal("90.001"))
    assert Target(">=", Decimal(95)).met(Decimal(95))


FRAMEWORK = """
[[criterion]]
code = "1"
title = "Sự hài lòng"
maximum = 10
rule = { kind = "capped", target = 90 }
target = { operator = ">", value = 90 }
[[criterion]]
code = "1.1"
parent = "1"
title = "Đúng hạn"
maximum = 2
rule = { kind = "steps", steps = [[95, 1], [90, 0.5]] }
target = { operator = ">=", value = 95 }
"""


def test_a_framework_gives_achieved_and_lost_points(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text(FRAMEWORK, encoding="utf-8")
    first, second = score(load_framework(path), {"1": "83.54", "1.1": 95})
    assert (first.achieved, first.lost, first.met) == (Decimal("9.28"), Decimal("0.72"), False)
    assert (second.achieved, second.lost, second.met) == (Decimal("2.00"), Decimal("0.00"), True)
    assert score(load_framework(path), {})[0].achieved is None
    whole = score(load_framework(path), {"1.1": 92})[0]
    assert (whole.rate, whole.achieved, whole.lost) == (None, Decimal("1.00"), Decimal("9.00"))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('kind = "capped"', 'kind = "magic"'),
        ("maximum = 10", "maximun = 10"),
        ('parent = "1"', 'parent = "9"'),
        ('code = "1.1"', 'code = "1"'),
        ("target = 90 }", "target = 0 }"),
    ],
)
def test_faults_in_a_framework_are_named(tmp_path: Path, good: str, bad: str) -> None:
    path = tmp_path / "f.toml"
    path.write_text(FRAMEWORK.replace(good, bad, 1), encoding="utf-8")
    with pytest.raises(MethodError, match="criterion 1"):
        load_framework(path)


def test_hanoi_commune_framework_rescales_without_a_survey() -> None:
    assert percent_of_maximum("72", "16", 100, 20) == Decimal("88.00")
    assert percent_of_maximum("72", None, 100, 20) == Decimal("90.00")


def test_the_schemes_are_data_with_a_checksum() -> None:
    scheme = load_points("tt01-2018")
    assert list(scheme.indices) == list("123456789")
    assert (len(scheme.sha256), scheme.officer) == (64, ("1", "2", "3", "4", "7"))
    with pytest.raises(MethodError, match="no points scheme"):
        load_points("nothing")
