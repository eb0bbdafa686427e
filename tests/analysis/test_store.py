"""Cells at rest: what is kept is what was counted, and periods are sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cli import main
from analysis.counting.cells import Cells, count_rows
from analysis.counting.cells_io import from_arrow, load_cells, part_as_arrow, save_cells
from analysis.counting.engine import LocalEngine, ProcessEngine, choose_engine
from analysis.counting.spark import SparkEngine
from analysis.counting.variables import CellRequest
from analysis.errors import AnalysisError
from analysis.index.counted import KEYS
from analysis.index.indices import compute_indices
from analysis.method import load_method
from tests.analysis.samples import write_province

METHOD = load_method("sipas-service")


def same(a: Cells, b: Cells) -> bool:
    arrays = all(
        x.dtype == y.dtype and x.shape == y.shape and (x == y).all()
        for x, y in ((a.n, b.n), (a.total, b.total), (a.cross, b.cross))
    )
    return arrays and a.keys.equals(b.keys) and a.variables == b.variables


@pytest.mark.long
def test_kept_cells_are_the_counted_ones_and_give_the_same_index(tmp_path: Path) -> None:
    snapshot = write_province(tmp_path / "s")
    cells = LocalEngine().cells(snapshot.parts, (*KEYS, "month"), METHOD.variables())
    parts = []
    for month in ("2026-07", "2026-08"):
        mine = cells.restrict(np.array(cells.key("month")) == month)
        reduced = Cells(mine.keys.select(KEYS), mine.variables, mine.n, mine.total, mine.cross)
        save_cells(reduced + reduced - reduced, tmp_path / f"{month}.parquet")
        parts.append(load_cells(tmp_path / f"{month}.parquet"))
    quarter = parts[0] + parts[1]
    assert same(quarter, LocalEngine().cells(snapshot.parts, KEYS, METHOD.variables()))
    direct = compute_indices(
        LocalEngine().cells(snapshot.parts, KEYS, METHOD.variables()), snapshot.totals(), METHOD, {}
    )
    assert compute_indices(quarter, snapshot.totals(), METHOD, {}) == direct


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), min_size=1, max_size=40),
    st.integers(0, 40),
)
@settings(max_examples=40, deadline=None)
def test_adding_then_removing_rows_restores_the_cells(
    rows: list[tuple[str, int]], cut: int
) -> None:
    method = load_method("overall")

    def counted(some: list[tuple[str, int]]) -> Cells:
        data = [
            dict(zip(KEYS, (a, "d", "c", "E3", "", ""), strict=True)) | {"overall": x}
            for a, x in some
        ]
        schema = {**dict.fromkeys(KEYS, pl.String), "overall": pl.Int8}
        return count_rows(pl.DataFrame(data, schema=schema), KEYS, method.variables())

    first, more = counted(rows), counted(rows[:cut])
    assert same(first + more - more, first)


def test_cells_travel_as_arrow(tmp_path: Path) -> None:
    import pyarrow as pa

    snapshot = write_province(tmp_path / "s")
    variables = METHOD.variables()
    columns = [*KEYS, *METHOD.items]
    sent = pa.Table.from_batches(
        [part_as_arrow(part, KEYS, variables, columns) for part in snapshot.parts]
    )
    from analysis.counting.cells import merge

    assert same(
        merge([from_arrow(sent, KEYS, variables)]),
        LocalEngine().cells(snapshot.parts, KEYS, variables),
    )


def test_what_is_no_table_of_cells_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"none\.parquet"):
        load_cells(tmp_path / "none.parquet")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_bytes(b"text")
    for name in ("other", "text"):
        with pytest.raises(AnalysisError, match=rf"{name}\.parquet is no table"):
            load_cells(tmp_path / f"{name}.parquet")
    with pytest.raises(AnalysisError, match=r"text\.parquet cannot be read"):
        LocalEngine().cells([tmp_path / "text.parquet"], KEYS, METHOD.variables())


def test_engines_by_name() -> None:
    assert isinstance(choose_engine("local"), LocalEngine)
    assert choose_engine("spark://host:7077") == SparkEngine("spark://host:7077")
    with pytest.raises(AnalysisError, match="no engine"):
        choose_engine("hadoop")


@pytest.mark.long
def test_processes_give_the_same_bytes_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = write_province(tmp_path / "s", rows_per_part=300)
    assert len(snapshot.parts) > 4
    assert isinstance(choose_engine("local", 3), ProcessEngine)
    command = ["index", str(snapshot.folder), "--out"]
    for jobs in ("1", "3"):
        assert main([*command, str(tmp_path / f"{jobs}.csv"), "--jobs", jobs]) == 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "3.csv").read_bytes()
    for wrong in (["--jobs", "0"], ["--jobs", "2", "--engine", "local[2]"]):
        assert main([*command, str(tmp_path / "x.csv"), *wrong]) == 2
        assert "--jobs" in capsys.readouterr().err
    snapshot.parts[2].write_bytes(b"PAR1")
    request = CellRequest(KEYS, METHOD.variables())
    with pytest.raises(AnalysisError, match=snapshot.parts[2].name):
        ProcessEngine(2).count(snapshot.parts, [request])
    assert not (tmp_path / "x.csv").exists()
