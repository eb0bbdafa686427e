"""Restore the newest backup into an empty folder, start it, and compare rows, log and keys."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.operations.restoring import drill_restore
from survey.operations.sealing import BackupError


class Command(BaseCommand):
    """``manage.py restore_drill FOLDER --identity FILE --keys FILE``; readiness shows it."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where backups are kept")
        parser.add_argument("--identity", type=Path, required=True, help="AGE-SECRET-KEY-…")
        parser.add_argument("--keys", type=Path, required=True, help="keys-….age")
        parser.add_argument("--user", default="", help="whom PostgreSQL runs as, where root asks")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = drill_restore(
                options["folder"],
                options["identity"],
                options["keys"],
                timezone.now(),
                user=options["user"],
            )
        except (BackupError, OSError) as error:
            raise CommandError(f"the drill failed: {error}") from error
        self.stdout.write(
            f"{report.backup}: {report.rows} rows after {report.seconds} s; log {report.ledger}"
        )
