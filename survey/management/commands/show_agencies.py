"""Show the tree of agencies as it was on a day, and what each has become by another."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.agencies.models import Agency
from survey.agencies.queries import mapped_to, tree_on


class Command(BaseCommand):
    """``manage.py show_agencies --on 2025-06-30 --root p82-2025 --mapped-to 2026-01-01``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--on", type=date.fromisoformat, default=None, help="day, YYYY-MM-DD; today without it"
        )
        parser.add_argument("--root", help="key of an agency: only it and those below")
        parser.add_argument(
            "--mapped-to", type=date.fromisoformat, help="also say what each had become by this day"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        day = options["on"] or timezone.localdate()
        root = Agency.objects.filter(key=options["root"]).first() if options["root"] else None
        if options["root"] and root is None:
            raise CommandError(f"no agency has the key {options['root']!r}")
        tree = tree_on(day, root)
        heirs = (
            mapped_to([v.agency for _, v in tree], options["mapped_to"])
            if options["mapped_to"]
            else {}
        )
        for depth, version in tree:
            became = "; ".join(
                f"{heir.agency} ({heir.extent})" for heir in heirs.get(version.agency, [])
            )
            arrow = f"  ->  {became or 'nothing'}" if heirs else ""
            self.stdout.write(f"{'  ' * depth}{version.agency.key}  {version.name}{arrow}")
