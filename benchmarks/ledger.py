"""CPU time and size of the log. ``python -m benchmarks.ledger [entries]``

So many made-up submissions are sealed in one batch, verified by us (every row against its entry)
and by the program for outsiders, on SQLite.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.machine import describe

ENTRIES: Final = 100_000
AIM: Final = (
    "aims: sealing 100,000 in 10 s, verifying 1,000,000 in 60 s, 60 bytes an entry + 32 a node"
)


def main() -> None:
    """Fill an empty installation, seal, verify, print the figures."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HAILONG_VAR"] = folder
        os.environ.setdefault("SECRET_KEY", "benchmark-" + "x" * 50)
        os.environ["DJANGO_SETTINGS_MODULE"] = "survey.settings"
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        _measure(entries, Path(folder))


def _measure(entries: int, folder: Path) -> None:
    from django.core.management import call_command
    from django.utils import timezone

    from survey.integrity import heads, services
    from survey.integrity.verifying import verify_ledger
    from survey.responses.services import record_batch
    from tests.survey.factories import make_cast

    call_command("migrate", verbosity=0)
    cast, now = make_cast(), timezone.now()
    record_batch(submissions=(cast.submission(f"b{k}", 5, now=now) for k in range(entries)))
    before = time.process_time()
    services.seal_day(now)
    sealing = time.process_time() - before
    before = time.process_time()
    report = verify_ledger()
    verifying = time.process_time() - before
    before = time.perf_counter()
    program = Path(services.__file__).with_name("verify.py")
    log = heads.ledger_folder()
    done = subprocess.run(
        [sys.executable, "-I", str(program), str(log), str(log / "key")],
        capture_output=True,
        text=True,
        check=True,
    )
    outside = time.perf_counter() - before
    hashes = sum(p.stat().st_size for p in (log / "tile").rglob("*") if p.is_file())
    bundles = sum(p.stat().st_size for p in (log / "tile" / "entries").rglob("*") if p.is_file())
    print(describe())
    print(
        f"{report.entries:,} entries, {len(report.faults)} faults: sealing {sealing:.1f} CPU s, "
        f"verifying {verifying:.1f} CPU s, by outsiders {outside:.1f} s ({done.stdout.strip()})"
    )
    print(
        f"files: {(hashes - bundles) / entries:.1f} bytes of hashes an entry, "
        f"{bundles / entries:.1f} bytes an entry in bundles"
    )
    print(AIM)


if __name__ == "__main__":
    main()
