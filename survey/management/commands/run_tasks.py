"""Work through what waits in the background, and once a night what nobody asks for; run one beside
the web server.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from survey.common.background import take_up_again
from survey.nightly import plan_night, work_nightly


class Command(BaseCommand):
    """``manage.py run_tasks [--night]``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--night", action="store_true", help="do the night's work now, and end")
        parser.add_argument("--until-empty", action="store_true", help="end when nothing waits")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["night"]:
            work_nightly.call()
            return
        take_up_again()
        plan_night(timezone.now())
        call_command("db_worker", queue_name="*", batch=options["until_empty"], reload=False)
