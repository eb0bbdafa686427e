"""Remembers messages, for tests; answers can be prescribed per number."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from survey.messaging.gateways.base import Message, Outcome, Report, Result, Status


@dataclass
class MemoryGateway:
    """``answers`` maps a number to the outcomes of its next calls; what is accepted is kept in
    ``sent``.
    """

    name: str = "memory"
    answers: dict[str, list[Outcome]] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    reports: dict[str, Report] = field(default_factory=dict)
    redacted: list[str] = field(default_factory=list)

    def send(self, message: Message) -> Result:
        """Take one message, or answer as prescribed; UNKNOWN is accepted all the same."""
        planned = self.answers.get(message.to)
        outcome = planned.pop(0) if planned else Outcome.ACCEPTED
        if outcome not in (Outcome.ACCEPTED, Outcome.UNKNOWN):
            return Result(outcome, code="memory")
        sid = f"memory-{uuid.uuid4().hex}"
        self.sent.append(message)
        self.reports[sid] = Report(sid=sid, status=Status.ACCEPTED)
        return Result(outcome, sid=sid if outcome == Outcome.ACCEPTED else "")

    def find(
        self, *, to: str, since: datetime, token: str, known: frozenset[str] = frozenset()
    ) -> Report | None:
        """The remembered message with this number and token."""
        del since
        pairs = zip(self.sent, self.reports.values(), strict=True)
        found = (report for message, report in pairs if message.to == to and token in message.body)
        return next((report for report in found if report.sid not in known), None)

    def fetch(self, sid: str) -> Report | None:
        """State of a remembered message."""
        return self.reports.get(sid)

    def redact(self, sid: str) -> None:
        """Remember that the text was to be forgotten."""
        self.redacted.append(sid)
