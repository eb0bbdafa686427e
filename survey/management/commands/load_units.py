"""Load the real administrative units before and after 2025-07-01."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from survey.agencies.reorganisation import load_units, units_now


class Command(BaseCommand):
    """``manage.py load_units [--province 82 ...]``; without a province the whole country."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--province", action="append", help="code of a province of today, e.g. 82 for Đồng Tháp"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = {unit.code for unit in units_now() if unit.parent is None}
        wanted = set(options["province"]) if options["province"] else None
        if wanted and (unknown := sorted(wanted - known)):
            raise CommandError(
                f"unknown province code {unknown[0]}; known: {', '.join(sorted(known))}"
            )
        loaded = load_units(provinces=wanted, progress=options["verbosity"] > 0)
        self.stdout.write(
            f"{loaded.units} units and {loaded.links} successor links are in the database."
        )
