"""A run reads every row once, whatever is asked of it; the front door lists what it offers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

import analysis
from analysis.counting import engine, parts
from analysis.run import Purpose
from tests.analysis.samples import write_province


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> analysis.Snapshot:
    return write_province(tmp_path_factory.mktemp("province") / "snapshot")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each part of a snapshot was read."""
    counted: Counter[str] = Counter()
    read = parts.read_part

    def read_and_count(path: Path, columns: Sequence[str]) -> pl.DataFrame:
        counted[path.name] += 1
        return read(path, columns)

    monkeypatch.setattr(engine, "read_part", read_and_count)
    return counted


@pytest.mark.long
@pytest.mark.parametrize("purpose", ["index", "quality", "charts"])
def test_each_part_is_read_once(
    snapshot: analysis.Snapshot, reads: Counter[str], purpose: Purpose
) -> None:
    run = analysis.open_run(snapshot, purpose=purpose)
    assert run.table.rows
    if purpose == "quality":
        assert run.quality["agencies"]
    if purpose == "charts":
        assert analysis.draw_charts(run)
        assert run.chart_data(run.table)["levels"]
    assert reads == {part.name: 1 for part in snapshot.parts}


@pytest.mark.long
def test_what_was_not_ordered_is_counted_by_another_pass(
    snapshot: analysis.Snapshot, reads: Counter[str]
) -> None:
    run = analysis.open_run(snapshot)
    assert run.quality == analysis.open_run(snapshot, purpose="quality").quality
    assert set(reads.values()) == {3}


@pytest.mark.long
def test_the_purpose_changes_no_number(snapshot: analysis.Snapshot) -> None:
    tables = [analysis.open_run(snapshot, purpose=p).table for p in ("index", "quality", "charts")]
    assert tables[0] == tables[1] == tables[2]


FRONT_DOOR = """
ANSWERED Rules UnitFlag UnitMonth UnitSums flag_units gather_facts load_rules open_facts read_facts
write_facts
AnalysisError BundleText LICENCES OpenDataset
FORMATS INDEX_COLUMNS Figure Frame ITEMS IndexResult Method ModelledShare PROVINCE Picture
RESPONSE_COLUMNS Run
SATISFACTION_TARGET Signer Snapshot SnapshotWriter Spec Table Target choose_engine combine_snapshots
compare_periods
comparison_pictures describe_file
draw_charts read_note sign_note draw_coverage draw_levels estimate factor_profile index_trend
frame_estimates
list_methods load_cells load_method load_spec model_shares open_run open_snapshot
rank_estimates read_covariates read_json read_method_text read_number render save_cells score
small_area_estimates standing_by_kind weigh_rows write_bundle write_charts write_json write_table
build_country_table build_folder build_public_rows code_ids export_cells make_signer read_signer
Measured Shift compare_before_after compare_with_others measure_share
Framework FrameworkError FigureError NOT_APPLICABLE Scorecard ScoredLine check_signed_scores
field_names list_frameworks read_declared read_framework read_framework_text read_signed_scores
"""


def test_the_front_door_is_complete() -> None:
    assert sorted(analysis.__all__) == sorted(FRONT_DOOR.split())
    assert all(getattr(analysis, name) is not None for name in analysis.__all__)
