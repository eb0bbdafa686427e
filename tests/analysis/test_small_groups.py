"""Nobody works out a small group from the quality report or from a mean near 100 %."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis import open_run
from analysis.data.schema import ITEMS
from analysis.data.snapshot import Snapshot, SnapshotWriter

Row = tuple[str, str, str, int, int]


def snapshot_of(folder: Path, rows: list[Row], totals: dict[tuple[str, str], int]) -> Snapshot:
    """Rows (agency, channel, evidence, answer, how many times); totals by (agency, channel)."""
    writer = SnapshotWriter(folder)
    for agency, channel, evidence, answer, times in rows:
        levels = [answer if item == "overall" else None for item in ITEMS]
        for _ in range(times):
            writer.add((agency, "land", channel, evidence, "", "vi", "2026-07", "", *levels))
    names = sorted({row[0] for row in rows})
    return writer.close(
        totals=[
            (agency, "land", channel, "2026-07", n, n) for (agency, channel), n in totals.items()
        ],
        agencies=[(name, f"Xã {name}", "commune", name) for name in names],
        about={"period": "2026-Q3", "province": "T", "notice": ""},
    )


def report(snapshot: Snapshot) -> dict[str, Any]:
    return dict(open_run(snapshot, "overall", purpose="quality").quality["agencies"])


def test_a_channel_of_three_people_is_not_the_rest_of_the_province(tmp_path: Path) -> None:
    rows = [
        ("a", "counter", "E2", 5, 80),
        ("a", "counter", "E2", 1, 20),
        ("a", "online", "E3", 5, 90),
    ]
    rows += [
        ("a", "online", "E3", 1, 10),
        ("x", "counter", "E2", 1, 3),
        ("x", "online", "E3", 5, 40),
    ]
    rows += [("x", "online", "E3", 1, 4)]
    totals = {
        ("a", "counter"): 400,
        ("a", "online"): 300,
        ("x", "counter"): 200,
        ("x", "online"): 100,
    }
    found = report(snapshot_of(tmp_path / "s", rows, totals))
    told = {agency for agency in ("a", "*") if "counter" in found[agency]["channels"]}
    assert told != {"a", "*"}
    assert found["a"]["mode_effect"] is None or "counter" in found["a"]["channels"]


def test_a_variant_that_leaves_three_people_in_is_not_told_by_subtraction(tmp_path: Path) -> None:
    bound = [
        ("a", "counter", "E1", 5, 50),
        ("a", "counter", "E2", 5, 80),
        ("a", "counter", "E2", 1, 20),
    ]
    bound += [
        ("x", "counter", "E1", 5, 40),
        ("x", "counter", "E1", 1, 4),
        ("x", "counter", "E2", 1, 3),
    ]
    opened = [
        ("a", "counter", "E0", 5, 40),
        ("a", "counter", "E2", 5, 80),
        ("a", "counter", "E2", 1, 20),
    ]
    opened += [
        ("x", "counter", "E0", 1, 3),
        ("x", "counter", "E2", 5, 40),
        ("x", "counter", "E2", 1, 4),
    ]
    for number, (rows, variant) in enumerate(
        ((bound, "transaction_bound_only"), (opened, "with_open_posters"))
    ):
        totals = {("a", "counter"): 400, ("x", "counter"): 200}
        found = report(snapshot_of(tmp_path / str(number), rows, totals))
        assert found["x"]["sensitivity"][variant] is None
        assert None in (found["a"]["sensitivity"][variant], found["*"]["sensitivity"][variant])


def test_one_small_agency_in_a_province_at_100_percent_hides_no_other(tmp_path: Path) -> None:
    rows: list[Row] = [(f"a{k:02d}", "counter", "E2", 5, 40) for k in range(30)]
    rows.append(("x", "counter", "E2", 5, 3))
    snapshot = snapshot_of(tmp_path / "s", rows, {(row[0], "counter"): 200 for row in rows})
    table = open_run(snapshot, "overall").table.rows
    shown = {
        row["agency"]
        for row in table
        if row["level"] == "overall" and row["weighted_index"] is not None
    }
    assert "*" not in shown, "the mean of 100 would tell the three"
    assert len(shown) >= 29


def test_two_roundings_of_one_figure_do_not_stand_side_by_side(tmp_path: Path) -> None:
    rows: list[Row] = [("a", "counter", "E2", 5, 9), ("a", "counter", "E2", 1, 23)]
    snapshot = snapshot_of(tmp_path / "s", rows, {("a", "counter"): 100})
    row = next(r for r in open_run(snapshot, "overall").table.rows if r["agency"] == "a")
    assert str(row["weighted_index"]) == "28.13"
    assert report(snapshot)["a"]["sensitivity"]["index"] == 28.13
