"""Erase what is older than the retention schedule says; the night does it by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.privacy.retention import apply_schedule
from survey.privacy.schedule import ScheduleError, load_schedule


class Command(BaseCommand):
    """``manage.py apply_retention``: a line for each kind of data, and how much was erased."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run, entries = apply_schedule(timezone.now()), load_schedule()
        except ScheduleError as error:
            raise CommandError(f"nothing was erased: {error}") from error
        for entry in entries:
            count = run.erased.get(entry.code, "FAILED")
            self.stdout.write(f"{count:>8} {entry.title} ({entry.days} days)")
        if len(run.erased) < len(entries):
            raise CommandError("some data was not erased: see the log", returncode=1)
