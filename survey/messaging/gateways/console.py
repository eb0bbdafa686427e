"""Prints messages instead of sending them; copy this file for another provider."""

from __future__ import annotations

import sys
import uuid
from datetime import datetime

from django.http import HttpRequest

from survey.common.phone import masked
from survey.messaging.gateways.base import (
    DeliveryReport,
    DeliveryStatus,
    Message,
    Outcome,
    Reply,
    Result,
)


class ConsoleGateway:
    """For a machine without a provider: the text goes to standard output, the number masked."""

    name = "console"

    def send(self, message: Message) -> Result:
        """Print one message."""
        print(f"SMS {masked(message.to)}: {message.body}", file=sys.stdout)  # noqa: T201
        return Result(Outcome.ACCEPTED, provider_id=f"console-{uuid.uuid4().hex}")

    def find(
        self, *, to: str, since: datetime, token: str, known: frozenset[str] = frozenset()
    ) -> DeliveryReport | None:
        """Nothing is remembered."""
        del to, since, token, known
        return None

    def fetch(self, provider_id: str) -> DeliveryReport | None:
        """What was printed counts as sent."""
        return DeliveryReport(provider_id=provider_id, status=DeliveryStatus.SENT)

    def redact(self, provider_id: str) -> None:
        """Nothing is kept."""

    def verify(self, request: HttpRequest) -> int:
        """Nobody calls back: every callback is refused."""
        del request
        return 401

    def parse_report(self, request: HttpRequest) -> DeliveryReport | None:
        """There are none."""
        del request
        return None

    def parse_reply(self, request: HttpRequest) -> Reply | None:
        """There are none."""
        del request
        return None
