"""Take dossier events from a CSV or XLSX file; the same file again repeats nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.messaging.event_intake import IntakeReport, import_events, preview_events
from survey.messaging.labels import outcome_label
from survey.transactions.models import SourceSystem
from survey.transactions.reading import FileError


class Command(BaseCommand):
    """``manage.py import_events FILE --source KEY``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--source", required=True, help="key of the case system the file comes from"
        )

        parser.add_argument(
            "--dry-run", action="store_true", help="say what it would do and cost; store nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path}: there is no such file")
        source = SourceSystem.objects.filter(key_id=options["source"], active=True).first()
        if source is None:
            raise CommandError(
                f"--source {options['source']}: no such case system; manage.py add_source "
                f"registers one"
            )
        content, now = path.read_bytes(), timezone.now()
        try:
            if options["dry_run"]:
                seen = preview_events(content=content, file_name=path.name, source=source, now=now)
                self.stdout.write(
                    f"would queue {seen.messages} messages, {seen.parts} parts, {seen.price} VND"
                )
                report = seen.report
            else:
                report = import_events(content=content, file_name=path.name, source=source, now=now)
        except FileError as error:
            raise CommandError(f"{path}: {error}") from error
        self._tell(report)
        if report.faults:
            raise CommandError(
                f"{len(report.faults)} rows were not taken; mend them and send the whole file again"
            )

    def _tell(self, report: IntakeReport) -> None:
        """What became of the rows, and which of them want mending."""
        for outcome, number in report.counts.most_common():
            self.stdout.write(f"{number:7d}  {outcome_label(outcome)}")
        for row, reason in report.not_asked[:100]:
            self.stderr.write(f"row {row}: {outcome_label(reason)}")
        for row, message in report.faults[:100]:
            self.stderr.write(f"row {row}: {message}")
