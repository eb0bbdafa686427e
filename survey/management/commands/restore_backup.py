"""Open the newest backup into an empty folder: database, data folder and, for PostgreSQL, what
changed since.
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.operations.restoring import restore_backup
from survey.operations.sealing import BackupError


class Command(BaseCommand):
    """``manage.py restore_backup FOLDER --identity FILE --into FOLDER``; asks no database."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where backups are kept")
        parser.add_argument("--identity", type=Path, required=True, help="AGE-SECRET-KEY-…")
        parser.add_argument("--into", type=Path, required=True, help="an empty folder")
        parser.add_argument("--longest-days", type=float, help="refuse an older backup")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["longest_days"]
        try:
            restored = restore_backup(
                options["folder"],
                options["identity"],
                options["into"],
                longest=None if days is None else timedelta(days=days),
                now=timezone.now(),
            )
        except (BackupError, OSError) as error:
            raise CommandError(f"nothing can be used: {error}") from error
        self.stdout.write(f"database: {restored.database}\nfiles: {restored.files}")
