"""Check every row against its entry of the log, and the log against its files and signed heads."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from survey.integrity.verifying import verify_ledger


class Command(BaseCommand):
    """``manage.py verify_ledger [--against CHECKPOINT ...]``; status 1 where something is wrong."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--against",
            type=Path,
            action="append",
            default=[],
            help="a signed head that was kept elsewhere; repeatable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            notes = [path.read_text(encoding="utf-8") for path in options["against"]]
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        report = verify_ledger(notes)
        for fault in report.faults:
            self.stdout.write(f"FAULT: {fault}")
        told = f"{report.entries} entries, {report.heads} signed heads, {report.waiting} waiting"
        if report.witnessed is not None:
            told += f", {report.witnessed} entries under signatures of enough witnesses"
        if report.faults:
            raise CommandError(f"{told}; {len(report.faults)} faults", returncode=1)
        self.stdout.write(f"ok: {told}")
