"""Two editions of one period give nothing away together: a figure that hardly moved stays as it
was, or hidden.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from survey.common.periods import parse_period
from survey.scorecards.archive import find_snapshot
from survey.scorecards.models import Edition
from survey.scorecards.services import make_edition
from tests.survey.factories import Cast
from tests.survey.scorecards.builders import (
    PERIOD,
    found_agencies,
    people,
    shown,
    write_months,
    write_snapshot,
)

pytestmark = pytest.mark.django_db
Sizes = dict[str, tuple[int, int]]
THREE: Sizes = {"qa": (40, 30), "qb": (42, 20), "qd": (60, 40)}


@pytest.fixture(autouse=True)
def _own_archive(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def four(cast: Cast) -> list[str]:
    return found_agencies(cast.province, "qa", "qb", "qc", "qd")


def edition(folder: Path, minute: int = 0, method: str = "overall") -> Edition:
    now = timezone.now() + timedelta(minutes=minute)
    return make_edition(folder=folder, method=method, now=now)


def test_one_more_answer_brings_no_hidden_figure_to_light(four: list[str], tmp_path: Path) -> None:
    """A 40, B 12 and C 4: one more answer at A showed B, and with the edition before C was 4
    people, 1 satisfied.
    """
    now = timezone.now()
    assert timezone.localdate(now) > parse_period(PERIOD).last
    sizes = {"qa": (40, 30), "qb": (12, 6), "qc": (4, 1), "qd": (60, 40)}
    first = shown(
        make_edition(folder=write_snapshot(tmp_path / "1", sizes), method="overall", now=now)
    )
    for minute, (place, more) in enumerate(
        (("qa", (41, 31)), ("qd", (61, 41)), ("qb", (13, 7)), ("qa", (46, 36)))
    ):
        folder = write_snapshot(tmp_path / f"{place}{minute}", {**sizes, place: more})
        later = shown(
            make_edition(folder=folder, method="overall", now=now + timedelta(minutes=1 + minute))
        )
        assert later == first, place
    folder = write_snapshot(tmp_path / "ten", {**sizes, "qa": (50, 40)})
    made = make_edition(folder=folder, method="overall", now=now + timedelta(minutes=9))
    assert shown(made)["qa"][0] == 50, "small steps add up"


def test_one_changed_answer_is_not_seen(four: list[str], tmp_path: Path) -> None:
    now = timezone.now()
    sizes = {"qa": (40, 30), "qb": (42, 20), "qd": (60, 40)}
    first = shown(
        make_edition(folder=write_snapshot(tmp_path / "1", sizes), method="overall", now=now)
    )
    folder = write_snapshot(tmp_path / "2", {**sizes, "qa": (40, 29)})
    assert (
        shown(make_edition(folder=folder, method="overall", now=now + timedelta(minutes=1)))
        == first
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (THREE, {**THREE, "qa": (50, 40), "qc": (4, 0)}),
        (THREE, {**THREE, "qa": (50, 40), "qb": (43, 21), "qc": (4, 0)}),
        ({**THREE, "qc": (14, 10)}, {**THREE, "qa": (50, 40), "qc": (4, 0)}),
        ({**THREE, "qc": (11, 10)}, {**THREE, "qc": (20, 10)}),
        ({**THREE, "qc": (1, 1)}, {**THREE, "qa": (50, 40), "qc": (3, 1)}),
    ],
    ids=["appears", "one more", "fewer", "changed", "few more"],
)
def test_nothing_moves_beside_a_small_step(
    four: list[str], tmp_path: Path, first: Sizes, second: Sizes
) -> None:
    """A held figure that protected another gave it away: 4 people, none of them satisfied."""
    before = edition(write_snapshot(tmp_path / "1", first))
    after = edition(write_snapshot(tmp_path / "2", second), 1)
    numbers = shown(after)
    if "qc" not in first:
        assert numbers.pop("qc") == (0, None), "the released answers know nothing of it"
    assert numbers == shown(before)
    assert after.about["levels"] == before.about["levels"]


@pytest.mark.parametrize("name", ["levels", "coverage"])
def test_shares_of_levels_and_months_keep_still_too(
    four: list[str], tmp_path: Path, name: str
) -> None:
    """One answer from 5 to 4 changes no index, and stood in the shares of the five levels."""
    months = {"2025-07": people(40, 30), "2025-08": people(40, 30)}
    data = {key: dict(months) for key in ("qa", "qb", "qd")}
    before = edition(write_months(tmp_path / "1", PERIOD, data))
    moved = {"2025-07": [4, *people(40, 29)], "2025-08": people(39, 29)}
    after = edition(write_months(tmp_path / "2", PERIOD, {**data, "qa": moved}), 1)
    assert shown(after) == shown(before)
    assert after.about[name] == before.about[name]


@pytest.mark.long
@pytest.mark.parametrize("method", ["sipas-pooled", "sipas-factor-weighted"])
def test_another_method_does_not_show_what_changed_meanwhile(
    four: list[str], tmp_path: Path, method: str
) -> None:
    edition(write_snapshot(tmp_path / "1", THREE), 0, "sipas-service")
    same = edition(write_snapshot(tmp_path / "same", THREE), 1, method)
    numbers = shown(same)
    same.delete()
    changed = edition(write_snapshot(tmp_path / "2", {**THREE, "qa": (40, 29)}), 2, method)
    assert shown(changed) == numbers
    assert numbers["qa"] == (40, "75.00")


def test_corrected_dossiers_are_taken_with_the_released_answers(
    four: list[str], tmp_path: Path
) -> None:
    """Totals that come late count, though somebody changed an answer meanwhile."""
    before = edition(write_snapshot(tmp_path / "1", THREE, dossiers=0))
    assert {row["status"] for r in before.results.all() for row in r.rows} == {"unverified"}
    after = edition(write_snapshot(tmp_path / "2", {**THREE, "qa": (40, 29)}), 1)
    assert after.pk != before.pk
    assert after.answers == before.answers
    assert shown(after)["qa"] == (40, "75.00")
    assert {
        row["status"] for r in after.results.all() for row in r.rows if row["level"] == "overall"
    } == {"published"}
    assert find_snapshot(after.snapshot_sha256) is not None


def test_without_the_copy_nothing_is_released_anew(four: list[str], tmp_path: Path) -> None:
    before = edition(write_snapshot(tmp_path / "1", THREE))
    copy = find_snapshot(before.snapshot_sha256)
    assert copy is not None
    copy.rename(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="2025-Q3"):
        edition(write_snapshot(tmp_path / "2", {**THREE, "qa": (40, 29)}), 1)
    assert list(Edition.objects.all()) == [before]


@pytest.mark.long
@pytest.mark.parametrize(
    "order",
    [
        ["2025-10", "2025-11", "2025-Q4"],
        ["2025-10", "2025-Q4", "2025-11"],
        ["2025-Q4", "2025-10", "2025-11"],
        ["2025-Q4", "2025-11", "2025-10"],
    ],
)
def test_no_order_of_releases_tells_a_small_month(
    four: list[str], tmp_path: Path, order: list[str]
) -> None:
    months = {"2025-10": (40, 30), "2025-11": (30, 20), "2025-12": (33, 20)}
    data = {key: {month: people(*n) for month, n in months.items()} for key in ("qb", "qd", "qc")}
    data["qa"] = {**data["qb"], "2025-12": people(3, 0)}
    numbers = []
    for minute, period in enumerate(order):
        inside = [period] if period in months else list(months)
        part = {key: {month: own[month] for month in inside} for key, own in data.items()}
        made = edition(write_months(tmp_path / period, period, part), minute)
        numbers.append(shown(made)["qa"][0])
    assert None in numbers, numbers


def test_five_releases_together_tell_no_small_month(four: list[str], tmp_path: Path) -> None:
    names = [f"2025-{month:02d}" for month in range(1, 13)]
    data = {key: {month: people(40, 30) for month in names} for key in ("qa", "qb", "qc")}
    data["qa"]["2025-12"] = people(3, 0)
    periods = {"2025-Q1": names[:3], "2025-Q2": names[3:6], "2025-Q3": names[6:9]}
    periods |= {"2025-10": ["2025-10"], "2025-11": ["2025-11"], "2025": names}
    for minute, (period, inside) in enumerate(periods.items()):
        part = {key: {month: own[month] for month in inside} for key, own in data.items()}
        made = edition(write_months(tmp_path / period, period, part), minute)
    assert shown(made)["qa"] == (None, None)
    assert None in [shown(made)[key][0] for key in ("qb", "qc", "*")], "nor by the other agencies"


def test_a_quarter_does_not_show_an_answer_changed_since_its_months(
    four: list[str], tmp_path: Path
) -> None:
    names = ["2025-07", "2025-08", "2025-09"]
    data = {key: {month: people(65, 50) for month in names} for key in ("qa", "qb", "qd")}
    for minute, month in enumerate(names):
        part = {key: {month: own[month]} for key, own in data.items()}
        edition(write_months(tmp_path / month, month, part), minute)
    data["qa"]["2025-09"] = people(65, 49)
    quarter = shown(edition(write_months(tmp_path / "q", PERIOD, data), 9))
    assert quarter["qa"] == (None, None)
    assert quarter["*"] == (None, None) or None in (quarter["qb"][0], quarter["qd"][0])


def test_the_command_says_whose_answers_stand(
    four: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("make_edition", write_snapshot(tmp_path / "1", THREE), method="overall")
    assert "already released" not in capsys.readouterr().out
    changed = write_snapshot(tmp_path / "2", {**THREE, "qa": (40, 29)})
    call_command("make_edition", changed, method="overall")
    assert "The answers are those already released" in capsys.readouterr().out


def preview(folder: Path, sizes: Sizes, minute: int) -> dict[str, tuple[int | None, str | None]]:
    """An edition made while its period runs."""
    day = datetime(2025, 8, 1, 2, minute, tzinfo=UTC)
    made = make_edition(folder=write_snapshot(folder, sizes), method="overall", now=day)
    assert made.is_preview
    assert {row["level"] for r in made.results.all() for row in r.rows} == {"overall"}
    return shown(made)


def test_a_preview_keeps_still_until_ten_answers_have_come(four: list[str], tmp_path: Path) -> None:
    first = preview(tmp_path / "1", THREE, 0)
    assert preview(tmp_path / "2", {**THREE, "qa": (49, 39)}, 1) == first
    second = preview(tmp_path / "3", {**THREE, "qa": (50, 40)}, 2)
    assert (second["qa"][0], second["*"][0]) == (50, 152)
    third = preview(tmp_path / "4", {**THREE, "qa": (60, 50), "qb": (46, 20)}, 3)
    assert (third["qa"][0], third["qb"][0]) == (60, 42)
    assert third["*"] == second["*"], "less 60, 42 and 60 it would tell of four people"
    fourth = preview(tmp_path / "5", {**THREE, "qa": (60, 50), "qb": (52, 25)}, 4)
    assert (fourth["qb"][0], fourth["*"][0]) == (52, 172)
