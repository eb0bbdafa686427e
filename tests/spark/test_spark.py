"""Local and Spark give the same cells to the last bit, and the same files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis import SnapshotWriter, open_snapshot
from analysis.cli import main
from analysis.counting.cells import Cells
from analysis.counting.engine import LocalEngine, choose_engine
from analysis.counting.variables import Variable
from analysis.data.schema import ITEMS
from analysis.errors import AnalysisError
from analysis.index.counted import KEYS
from analysis.method import load_method

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(3)
    writer = SnapshotWriter(tmp_path_factory.mktemp("spark") / "snapshot", rows_per_part=700)
    rows, totals = [], {}
    for _ in range(5000):
        agency, domain = f"a{rng.integers(0, 30):02d}", ("land", "social", "")[rng.integers(0, 3)]
        channel, evidence = (
            ("counter", "online")[rng.integers(0, 2)],
            ("E0", "E2", "E3")[rng.integers(0, 3)],
        )
        levels = [None if level < 0 else int(level) for level in rng.integers(-1, 6, len(ITEMS))]
        rows.append((agency, domain, channel, evidence, "", "vi", "2026-07", "", *levels))
        totals[agency, domain, channel, "2026-07"] = (120, 110)
    for row in rows:
        writer.add(row)
    agencies = [(agency, agency, "commune", "") for agency in sorted({str(row[0]) for row in rows})]
    flat = [(*key, *value) for key, value in sorted(totals.items())]
    return writer.close(totals=flat, agencies=agencies, about={"period": "2026-Q3"}).folder


def same(a: Cells, b: Cells) -> bool:
    arrays = all(
        x.dtype == y.dtype and x.shape == y.shape and (x == y).all()
        for x, y in ((a.n, b.n), (a.total, b.total), (a.cross, b.cross))
    )
    return arrays and a.keys.equals(b.keys) and a.variables == b.variables


def test_cells_are_the_same_to_the_last_bit(cluster: str, folder: Path) -> None:
    snapshot = open_snapshot(folder)
    assert len(snapshot.parts) == 8
    distributed = choose_engine(cluster)
    for keys, variables in (
        (KEYS, load_method("sipas-service").variables()),
        (("agency",), [Variable("n", "", "one")]),
        (KEYS, load_method("nps").variables()),
    ):
        here = LocalEngine().cells(snapshot.parts, keys, variables)
        assert same(here, distributed.cells(snapshot.parts, keys, variables))
        assert same(here, distributed.cells(list(reversed(snapshot.parts)), keys, variables))


def test_the_command_writes_the_same_bytes(cluster: str, folder: Path, tmp_path: Path) -> None:
    for name, engine in (("here", "local"), ("there", cluster)):
        out = [
            part
            for kind in ("csv", "xlsx", "json")
            for part in ("--out", str(tmp_path / f"{name}.{kind}"))
        ]
        assert main(["index", str(folder), "--engine", engine, *out]) == 0
    for kind in ("csv", "xlsx", "json"):
        assert (tmp_path / f"here.{kind}").read_bytes() == (tmp_path / f"there.{kind}").read_bytes()


def test_a_damaged_part_is_named_and_nothing_is_written(
    cluster: str, folder: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "part.parquet"
    broken.write_bytes(b"no parquet")
    with pytest.raises(AnalysisError, match=r"part\.parquet"):
        choose_engine(cluster).cells([broken], ("agency",), [Variable("n", "", "one")])
