"""Changes of a figure, and beside others."""

from __future__ import annotations

from math import hypot

import numpy as np
import pytest

from analysis import AnalysisError, Measured, Shift, compare_before_after, compare_with_others


def test_the_limits_are_square_and_add_by_hand() -> None:
    shift = compare_before_after(Measured(80, 77, 82), Measured(84, 80, 87))
    assert shift.difference == 4
    assert shift.low == pytest.approx(4 - hypot(84 - 80, 82 - 80))
    assert shift.high == pytest.approx(4 + hypot(87 - 84, 80 - 77))
    assert shift.verdict == "no-difference"


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (Measured(90, 88, 92), "better"),
        (Measured(70, 68, 72), "worse"),
        (Measured(81, 79, 83), "no-difference"),
    ],
)
def test_only_an_interval_without_zero_says_something(after: Measured, verdict: str) -> None:
    assert compare_before_after(Measured(80, 78, 82), after).verdict == verdict


def test_back_again_is_the_same_change_with_the_other_sign() -> None:
    a, b = Measured(80, 77, 82), Measured(84, 80, 87)
    there, back = compare_before_after(a, b), compare_before_after(b, a)
    assert there.difference == -back.difference
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_a_figure_outside_its_interval_is_refused() -> None:
    with pytest.raises(AnalysisError, match="outside its interval"):
        compare_before_after(Measured(80, 81, 82), Measured(84, 80, 87))


def test_what_moved_everybody_is_taken_off() -> None:
    own, other = Shift(6, 3, 9), Shift(6, 3, 9)
    beyond = compare_with_others(own, [other, other])
    assert beyond.difference == 0
    assert beyond.verdict == "no-difference"
    assert beyond.high == pytest.approx(hypot(3, 3 / 2**0.5))
    with pytest.raises(AnalysisError, match="at least one other"):
        compare_with_others(own, [])


def test_the_interval_beside_others_holds_the_truth_as_often_as_it_says() -> None:
    """2,000 draws of three comparison places with normal errors: 95 of 100 hold the true 2."""
    rng, held = np.random.default_rng(5), 0
    for _ in range(2000):
        drawn = rng.normal([3, 1, 1, 1], [1.0, 0.8, 1.2, 1.0])
        half = 1.959964 * np.array([1.0, 0.8, 1.2, 1.0])
        shifts = [Shift(d, d - h, d + h) for d, h in zip(drawn, half, strict=True)]
        beyond = compare_with_others(shifts[0], shifts[1:])
        held += beyond.low <= 2 <= beyond.high
    assert 0.935 <= held / 2000 <= 0.965
