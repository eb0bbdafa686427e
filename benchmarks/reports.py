"""CPU and memory of the quarter pack with the whole country's agencies. `python -m
benchmarks.reports [agencies]`

A report on each agency beside the province's, from a made-up released edition; drawn in the
process, one after the other.
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

AGENCIES: Final = 3_500
AIM_SECONDS: Final = 0.5
EARLY: Final = 100
"""After so many reports memory is looked at for the first time."""


def fill(count: int) -> int:
    """A released edition of the second quarter of 2026; how many agencies it has."""
    from datetime import UTC, datetime

    from survey.agencies.models import AgencyVersion
    from survey.agencies.reorganisation import load_units
    from survey.scorecards.models import AgencyResult, Edition

    load_units()
    at = datetime(2026, 7, 10, tzinfo=UTC)
    edition = Edition.objects.create(
        period="2026-Q2",
        method="sipas-service",
        method_version=3,
        method_sha256="m" * 64,
        snapshot_sha256="s" * 64,
        responses=1,
        about={"period": "2026-Q2", "province": "x"},
        made_at=at,
        released_at=at,
        public_number=1,
    )
    versions = AgencyVersion.objects.filter(valid_to=None)[:count]
    results = [
        AgencyResult(
            edition=edition,
            agency_id=version.agency_id,
            name=version.name,
            kind=version.kind,
            rows=make_rows(str(version.agency_id)),
        )
        for version in versions
    ]
    whole = AgencyResult(edition=edition, name="Cả nước", kind="province", rows=make_rows("*"))
    AgencyResult.objects.bulk_create([whole, *results], batch_size=500)
    return len(results)


def make_rows(agency: str) -> list[dict[str, Any]]:
    """One overall row, five factors and four domains."""
    from analysis.publication.table import INDEX_COLUMNS

    shown = {
        **dict.fromkeys(INDEX_COLUMNS),
        "period": "2026-Q2",
        "agency": agency,
        "agency_name": agency,
        "agency_kind": "commune",
        "status": "published",
        "n": 420,
        "weighted_index": "83.54",
        "se": "1.10",
        "ci_low": "81.20",
        "ci_high": "85.90",
        "n_eff": "400.00",
        "deff": "1.05",
        "response_rate": "12.00",
        "items_missing": 0,
    }
    parts = [("overall", "overall"), *(("factor", f"F{n}") for n in range(5))]
    parts += [("domain", f"D{n}") for n in range(4)]
    return [
        {**shown, "level": level, "code": code, "label": f"Nội dung {code}"}
        for level, code in parts
    ]


def main() -> None:
    """Build the edition, make its pack, print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else AGENCIES
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HAILONG_VAR"] = folder
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "survey.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        measure(fill(count), Path(folder))


def measure(agencies: int, folder: Path) -> None:
    """Make the pack twice: the second is told, and has to be the same."""
    from datetime import UTC, datetime

    from survey.common.periods import parse_period
    from survey.reports.packs import make_pack

    seen: list[tuple[int, float, int]] = []

    def note(done: int, _total: int) -> None:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        seen.append((done, time.process_time(), memory))

    period, at = parse_period("2026-Q2"), datetime(2026, 7, 11, tzinfo=UTC)
    sums = set()
    for number in range(2):
        seen.clear()
        target = folder / f"{number}.zip"
        sums.add(make_pack(period=period, target=target, as_of=at, progress=note))
    first = len(seen) - agencies
    each = (seen[-1][1] - seen[first - 1][1]) / agencies
    early = seen[min(first + EARLY, len(seen) - 1)][2]
    print(describe())
    print(f"{agencies:,} agencies: {each:.3f} CPU s a report (aim {AIM_SECONDS})")
    print(f"memory after {EARLY} reports {early} MB, at the end {seen[-1][2]} MB")
    print(f"pack {target.stat().st_size / 1e6:.1f} MB, twice the same: {len(sums) == 1}")


if __name__ == "__main__":
    main()
