"""Collect marked messages into locale/<language>/LC_MESSAGES/django.po, or compile them with
--compile.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from survey.common.catalogues import SOURCE, compile_catalogues, missing, update_catalogue


class Command(BaseCommand):
    """``manage.py update_messages`` and ``manage.py update_messages --compile``."""

    help = __doc__
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--compile", action="store_true", help="write the binary catalogues and nothing else"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["compile"]:
            compile_catalogues()
            return
        for language, _name in settings.LANGUAGES:
            if language != SOURCE:
                update_catalogue(language)
                self.stdout.write(
                    f"{language}: {len(missing(language))} messages still to translate"
                )
