"""The analysis at the size of the country, as CPU ratios in one run. `make bench-analysis` (about
ten minutes)

Each step runs in a process of its own, so that CPU time and peak memory are its own; the median of
three runs counts up to 5 million rows, one run above. Peers are installed into a virtual
environment the benchmark makes for them. `python -m benchmarks.analysis_scale ROWS` takes at most
so many rows everywhere; below a million without the peers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from analysis import SnapshotWriter, load_method, open_snapshot
from analysis.comparison.ranks import rank_sets
from analysis.counting.cells import count_rows
from analysis.counting.cells_io import load_cells, save_cells
from analysis.counting.engine import LocalEngine
from analysis.counting.variables import Variable
from analysis.data.schema import RESPONSE_COLUMNS
from analysis.index.counted import KEYS
from analysis.index.indices import compute_indices
from analysis.method import Method
from analysis.weighting.calibrate import Margin, calibrate_codes
from benchmarks.machine import describe
from benchmarks.made_snapshots import (
    AGENCIES,
    ITEMS,
    make,
)

FEW, MANY = 1_000_000, 5_000_000
PEERS = Path(tempfile.gettempdir()) / "hailong-peers"


def method() -> Method:
    """22 items in 5 factors, pooled shares with standard errors, counted per factor."""
    base = load_method("sipas-pooled")
    sizes = (5, 5, 4, 4, 4)
    starts = np.cumsum([0, *sizes])
    factors = {f"F{k + 1}": tuple(ITEMS[starts[k] : starts[k + 1]]) for k in range(5)}
    return replace(base, factors=factors, detail="factors", by_domain=False)


def scan(folder: Path) -> None:
    """Read the same columns and count answers per agency: the least any program has to do."""
    for part in open_snapshot(folder).parts:
        frame = pl.read_parquet(part, columns=[*KEYS, *ITEMS])
        frame.group_by(KEYS).agg(pl.col(ITEMS).count())


def read(folder: Path) -> None:
    """Read the same columns and add them up, no grouping."""
    for part in open_snapshot(folder).parts:
        frame = pl.read_parquet(part, columns=[*KEYS, *ITEMS])
        frame.select(
            pl.col(ITEMS).cast(pl.Int64).sum(), pl.col("agency", "domain", "channel").n_unique()
        )


def index(folder: Path) -> None:
    """Raw answers to five factors and overall with SE in every agency."""
    snapshot, chosen = open_snapshot(folder), method()
    cells = LocalEngine().cells(snapshot.parts, KEYS, chosen.variables())
    compute_indices(cells, snapshot.totals(), chosen, {})


def summarise(folder: Path) -> None:
    """Row summaries, made once: factor counts as bytes beside the keys, sorted by cell."""
    target = folder / "summary"
    target.mkdir(exist_ok=True)
    for part in open_snapshot(folder).parts:
        variables = method().variables()
        frame = pl.read_parquet(part, columns=[*KEYS, *ITEMS])
        small = frame.select(
            *KEYS, *(variable.expression().cast(pl.Int8) for variable in variables)
        )
        small.sort(KEYS).write_parquet(target / part.name, compression="zstd")


def from_summary(folder: Path) -> None:
    """Five factors and overall with SE from the stored row summaries."""
    snapshot, chosen = open_snapshot(folder), method()
    variables = [Variable(v.name, v.name, "value") for v in chosen.variables()]
    cells = LocalEngine().cells(sorted((folder / "summary").glob("*.parquet")), KEYS, variables)
    compute_indices(cells, snapshot.totals(), chosen, {})


def keep(folder: Path) -> None:
    """The table of cells, kept."""
    snapshot = open_snapshot(folder)
    save_cells(
        LocalEngine().cells(snapshot.parts, KEYS, method().variables()), folder / "cells.parquet"
    )


def again(folder: Path) -> None:
    """New margins: weights, indices, SE, design effects and ranks from the kept cells."""
    snapshot, chosen = open_snapshot(folder), replace(method(), trim=4.0)
    result = compute_indices(load_cells(folder / "cells.parquet"), snapshot.totals(), chosen, {})
    rows = [f for f in result.figures if f.level == "overall" and f.weighted is not None][1:]
    rank_sets([f.weighted or 0.0 for f in rows], [f.se or 0.0 for f in rows])


def rake(folder: Path) -> float:
    """Rows into cells, then three margins: agency, domain, channel; CPU seconds from rows in memory
    to weights.
    """
    names = ("agency", "domain", "channel")
    frame = pl.concat(
        [pl.read_parquet(part, columns=list(names)) for part in open_snapshot(folder).parts]
    )
    whole = count_rows(frame, names, [Variable("n", "", "one")])
    targets = {name: margin(whole.key(name), whole.n) for name in names}
    before = time.process_time()
    cells = count_rows(frame, names, [Variable("n", "", "one")])
    codes = [cells.codes(name)[0] for name in names]
    values = [np.array(list(targets[name].values())) for name in names]
    margins = [Margin((name,), targets[name]) for name in names]
    found = calibrate_codes(codes, values, cells.n.astype(float), margins, "rake")
    spent = time.process_time() - before
    assert found.error < 1e-10
    return spent


def margin(values: list[str], n: Any) -> dict[tuple[str, ...], float]:
    """Targets that differ from the sample by up to a half, with a common sum."""
    names, code = np.unique(np.array(values), return_inverse=True)
    sizes = np.bincount(code, weights=n) * np.random.default_rng(len(names)).uniform(
        0.5, 1.5, len(names)
    )
    return {
        (name,): float(size)
        for name, size in zip(names.tolist(), sizes * n.sum() / sizes.sum(), strict=True)
    }


PEER_RAKE = """
import glob, json, sys, time
import pandas as pd
import pyarrow.parquet as pq
import weightipy as wp
parts = sorted(glob.glob(sys.argv[1] + '/responses/*'))
columns = ['agency', 'domain', 'channel']
frame = pd.concat([pq.read_table(part, columns=columns).to_pandas() for part in parts],
    ignore_index=True)
targets = json.load(open(sys.argv[2]))
scheme = wp.scheme_from_dict({name: {k: 100 * v for k, v in t.items()} for name,
    t in targets.items()})
before = time.process_time()
wp.weight_dataframe(frame, scheme, weight_column='w')
cpu = time.process_time() - before
status = open('/proc/self/status').read().split()
print(json.dumps({'cpu': cpu, 'peak_mb': int(status[status.index('VmHWM:') + 1]) / 1024}))
"""


def peer_rake(folder: Path) -> dict[str, float]:
    """weightipy on the same rows and margins; only its own weighting is timed."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        packages = ["weightipy==0.4.2", "pyarrow", "pandas"]
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--quiet", *packages], check=True
        )
    snapshot = open_snapshot(folder)
    cells = LocalEngine().cells(
        snapshot.parts, ("agency", "domain", "channel"), [Variable("n", "", "one")]
    )
    targets = {}
    for name in ("agency", "domain", "channel"):
        wanted = margin(cells.key(name), cells.n)
        targets[name] = {key[0]: value / sum(wanted.values()) for key, value in wanted.items()}
    (folder / "targets.json").write_text(json.dumps(targets))
    command = [
        str(python),
        "-W",
        "ignore",
        "-c",
        PEER_RAKE,
        str(folder),
        str(folder / "targets.json"),
    ]
    return dict(json.loads(subprocess.check_output(command, text=True).splitlines()[-1]))


def small(folder: Path) -> None:
    """500 answers to the three export files, with everything that has to be imported."""
    from analysis.cli import main as command

    out = [
        part
        for kind in ("xlsx", "csv", "json")
        for part in ("--out", str(folder / f"index.{kind}"))
    ]
    assert command(["index", str(folder / "small"), *out]) == 0


def make_small(folder: Path) -> None:
    rng = np.random.default_rng(1)
    writer = SnapshotWriter(folder / "small")
    for number in range(500):
        levels = [int(level) for level in rng.integers(1, 6, 17)] + [None] * (
            len(RESPONSE_COLUMNS) - 25
        )
        writer.add((f"a{number % 9}", "land", "counter", "E2", "", "vi", "2026-07", "", *levels))
    totals = [(f"a{k}", "land", "counter", "2026-07", 100, 90) for k in range(9)]
    names = [(f"a{k}", f"a{k}", "commune", "") for k in range(9)]
    writer.close(totals=totals, agencies=names, about={"period": "2026-Q3"})


STEPS = {
    step.__name__: step
    for step in (scan, read, index, summarise, from_summary, keep, again, rake, small)
}


def child(step: str, folder: str) -> None:
    spent = STEPS[step](Path(folder))
    # Not ru_maxrss: a child process starts with its parent's.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]  # Linux has the line
    print(json.dumps({"cpu": time.process_time() if spent is None else spent, "peak_mb": peak}))


def measured(step: str, folder: Path, runs: int = 3) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.analysis_scale", step, str(folder)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    found = [
        json.loads(subprocess.check_output(command, env=environment, text=True))
        for _ in range(runs)
    ]
    return {key: sorted(run[key] for run in found)[runs // 2] for key in found[0]}


def show(name: str, row: dict[str, float], note: str = "") -> None:
    print(f"  {name:34} {row['cpu']:7.2f} s CPU  {row['peak_mb']:6.0f} MB  {note}", flush=True)


def main(largest: int) -> None:
    print(describe())
    code = "import time, analysis; print(time.process_time())"
    loading = min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5))
    print(f"import analysis {loading:.2f} s CPU")
    with tempfile.TemporaryDirectory(prefix="hailong-bench-") as name:
        folder = Path(name)
        make_small(folder)
        show("500 answers, end to end", measured("small", folder))
        few, many = min(FEW, largest), min(MANY, largest)
        make(folder / "few", few)
        mine = measured("rake", folder / "few")
        show(f"raking 3 margins, {few:,} rows", mine, "rows in memory to weights")
        if few == FEW:
            peer = peer_rake(folder / "few")
            show("  weightipy", peer, f"its weighting alone; ratio {peer['cpu'] / mine['cpu']:.1f}")
        for label, shuffled in (("sorted by cell", False), ("random order", True)):
            target = folder / ("shuffled" if shuffled else "many")
            make(target, many, shuffled=shuffled)
            print(f"{many:,} rows x {len(ITEMS)} items x {AGENCIES} agencies, {label}")
            floor, least, whole = (measured(step, target) for step in ("scan", "read", "index"))
            show("read the same columns", least)
            show("scan: read and count by cell", floor)
            show("5 factors + overall with SE", whole, f"{whole['cpu'] / floor['cpu']:.1f} x scan")
        for step in ("keep", "again"):
            show(
                {"keep": "keep the cells", "again": "new weights from kept cells"}[step],
                measured(step, folder / "many"),
            )
        show(f"make row summaries, {many:,}", measured("summarise", folder / "many", 1))
        show(f"from row summaries, {many:,}", measured("from_summary", folder / "many"))
        if largest > many:
            make(folder / "big", largest)
            show(f"5 factors + overall, {largest:,}", measured("index", folder / "big", 1))
            show("make row summaries", measured("summarise", folder / "big", 1))
            show(f"from row summaries, {largest:,}", measured("from_summary", folder / "big", 1))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        child(*sys.argv[1:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000_000)
