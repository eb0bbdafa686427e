"""Load and publish the shipped questionnaires, and the usual procedure domains, where they are
missing.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from survey.agencies.services import ensure_domains
from survey.questionnaires.services import ensure_library


class Command(BaseCommand):
    """``manage.py load_library``."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_domains()
        ensure_library(now=timezone.now())
        self.stdout.write("Questionnaires and procedure domains are there.")
