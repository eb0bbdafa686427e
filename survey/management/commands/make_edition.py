"""Compute a snapshot under a method and keep the figures for the staff pages."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.common.locks import hold_lock
from survey.scorecards.bridge.snapshots import snapshot_checksum
from survey.scorecards.services import make_edition


class Command(BaseCommand):
    """``manage.py make_edition DIR --method sipas-service``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("snapshot", type=Path)
        parser.add_argument("--method", default="sipas-service")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with hold_lock("editions"):
                edition = make_edition(
                    folder=options["snapshot"], method=options["method"], now=timezone.now()
                )
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Edition {edition.pk}: {edition.period}, {edition.method}, {edition.responses} "
            f"responses"
        )
        if snapshot_checksum(folder=options["snapshot"]) != edition.snapshot_sha256:
            self.stdout.write(
                "The answers are those already released for this period: too few have changed "
                "since. Dossiers are those of the snapshot."
            )
