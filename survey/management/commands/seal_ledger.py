"""Make entries of the log of what waits, publish it and have it signed by witnesses: for a timer,
every few minutes.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.integrity.heads import LedgerFault
from survey.integrity.services import seal_entries
from survey.integrity.tiles import TileError
from survey.integrity.witnessing import gather_signatures


class Command(BaseCommand):
    """``manage.py seal_ledger [--day] [--whole]``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", action="store_true", help="also fewer than 64: a day is over")
        parser.add_argument(
            "--whole",
            action="store_true",
            help="look at the log from its first entry and write files that are missing again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = seal_entries(
                timezone.now(), is_day_over=options["day"], is_whole=options["whole"]
            )
            problems = gather_signatures()
        except (LedgerFault, TileError) as error:
            raise CommandError(f"nothing was published: {error}") from error
        for problem in problems:
            self.stderr.write(f"WARNING: {problem}")
        self.stdout.write(f"{made} new entries")
