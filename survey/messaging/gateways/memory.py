"""Remembers messages, for tests; answers can be prescribed per number."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest

from survey.messaging.gateways.base import (
    DeliveryReport,
    DeliveryStatus,
    Message,
    Outcome,
    Reply,
    Result,
)


@dataclass
class MemoryGateway:
    """``answers`` maps a number to the outcomes of its next calls; what is accepted is kept in
    ``sent``.
    """

    name: str = "memory"
    answers: dict[str, list[Outcome]] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    reports: dict[str, DeliveryReport] = field(default_factory=dict)
    redacted: list[str] = field(default_factory=list)
    secret: str = field(default_factory=lambda: uuid.uuid4().hex)

    def send(self, message: Message) -> Result:
        """Take one message, or answer as prescribed; UNKNOWN is accepted all the same."""
        planned = self.answers.get(message.to)
        outcome = planned.pop(0) if planned else Outcome.ACCEPTED
        if outcome not in (Outcome.ACCEPTED, Outcome.UNKNOWN):
            return Result(outcome, code="memory")
        provider_id = f"memory-{uuid.uuid4().hex}"
        self.sent.append(message)
        self.reports[provider_id] = DeliveryReport(
            provider_id=provider_id, status=DeliveryStatus.ACCEPTED
        )
        return Result(outcome, provider_id=provider_id if outcome == Outcome.ACCEPTED else "")

    def find(
        self, *, to: str, since: datetime, token: str, known: frozenset[str] = frozenset()
    ) -> DeliveryReport | None:
        """The remembered message with this number and token."""
        del since
        pairs = zip(self.sent, self.reports.values(), strict=True)
        found = (report for message, report in pairs if message.to == to and token in message.body)
        return next((report for report in found if report.provider_id not in known), None)

    def fetch(self, provider_id: str) -> DeliveryReport | None:
        """State of a remembered message."""
        return self.reports.get(provider_id)

    def redact(self, provider_id: str) -> None:
        """Remember that the text was to be forgotten."""
        self.redacted.append(provider_id)

    def verify(self, request: HttpRequest) -> int:
        """A callback is ours when it carries the secret of this process."""
        given = request.headers.get("X-Memory-Secret", "")
        return 0 if hmac.compare_digest(given, self.secret) else 401

    def parse_report(self, request: HttpRequest) -> DeliveryReport | None:
        """Our own words."""
        provider_id, status = request.POST.get("id", ""), request.POST.get("status", "")
        if not provider_id or status not in list(DeliveryStatus):
            return None
        return DeliveryReport(provider_id=provider_id, status=DeliveryStatus(status))

    def parse_reply(self, request: HttpRequest) -> Reply | None:
        """Our own words."""
        return Reply(request.POST.get("from", ""), request.POST.get("text", ""))
