"""The target has one definition; a page says it with its comparison."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from analysis import Target
from survey.console.index_table import Axis, build_line
from survey.scorecards.services import make_edition, release_edition
from tests.survey.console.builders import AFTER, signed_in
from tests.survey.factories import Cast, flat
from tests.survey.scorecards.builders import found_agencies, write_snapshot


def row(low: str, high: str) -> dict[str, Any]:
    keys = (
        "level code status n transactions response_rate unweighted_index weighted_index n_eff "
        "rank_best rank_worst"
    )
    empty = dict.fromkeys(keys.split())
    return {**empty, "status": "published", "weighted_index": low, "ci_low": low, "ci_high": high}


@pytest.mark.parametrize(
    ("operator", "low", "high", "met"),
    [
        (">", "90.01", "95", True),
        (">", "90", "95", None),
        (">", "85", "90", False),
        (">=", "90", "95", True),
        (">=", "85", "90", None),
        (">=", "85", "89.99", False),
    ],
)
def test_a_line_meets_the_target_in_force(
    operator: Any, low: str, high: str, met: bool | None
) -> None:
    axis = Axis(0, Target(operator, Decimal(90)))
    assert build_line(row(low, high), axis, label="A").met is met


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(">", Decimal(90)), "Mục tiêu: trên 90%"),
        (Target(">=", Decimal("92.5")), "Mục tiêu: từ 92,5% trở lên"),
    ],
)
def test_the_target_is_said_with_its_comparison(target: Target, words: str) -> None:
    with override("vi"):
        assert Axis(0, target).target_words == words


def test_the_page_says_where_agencies_stand(cast: Cast, tmp_path: Path) -> None:
    """Three departments: verdicts against their mean and expected ranks, from the edition alone."""
    keys = found_agencies(cast.province, "tot", "vua", "kem")
    sizes = {"tot": (300, 290), "vua": (300, 250), "kem": (300, 200)}
    assert list(sizes) == keys
    edition = make_edition(
        folder=write_snapshot(tmp_path / "s", sizes), method="overall", now=AFTER
    )
    standing = edition.about["standing"]
    assert {key: one["verdict_mean"] for key, one in standing.items()} == {
        "tot": 1,
        "vua": 0,
        "kem": -1,
    }
    assert standing["tot"]["expected_rank"] == 1.0
    release_edition(edition=edition, now=AFTER)
    page = flat(signed_in(cast.analyst).get(f"/staff/?edition={edition.pk}"))
    assert "cao hơn rõ rệt" in page
    assert "thấp hơn rõ rệt" in page
    assert "1 (1–1)" in page
    assert standing["tot"]["answers_to_next"] is not None
    assert standing["kem"]["answers_to_next"] is None, "nobody is below"
    assert "thứ tự đáng tin" in page
    assert "mỗi cơ quan cần khoảng" in page
    own = edition.results.get(agency__key="kem")
    assert "thứ hạng ước tính 3 (3–3) trong 3" in flat(
        signed_in(cast.analyst).get(f"/staff/agency/{own.pk}")
    )
