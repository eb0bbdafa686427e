"""CPU time, memory of the forms of the analyst's bundle. `python -m benchmarks.exports [answers]`

Made-up answers under the weights of a method, written as CSV, long CSV, Parquet and SPSS; a tenth
of the rows first, so that growth is seen. SPSS comes last: it holds all rows in memory.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from analysis import open_run
from analysis.data.weighted_rows import ROW_COLUMNS, WeightedRows
from analysis.export.bundle.codebook import describe_columns
from analysis.export.bundle.sav import write_sav
from benchmarks.machine import describe
from benchmarks.made_snapshots import make

ANSWERS: Final = 1_000_000
UNIT: Final = 100_000
AIM_SECONDS: Final = 5.0
"""CPU seconds of CSV for each hundred thousand rows."""


def main() -> None:
    """Write every form of both sizes, print the figures."""
    answers = int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS
    seen: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (answers // 10, answers):
            source = Path(folder) / f"snapshot-{count}"
            make(source, count)
            rows = open_run(source, "sipas-service").weighted_rows
            for name, write in forms(rows, Path(folder)).items():
                before = time.process_time()
                write()
                seen.setdefault(name, []).append(time.process_time() - before)
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                seen[name].append(memory)
    print(describe())
    for name, (small, _low, large, memory) in seen.items():
        each = large / answers * UNIT
        print(
            f"{name}: {large:.1f} CPU s for {answers:,} rows, {each:.2f} for each {UNIT:,}, "
            f"{large / small:.1f} x for ten times the rows, memory {memory:.0f} MB so far"
        )
    print(f"aim: CSV {AIM_SECONDS} CPU s for each {UNIT:,}, growth at most 11 x")


def forms(rows: WeightedRows, folder: Path) -> dict[str, Callable[[], object]]:
    """What writes each form."""
    columns = describe_columns(ROW_COLUMNS, {})

    def to_file(name: str, write: Callable[..., object]) -> None:
        with (folder / name).open("wb") as file:
            write(file)

    return {
        "CSV": lambda: to_file("rows.csv", rows.write_csv),
        "long CSV": lambda: to_file("long.csv", rows.write_long_csv),
        "Parquet": lambda: rows.write_parquet(folder / "rows.parquet"),
        "SPSS": lambda: write_sav(rows, columns, folder / "rows.sav", "x"),
    }


if __name__ == "__main__":
    main()
