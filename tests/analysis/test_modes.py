"""What is told of channels: counts of agencies, and the difference in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

import analysis
from analysis.comparison.quality import MODES, mode_effects, summarise_modes
from tests.analysis.samples import write_province


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> analysis.Run:
    folder: Path = tmp_path_factory.mktemp("modes")
    return analysis.open_run(write_province(folder / "snapshot"), "sipas-service")


def test_the_summary_counts_the_agencies_of_the_table(run: analysis.Run) -> None:
    found = run.modes(run.table)
    assert found is not None
    shown = {row["agency"] for row in run.table.rows if row["weighted_index"] is not None}
    effects = mode_effects(run.cells(), run.totals, run.method, MODES)
    rows = [row for agency, row in effects.items() if agency in shown]
    assert found.compared == len(rows) > 5
    beyond = [row["difference"] for row in rows if row["p_holm"] < 0.05]
    assert (found.higher, found.lower) == (
        sum(one > 0 for one in beyond),
        sum(one < 0 for one in beyond),
    )
    middle = sorted(row["difference"] for row in rows)[len(rows) // 2]
    assert abs(found.median - middle) < 2


def test_hidden_agencies_are_not_counted(run: analysis.Run) -> None:
    effects = mode_effects(run.cells(), run.totals, run.method, MODES)
    some = sorted(effects)[:3]
    found = summarise_modes(run.cells(), run.totals, run.method, MODES, some)
    assert found is not None
    assert found.compared == 3
    assert summarise_modes(run.cells(), run.totals, run.method, MODES, []) is None


def test_without_the_channel_there_is_nothing_to_tell(run: analysis.Run) -> None:
    totals = {key: n for key, n in run.totals.items() if key[2] != "online"}
    assert summarise_modes(run.cells(), totals, run.method, MODES, ["s05"]) is None
