"""Send waiting messages through the configured gateway; run one or more beside the web server."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from survey.checks import server_holds_sqlite
from survey.management.commands.unlink_answers import unlink
from survey.messaging.gateways import gateway
from survey.messaging.outbox.dispatcher import Dispatcher
from survey.messaging.overview import waiting


class Command(BaseCommand):
    """``manage.py sms_dispatch [--threads 32] [--until-empty]``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=32, help="calls to the provider at once")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what waits and its cost; send nothing"
        )
        parser.add_argument(
            "--until-empty", action="store_true", help="end when nothing is waiting or unknown"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._tell()
            return
        if server_holds_sqlite() and not settings.SMS_BESIDE_SQLITE:
            raise CommandError(
                "A server uses this SQLite file, and SQLite before 3.51.3 may corrupt it when two "
                "processes write. "
                "Use PostgreSQL (DATABASE_URL), stop the server while messages go out, or take the "
                "risk with "
                "SMS_BESIDE_SQLITE=1."
            )
        if not 1 <= options["threads"] <= 200:
            raise CommandError("--threads: use a number from 1 to 200")
        try:
            dispatcher = Dispatcher(gateway(), threads=options["threads"], nightly=unlink)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error

        def stop(*_: object) -> None:
            dispatcher.stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        accepted = dispatcher.run(until_empty=options["until_empty"])
        self.stdout.write(f"{accepted} messages accepted")

    def _tell(self) -> None:
        for line in waiting():
            paused = f", paused: {line.sender.paused_because}" if line.sender.paused_at else ""
            cost = line.sender.price * line.parts
            self.stdout.write(
                f"{line.sender.name}: {line.messages} messages, {line.parts} parts, {cost} "
                f"VND{paused}"
            )
        if not waiting():
            self.stdout.write("nothing waits")
