"""Import monthly totals of completed dossiers from CSV or XLSX; all or nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.transactions.reading import FileError
from survey.transactions.services import ImportRefused, check_totals, import_totals, replaced_by


class Command(BaseCommand):
    """``manage.py import_totals FILE``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="also replace figures that are there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path}: there is no such file")
        content, now = path.read_bytes(), timezone.now()
        try:
            rows = check_totals(content=content, file_name=path.name, today=timezone.localdate(now))
            replaced = replaced_by(rows)
            if replaced and not options["replace"]:
                lines = "\n".join(map(str, replaced))
                raise CommandError(
                    f"{lines}\nNothing was imported; say --replace to replace these figures."
                )
            source = import_totals(content=content, file_name=path.name, by=None, now=now)
        except FileError as error:
            raise CommandError(str(error)) from error
        except ImportRefused as error:
            raise CommandError("\n".join(str(fault) for fault in error.faults)) from error
        self.stdout.write(f"{source.rows} totals imported from {path.name}")
