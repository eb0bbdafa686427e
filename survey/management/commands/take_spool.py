"""Take in the answers this server kept while the database was gone; the web server does so by
itself every few seconds.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from survey.responses.spool import take_in


class Command(BaseCommand):
    """``manage.py take_spool``; status 1 while the database is gone still."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        taken = take_in()
        told = f"{taken.stored} stored, {taken.known} known, {taken.unreadable} unreadable"
        if taken.left:
            raise CommandError(f"{told}, {taken.left} left: the database is gone", returncode=1)
        self.stdout.write(told)
