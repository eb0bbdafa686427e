"""The contract every gateway keeps, and our words for what providers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from django.http import HttpRequest


class Outcome(StrEnum):
    """What a provider's answer means for the row, whoever the provider is."""

    ACCEPTED = "accepted"
    BUSY = "busy"  # never processed: safe to try again soon, with fewer at once
    QUEUE_FULL = (
        "queue-full"  # never processed: try again in a quarter of an hour, at half the rate
    )
    NOT_SENT = "not-sent"  # the connection failed before anything was sent: safe to try again
    UNKNOWN = "unknown"  # it may have been accepted: look it up, never send blindly
    BAD_NUMBER = "bad-number"  # this number never works
    OPTED_OUT = "opted-out"
    CREDENTIALS = "credentials"  # stops the sender for everybody
    CONFIGURATION = "configuration"  # stops the sender after three in a row
    REFUSED = "refused"  # anything else the provider will not take


class Reaction(StrEnum):
    """What a final report asks of us beside the state."""

    NONE = ""
    AGAIN = "again"  # the handset was off, or the message grew too old: one new message later
    OPTED_OUT = "opted-out"
    BAD_NUMBER = "bad-number"  # this number never works


class DeliveryStatus(StrEnum):
    """State of an accepted message; the order is the order of ``RANK``."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


RANK: Mapping[str, int] = {"accepted": 2, "sent": 3, "undelivered": 4, "failed": 5, "delivered": 6}
"""An update applies only upwards; the ranks differ, so any order of reports ends in the same state.
"""


@dataclass(frozen=True)
class Message:
    """What is handed over. ``reference`` is our row, ``valid_for`` the seconds the provider may
    keep it.
    """

    to: str
    body: str
    reference: str
    callback_url: str
    valid_for: int


@dataclass(frozen=True)
class Result:
    """What came of one call; ``code`` is the provider's, for the log only."""

    outcome: Outcome
    provider_id: str = ""
    code: str = ""
    retry_after: float | None = None
    parts: int | None = None


@dataclass(frozen=True)
class DeliveryReport:
    """State of one message as the provider tells it."""

    provider_id: str
    status: DeliveryStatus | None
    code: str = ""
    price: str = ""
    parts: int | None = None
    reaction: Reaction = Reaction.NONE


@dataclass(frozen=True)
class Reply:
    """What a person wrote back; ``stopped`` when the provider itself took it for an opt-out."""

    sender: str
    text: str
    stopped: bool = False


class LookupFailed(Exception):
    """The provider cannot be asked now; nothing may be concluded."""


class Gateway(Protocol):
    """Sends one message, finds a message again, tells its state, and reads what its provider calls
    us with. Holds no database connection; threads may share it.
    """

    name: str

    def send(self, message: Message) -> Result:
        """Hand one message over; never raises for what a provider or network may do."""
        ...

    def find(
        self, *, to: str, since: datetime, token: str, known: frozenset[str] = frozenset()
    ) -> DeliveryReport | None:
        """The message to a number since a time whose text holds ``token``; None when there is none.

        ``known`` are the ids of other messages, which are not meant.

        Raises
        ------
        LookupFailed
            The provider cannot be asked.
        """
        ...

    def fetch(self, provider_id: str) -> DeliveryReport | None:
        """State of a message by the provider's id.

        Raises
        ------
        LookupFailed
            The provider cannot be asked.
        """
        ...

    def redact(self, provider_id: str) -> None:
        """Have the provider forget the text of a message."""
        ...

    def verify(self, request: HttpRequest) -> int:
        """Whether a callback comes from the provider: 0, or the HTTP status it is refused with.

        401 stands for a signature that is missing or wrong.
        """
        ...

    def parse_report(self, request: HttpRequest) -> DeliveryReport | None:
        """The report in a verified callback; None when it cannot be read."""
        ...

    def parse_reply(self, request: HttpRequest) -> Reply | None:
        """The reply in a verified callback; None when it cannot be read."""
        ...
