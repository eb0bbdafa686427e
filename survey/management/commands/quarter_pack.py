"""Write everything about a released period into one file: reports, index, points, method note."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.common.periods import parse_period
from survey.reports.packs import check_pack, make_pack


class Command(BaseCommand):
    """``manage.py quarter_pack 2026-Q3``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="2026-Q3, 2026-07 or 2026")
        parser.add_argument("--out", type=Path, default=Path(), help="folder; default: here")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            period = parse_period(options["period"])
            target = Path(options["out"]) / f"{period.name}.zip"
            for check in check_pack(period, timezone.localdate()):
                mark = "x" if check.done else " "
                self.stdout.write(f"[{mark}] {check.due_on:%d/%m/%Y}  {check.text}")
            sha256 = make_pack(
                period=period, target=target, as_of=timezone.now(), progress=self._tell
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        self.stdout.write(f"{target}  {target.stat().st_size} bytes  SHA-256 {sha256}")

    def _tell(self, done: int, total: int) -> None:
        if done == total or done % 50 == 0:
            self.stdout.write(f"{done}/{total}")
