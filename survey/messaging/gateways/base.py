"""The contract every gateway keeps, and our words for what providers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


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


class Status(StrEnum):
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
    sid: str = ""
    code: str = ""
    retry_after: float | None = None
    parts: int | None = None


@dataclass(frozen=True)
class Report:
    """State of one message as the provider tells it."""

    sid: str
    status: Status | None
    code: str = ""
    price: str = ""
    parts: int | None = None
    reaction: Reaction = Reaction.NONE


class LookupFailed(Exception):
    """The provider cannot be asked now; nothing may be concluded."""


class Gateway(Protocol):
    """Sends one message, finds a message again, tells its state. Holds no database connection;
    threads may share it.
    """

    name: str

    def send(self, message: Message) -> Result:
        """Hand one message over; never raises for what a provider or network may do."""
        ...

    def find(
        self, *, to: str, since: datetime, token: str, known: frozenset[str] = frozenset()
    ) -> Report | None:
        """The message to a number since a time whose text holds ``token``; None when there is none.

        ``known`` are the ids of other messages, which are not meant.

        Raises
        ------
        LookupFailed
            The provider cannot be asked.
        """
        ...

    def fetch(self, sid: str) -> Report | None:
        """State of a message by the provider's id.

        Raises
        ------
        LookupFailed
            The provider cannot be asked.
        """
        ...

    def redact(self, sid: str) -> None:
        """Have the provider forget the text of a message."""
        ...
