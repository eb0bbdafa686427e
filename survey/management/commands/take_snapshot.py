"""Write the responses and totals of a period as a snapshot (Parquet and manifest)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.common.periods import parse_period
from survey.scorecards.bridge.snapshots import take_snapshot


class Command(BaseCommand):
    """``manage.py take_snapshot --period 2026-Q3 --out DIR``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--period", required=True, help="2026-Q3, 2026-07, 2026-H1, 2026-9M or 2026"
        )
        parser.add_argument(
            "--out",
            required=True,
            type=Path,
            help="folder to write; an older snapshot there is replaced",
        )
        parser.add_argument(
            "--province",
            default=settings.PROVINCE_NAME,
            help="name shown for the province as a whole",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            period = parse_period(options["period"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        out = options["out"]
        if out.exists() and not (out / "manifest.json").is_file():
            raise CommandError(f"{out} exists and is not a snapshot; choose another folder")
        snapshot = take_snapshot(
            period=period,
            folder=out,
            now=timezone.now(),
            province=options["province"],
            progress=options["verbosity"] > 0,
        )
        self.stdout.write(f"{snapshot.manifest['responses']} responses of {period} are in {out}")
