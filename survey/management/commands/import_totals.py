"""Import monthly totals of completed dossiers from CSV or XLSX; all or nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.transactions.reading import FileError
from survey.transactions.services import ImportRefused, import_totals


class Command(BaseCommand):
    """``manage.py import_totals FILE``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path}: there is no such file")
        try:
            source = import_totals(content=path.read_bytes(), file_name=path.name, by=None, now=timezone.now())
        except FileError as error:
            raise CommandError(str(error)) from error
        except ImportRefused as error:
            raise CommandError("\n".join(str(fault) for fault in error.faults)) from error
        self.stdout.write(f"{source.rows} totals imported from {path.name}")
