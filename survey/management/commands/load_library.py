"""Load and publish the shipped questionnaires, and the usual procedure domains, where they are
missing; with --renew also where their words are others than those in use.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from survey.agencies.services import ensure_domains
from survey.questionnaires.services import ensure_library, renew_library


class Command(BaseCommand):
    """``manage.py load_library``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--renew",
            action="store_true",
            help="publish a new version where the shipped words differ; figures mark the change",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_domains()
        ensure_library(now=timezone.now())
        for version in renew_library(now=timezone.now()) if options["renew"] else []:
            self.stdout.write(f"{version.questionnaire.code}: version {version.number} is in use.")
        self.stdout.write("Questionnaires and procedure domains are there.")
