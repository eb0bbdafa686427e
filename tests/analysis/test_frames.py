"""Results as frames have the names of the exports, and their values."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

import analysis
from analysis.export import FORMATS
from analysis.sample_survey.spec import build_spec
from tests.analysis.samples import write_province


@pytest.mark.long
def test_an_index_as_a_frame_is_its_parquet_file(tmp_path: Path) -> None:
    table = analysis.open_run(write_province(tmp_path / "snapshot"), "sipas-service").table
    file = io.BytesIO()
    FORMATS["parquet"](table, file)
    frame, kept = table.to_frame(), pd.read_parquet(io.BytesIO(file.getvalue()))
    assert list(frame.columns) == list(kept.columns) == list(analysis.INDEX_COLUMNS)
    assert len(frame) == len(table.rows) > 100
    for name in frame.columns:
        here, there = frame[name], kept[name].astype(frame[name].dtype)
        assert here.equals(there), name
    assert frame["weighted_index"].isna().any(), "what is hidden is missing, not zero"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.csv").write_text("agency,estimate,q\na,x,5\na,x,2\nb,y,4\nb,y,5\n")
    return tmp_path


def asked(folder: Path, *columns: str) -> dict[str, object]:
    share = {"kind": "share", "numerator": "q", "condition": {"op": ">=", "value": 4}}
    estimands = [
        {"name": "satisfied", **share},
        {"name": "by", **share, "by": list(columns)},
    ]
    return analysis.estimate(build_spec({"data": "s.csv", "estimand": estimands}, folder))


def test_estimates_as_a_frame_have_the_names_of_the_file(folder: Path) -> None:
    result = asked(folder, "agency")
    frame = analysis.frame_estimates(result)
    assert frame["agency"].isna().tolist() == [True, False, False]
    assert frame["agency"].tolist()[1:] == ["a", "b"]
    assert frame["estimate"].tolist() == [0.75, 0.5, 1.0]
    rows = result["estimates"]
    assert isinstance(rows, list)
    names = [name for name in rows[0] if name != "domain"]
    assert list(frame.columns) == [names[0], "agency", *names[1:]]
    for name in names:
        assert frame[name].tolist()[:2] == [row[name] for row in rows][:2], name


def test_a_domain_called_like_a_column_of_the_result_is_refused(folder: Path) -> None:
    with pytest.raises(analysis.AnalysisError, match="both have a column 'estimate'"):
        analysis.frame_estimates(asked(folder, "estimate"))
