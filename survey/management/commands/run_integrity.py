"""Apply the rules of vote integrity to the months of a period, and keep what they found."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.common.periods import Period, first_of_month, last_day, parse_period
from survey.integrity.models import IntegrityRun
from survey.integrity.running import is_complete, recompute, run_integrity
from survey.scorecards.bridge.stuffing import unpack_facts, write_facts_file


class Command(BaseCommand):
    """``manage.py run_integrity --period 2026-10 [--facts FILE]``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--period", required=True, help="2026-10, or 2026-Q4: each month of it")
        parser.add_argument("--check", action="store_true", help="only compute again what was kept")
        parser.add_argument(
            "--facts", type=Path, help="facts.json for python -m analysis integrity"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            period = parse_period(options["period"])
        except (ValidationError, ValueError) as error:
            raise CommandError(f"--period {options['period']}: {error}") from error
        if options["check"]:
            self._check(period)
            return
        month, run = period.first, None
        while month <= period.last and is_complete(month, timezone.localdate()):
            run = run_integrity(month, timezone.now())
            self._tell(run)
            month = first_of_month(last_day(month) + timedelta(days=1))
        if run is None:
            raise CommandError(f"{period.name}: no month of it has been over for three days")
        if options["facts"]:
            write_facts_file(unpack_facts(run.facts), options["facts"])

    def _check(self, period: Period) -> None:
        """Whether the kept facts give the kept flags again."""
        runs = IntegrityRun.objects.filter(month__range=(period.first, period.last))
        for run in runs.order_by("month", "pk"):
            found = recompute(run)
            told = "the same" if found.is_same else "NOT the same"
            self.stdout.write(f"{run.month:%Y-%m} of {run.made_at:%Y-%m-%d}: {told}")

    def _tell(self, run: IntegrityRun) -> None:
        flags = list(run.flags.select_related("agency"))
        self.stdout.write(f"{run.month:%Y-%m}: {len(flags)} agencies, rules {run.rules_version}")
        for flag in flags:
            rules = ", ".join(str(one["rule"]) for one in flag.findings)
            self.stdout.write(f"  {flag.level:10} {flag.agency} ({rules})")
