"""Time, size, memory of the static site of results. `python -m benchmarks.public_site [agencies]`

A made-up released edition with every part a figure can have; pages in three languages and the open
data are written to an empty folder, then once more over it.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import describe
from benchmarks.reports import fill, make_rows

AGENCIES: Final = 3_500
AIM_SECONDS: Final = 120
AIM_BYTES: Final = 15_000
ITEMS: Final = {
    "ACCESS": "A1 A2 A3",
    "PROCEDURE": "B1 B2 B3 B4",
    "STAFF": "C1 C2 C3",
    "RESULT": "D1 D2 D3",
    "FEEDBACK": "E1 E2 E3",
}


def widen() -> None:
    """Give every agency the factors and items of the shipped questionnaire, and applicants."""
    from survey.scorecards.models import AgencyResult, Edition

    members = {factor: items.split() for factor, items in ITEMS.items()}
    Edition.objects.update(about={"period": "2026-Q2", "province": "x", "factors": members})
    batch = []
    for result in AgencyResult.objects.select_related("agency").iterator(chunk_size=500):
        key = result.agency.key if result.agency else "*"
        result.rows = _rows(key, result.kind, members)
        batch.append(result)
    AgencyResult.objects.bulk_update(batch, ["rows"], batch_size=500)


def _rows(key: str, kind: str, members: dict[str, list[str]]) -> list[dict[str, Any]]:
    rows = [row for row in make_rows(key) if row["level"] != "factor"]
    parts = [("factor", factor) for factor in members]
    parts += [("item", item) for items in members.values() for item in items]
    parts += [("applicant", code) for code in ("citizen", "business")]
    more = [{**rows[0], "level": level, "code": code, "label": code} for level, code in parts]
    return [{**row, "agency_kind": kind} for row in [*rows, *more]]


def main() -> None:
    """Build the edition, write its site twice, print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else AGENCIES
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HAILONG_VAR"] = folder
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "survey.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        agencies = fill(count)
        widen()
        measure(agencies, Path(folder) / "site")


def measure(agencies: int, target: Path) -> None:
    """Write the site and say what it took."""
    from survey.public.site import build_site

    times = []
    for _number in range(2):
        wall, cpu = time.perf_counter(), time.process_time()
        files = build_site(target)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    pages = [path.stat().st_size for path in target.rglob("index.html")]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(describe())
    print(f"{agencies:,} agencies: {files:,} files, {len(pages):,} of them pages")
    for name, (wall, cpu) in zip(("first", "again"), times, strict=True):
        print(f"{name}: {wall:.0f} s, {cpu:.0f} CPU s (aim {AIM_SECONDS} s)")
    print(f"largest page {max(pages):,} bytes (aim {AIM_BYTES:,}); memory {memory} MB")


if __name__ == "__main__":
    main()
