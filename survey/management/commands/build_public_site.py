"""Write the results as a static site: pages in every language and open data of every edition."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from survey.public.site import build_site


class Command(BaseCommand):
    """``manage.py build_public_site DIR``: a web server serves DIR as its root."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="served as the root of the site")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if folder.exists() and not folder.is_dir():
            raise CommandError(f"{folder} is a file, not a folder")
        count = build_site(folder, self._tell)
        self.stdout.write(f"{folder / 'ket-qua'}: {count} files")

    def _tell(self, count: int) -> None:
        if count % 1000 == 0:
            self.stdout.write(f"{count} files")
