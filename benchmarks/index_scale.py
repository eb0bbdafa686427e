"""Index with standard errors at scale, as a ratio to scanning the same columns. `python -m
benchmarks.index_scale`

Each step runs in a process of its own, so that its CPU time and peak memory are its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from analysis import SnapshotWriter, open_run, open_snapshot
from analysis.data.schema import ITEMS, SERVICE_ITEMS
from benchmarks.machine import describe

AGENCIES, DOMAINS, CHANNELS = 3500, 5, 3


def make(folder: Path, rows: int, applicants: Sequence[str] = ("",)) -> None:
    """A snapshot of random answers, written part by part; applicants take turns in each cell."""
    rng = np.random.default_rng(7)
    writer = SnapshotWriter(folder)
    cells = [(a, d, c) for a in range(AGENCIES) for d in range(DOMAINS) for c in range(CHANNELS)]
    sizes = rng.multinomial(rows, np.full(len(cells), 1 / len(cells)))
    for (a, d, c), size in zip(cells, sizes, strict=True):
        for number, answers in enumerate(rng.integers(0, 6, (size, 16)).tolist()):
            applicant = applicants[number % len(applicants)]
            keys = (f"a{a:04d}", f"d{d}", f"c{c}", "E2", "", "vi", "2026-07", applicant)
            writer.add((*keys, None, *answers, *[None] * (len(ITEMS) - 1 - len(SERVICE_ITEMS))))
    totals = [
        (f"a{a:04d}", f"d{d}", f"c{c}", "2026-07", int(n) * 3, int(n))
        for (a, d, c), n in zip(cells, sizes, strict=True)
    ]
    agencies = [(f"a{a:04d}", f"Đơn vị {a}", "commune", "") for a in range(AGENCIES)]
    writer.close(totals=sorted(totals), agencies=agencies, about={"period": "2026-Q3"})


def scan(folder: Path) -> None:
    """Read the same columns and count answers: the least any program has to do."""
    for part in open_snapshot(folder).parts:
        frame = pl.read_parquet(part, columns=["agency", "domain", "channel", *SERVICE_ITEMS])
        frame.select(
            pl.col(SERVICE_ITEMS).cast(pl.Int64).sum(),
            pl.col("agency", "domain", "channel").n_unique(),
        )


def index(folder: Path) -> None:
    """Everything from the snapshot to figures with standard errors and intervals."""
    assert open_run(folder, "sipas-service").result.figures


def publish(folder: Path) -> None:
    """The same, and the table with everything hidden that has to be."""
    assert open_run(folder, "sipas-service").table.rows


STEPS = {"scan": scan, "index": index, "publish": publish}
APPLICANTS = ("citizen", "citizen", "citizen", "business", "")
"""Three of five answers are of citizens, one of a business, one does not tell."""


def child(step: str, folder: str) -> None:
    before = time.process_time()
    STEPS[step](Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": time.process_time() - before, "peak_mb": peak}))


def measured(step: str, folder: Path, runs: int = 3) -> dict[str, float]:
    """The middle one of some runs, each in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.index_scale", step, str(folder)]
    found = [
        json.loads(
            subprocess.check_output(command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        )
        for _ in range(runs)
    ]
    return {key: sorted(run[key] for run in found)[runs // 2] for key in found[0]}


def main(sizes: Sequence[int]) -> None:
    print(describe())
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="hailong-bench-") as folder:
            plain, split = Path(folder) / "s", Path(folder) / "by-applicant"
            make(plain, rows)
            make(split, rows, APPLICANTS)
            found = {
                "scan": measured("scan", plain),
                "index with SE": measured("index", plain),
                "and its table": measured("publish", plain, runs=1),
                "by applicant, index": measured("index", split, runs=1),
                "and its table by applicant": measured("publish", split, runs=1),
            }
            print(f"{rows:,} rows x 16 items x {AGENCIES} agencies")
            for name, row in found.items():
                print(f"  {name:28} {row['cpu']:6.2f} s CPU  {row['peak_mb']:5.0f} MB")
            print(f"  ratio {found['index with SE']['cpu'] / found['scan']['cpu']:.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        child(*sys.argv[1:])
    else:
        main([int(sys.argv[1])] if len(sys.argv) > 1 else (100_000, 1_000_000, 3_000_000))
