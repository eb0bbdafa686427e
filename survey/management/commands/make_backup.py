"""Back up database and data folder, sealed for an age recipient; keys go to another folder."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from survey.operations.backups import make_backup, seal_keys, seal_segments
from survey.operations.sealing import BackupError, make_identity


class Command(BaseCommand):
    """``manage.py make_backup FOLDER --to age1… [--keys FOLDER]``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, nargs="?", help="where backups are kept")
        parser.add_argument("--to", default="", help="recipient: age1…")
        parser.add_argument("--keys", type=Path, help="another folder, for the keys")
        parser.add_argument(
            "--segments", action="store_true", help="only seal segments of pg_receivewal"
        )
        parser.add_argument("--new-key", type=Path, help="make an identity here, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._run(options, timezone.now())
        except (BackupError, OSError) as error:
            raise CommandError(f"no backup was made: {error}") from error

    def _run(self, options: dict[str, Any], now: Any) -> None:
        folder, recipient = options["folder"], options["to"]
        if options["new_key"]:
            self._make_key(options["new_key"])
            return
        if folder is None or not recipient:
            raise BackupError("name a folder and --to age1…")
        if options["segments"]:
            self.stdout.write(f"{seal_segments(folder, recipient)} segments sealed")
            return
        self.stdout.write(str(make_backup(folder, recipient, now)))
        if options["keys"]:
            self.stdout.write(str(seal_keys(options["keys"], folder, recipient, now)))

    def _make_key(self, path: Path) -> None:
        if path.exists():
            raise BackupError(f"{path} is there already; keys are not written over")
        identity, recipient = make_identity()
        path.touch(mode=0o600)
        path.write_text(f"{identity}\n", encoding="ascii")
        self.stdout.write(f"{recipient}\nKeep {path} away from this machine.")
