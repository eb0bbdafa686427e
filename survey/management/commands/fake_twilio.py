"""A Twilio to try against, with faults by the last digits of a number (docs/operations.md); never
for real numbers.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from survey.dev.simulator.endpoint import Settings
from survey.dev.simulator.twilio import Simulator

ACCOUNT = "AC" + "0" * 32
TOKEN = "simulated"  # noqa: S105  (opens nothing but this simulator)


class Command(BaseCommand):
    """``manage.py fake_twilio --port 8900``."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8900, help="0 = any free port")
        parser.add_argument("--latency", type=float, default=0.0, help="seconds each call takes")
        parser.add_argument(
            "--share-429", type=float, default=0.0, help="share of calls answered 429"
        )
        parser.add_argument(
            "--share-hang",
            type=float,
            default=0.0,
            help="share accepted and then left without answer",
        )
        parser.add_argument("--hang-seconds", type=float, default=12.0)
        parser.add_argument("--callback-delay", type=float, nargs=2, default=(0.0, 0.2))
        parser.add_argument("--shuffle", action="store_true", help="reports in reversed order")
        parser.add_argument("--double", action="store_true", help="each report twice")
        parser.add_argument(
            "--list-lag", type=float, default=0.0, help="seconds the list lags behind"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = Settings(
            account=settings.TWILIO_ACCOUNT_SID or ACCOUNT,
            token=settings.TWILIO_AUTH_TOKEN or TOKEN,
            latency=options["latency"],
            share_429=options["share_429"],
            share_hang_after=options["share_hang"],
            hang_seconds=options["hang_seconds"],
            callback_delay=tuple(options["callback_delay"]),
            shuffle_callbacks=options["shuffle"],
            double_callbacks=options["double"],
            list_lag=options["list_lag"],
        )
        with Simulator(options["port"], chosen) as server:
            self.stdout.write(
                f"TWILIO_API_BASE_URL={server.url} TWILIO_ACCOUNT_SID={chosen.account}"
            )
            self.stdout.flush()
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                return
