"""The benchmarks run, in small: one that dies is found before somebody wants its figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("interval_grid", "200", "korn-graubard-kish: least"),
        ("index_scale", "20000", "index with SE"),
        ("coverage", "1", "hold the truth"),
        ("standing", "1", "of true ranks"),
        ("messages", "60", "ms CPU a message"),
        ("web", "20", "PostgreSQL, 2 processes: short form"),
        ("floor", "20", "times the floor"),
        ("pages", "1", "first paint, ours to the peer's"),
        ("console", "2000", "/staff/audit"),
        ("overload", "2", "with shedding:"),
        ("reports", "120", "CPU s a report"),
        ("public_site", "60", "of them pages"),
        ("ledger", "2000", "2,000 entries, 0 faults"),
        ("integrity", "1", "lazy 30"),
        ("exports", "2000", "CPU s for 2,000 rows"),
        ("claims", "2000", "postgresql, 2,000 old rows and budgets"),
        ("analysis_scale", "40000", "from row summaries, 40,000"),
        ("scale", "2000", "| night: seal_day |"),
        ("migrations", "2000", "2,000 answers, all writes"),
    ],
)
def test_a_benchmark_runs_in_small(name: str, size: str, words: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", size]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert words in done.stdout
    assert "Traceback" not in done.stderr
