"""Twilio, through its official client. Its numbers are known in this file only."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import requests
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from survey.messaging.gateways.base import (
    DeliveryReport,
    DeliveryStatus,
    LookupFailed,
    Message,
    Outcome,
    Reaction,
    Reply,
    Result,
)

# The client logs addresses with phone numbers at INFO.
logging.getLogger("twilio.http_client").setLevel(logging.WARNING)

_OUTCOMES: Final[Mapping[int, Outcome]] = {
    20429: Outcome.BUSY,
    21611: Outcome.QUEUE_FULL,
    30001: Outcome.QUEUE_FULL,
    20003: Outcome.CREDENTIALS,
    21212: Outcome.CONFIGURATION,
    21606: Outcome.CONFIGURATION,
    21408: Outcome.CONFIGURATION,
    21612: Outcome.CONFIGURATION,
    21657: Outcome.CONFIGURATION,
    30042: Outcome.CONFIGURATION,
    21603: Outcome.CONFIGURATION,
    21659: Outcome.CONFIGURATION,
    20404: Outcome.CONFIGURATION,
    21211: Outcome.BAD_NUMBER,
    21614: Outcome.BAD_NUMBER,
    21635: Outcome.BAD_NUMBER,
    30005: Outcome.BAD_NUMBER,
    30006: Outcome.BAD_NUMBER,
    21610: Outcome.OPTED_OUT,
}
_STATUSES: Final = {
    "accepted": DeliveryStatus.ACCEPTED,
    "scheduled": DeliveryStatus.ACCEPTED,
    "queued": DeliveryStatus.ACCEPTED,
    "sending": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.DELIVERED,
    "undelivered": DeliveryStatus.UNDELIVERED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}
REACTIONS: Final = {
    "30003": Reaction.AGAIN,
    "30008": Reaction.AGAIN,
    "30036": Reaction.AGAIN,
    "21610": Reaction.OPTED_OUT,
    "21211": Reaction.BAD_NUMBER,
    "21614": Reaction.BAD_NUMBER,
    "21635": Reaction.BAD_NUMBER,
    "30005": Reaction.BAD_NUMBER,
    "30006": Reaction.BAD_NUMBER,
}


_ID: Final = re.compile(r"(SM|MM)[0-9a-f]{32}\Z")


class _Http(TwilioHttpClient):
    """The client's errors leave out the headers; one of them says when to come again."""

    retry_after: float | None = None

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """One request; its Retry-After is remembered."""
        answer = super().request(*args, **kwargs)
        given = (answer.headers or {}).get("Retry-After", "")
        self.retry_after = float(given) if given.isdigit() else None
        return answer


class TwilioGateway:
    """One client per thread, so that connections are kept and never shared."""

    name = "twilio"

    def __init__(self) -> None:
        missing = [
            n for n in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not getattr(settings, n)
        ]
        if not (settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_SENDER_ID):
            missing.append("TWILIO_MESSAGING_SERVICE_SID or TWILIO_SENDER_ID")
        if missing:
            raise ImproperlyConfigured(f"SMS_BACKEND=twilio needs {', '.join(missing)}")
        self._local = threading.local()

    @property
    def _client(self) -> Client:
        if not hasattr(self._local, "client"):
            client = Client(
                settings.TWILIO_ACCOUNT_SID,
                settings.TWILIO_AUTH_TOKEN,
                http_client=_Http(timeout=settings.SMS_TIMEOUT),
            )
            if settings.TWILIO_API_BASE_URL:
                client.api.base_url = settings.TWILIO_API_BASE_URL
            self._local.client = client
        return self._local.client

    @property
    def _retry_after(self) -> float | None:
        return getattr(self._client.http_client, "retry_after", None)

    def send(self, message: Message) -> Result:
        """Create a message; every failure becomes one of our outcomes."""
        options: dict[str, Any] = {
            "to": message.to,
            "body": message.body,
            "validity_period": message.valid_for,
        }
        if settings.TWILIO_MESSAGING_SERVICE_SID:
            options["messaging_service_sid"] = settings.TWILIO_MESSAGING_SERVICE_SID
        else:
            options["from_"] = settings.TWILIO_SENDER_ID
        if message.callback_url:
            options["status_callback"] = message.callback_url
        try:
            made = self._client.messages.create(**options)
        except TwilioRestException as error:
            return classify_error(error.status, error.code, self._retry_after)
        except TwilioException as error:
            status = getattr(error, "status", None) or getattr(error, "status_code", 0)
            return classify_error(status, getattr(error, "code", 0), self._retry_after)
        except requests.exceptions.RequestException as error:
            return Result(_network(error), code=type(error).__name__)
        except (ValueError, AttributeError, KeyError) as error:
            # An answer that is not what Twilio sends: it may have been accepted.
            return Result(Outcome.UNKNOWN, code=type(error).__name__)
        if not made.sid:
            return Result(Outcome.UNKNOWN, code="no-sid")
        return Result(Outcome.ACCEPTED, provider_id=made.sid, parts=_whole(made.num_segments))

    def find(
        self, *, to: str, since: datetime, token: str, known: frozenset[str] = frozenset()
    ) -> DeliveryReport | None:
        """Look through what was sent to the number; the text holds the link's token."""
        try:
            for found in self._client.messages.stream(
                to=to, date_sent_after=since.astimezone(UTC), page_size=50
            ):
                if token in (found.body or "") and found.sid not in known:
                    return _report(found)
        except (TwilioException, requests.exceptions.RequestException, ValueError) as error:
            raise LookupFailed(type(error).__name__) from error
        return None

    def fetch(self, provider_id: str) -> DeliveryReport | None:
        """One message by its SID; None when Twilio does not know it."""
        try:
            return _report(self._client.messages(provider_id).fetch())
        except TwilioRestException as error:
            if error.status == 404:
                return None
            raise LookupFailed(str(error.code)) from error
        except (TwilioException, requests.exceptions.RequestException, ValueError) as error:
            raise LookupFailed(type(error).__name__) from error

    def redact(self, provider_id: str) -> None:
        """Empty the text at Twilio; a failure is tried again with the next clean-up."""
        try:
            self._client.messages(provider_id).update(body="")
        except (TwilioException, requests.exceptions.RequestException) as error:
            raise LookupFailed(type(error).__name__) from error

    def verify(self, request: HttpRequest) -> int:
        """Signed with the token in use or the one before it, and about our account.

        The address is the configured public one with path and query as received: what a proxy
        changed does not matter, and the row id in the query is protected.
        """
        if request.content_type != "application/x-www-form-urlencoded":
            return 415
        signature = request.headers.get("X-Twilio-Signature")
        base = settings.SMS_STATUS_CALLBACK_BASE_URL or settings.PUBLIC_URL
        address = base + request.get_full_path()
        tokens = filter(None, (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_OLD))
        if not signature or not any(
            RequestValidator(token).validate(address, request.POST, signature) for token in tokens
        ):
            return 401
        ours = request.POST.get("AccountSid", "") == settings.TWILIO_ACCOUNT_SID
        return 0 if ours else 403

    def parse_report(self, request: HttpRequest) -> DeliveryReport | None:
        """A status callback."""
        provider_id = request.POST.get("MessageSid", "")
        status = _STATUSES.get(request.POST.get("MessageStatus", ""))
        if not _ID.match(provider_id) or status is None:
            return None
        code = request.POST.get("ErrorCode", "")[:12]
        reaction = REACTIONS.get(code, Reaction.NONE)
        return DeliveryReport(provider_id=provider_id, status=status, code=code, reaction=reaction)

    def parse_reply(self, request: HttpRequest) -> Reply | None:
        """An incoming message."""
        stopped = request.POST.get("OptOutType", "").upper() == "STOP"
        return Reply(request.POST.get("From", ""), request.POST.get("Body", ""), stopped=stopped)


def classify_error(status: int | None, code: int | None, retry_after: float | None) -> Result:
    """One of our outcomes for an HTTP status and Twilio's own code."""
    known = _OUTCOMES.get(int(code or 0))
    text = str(code or status or "")
    if status == 429:
        return Result(Outcome.BUSY, code=text, retry_after=retry_after)
    if known is not None:
        return Result(known, code=text, retry_after=retry_after)
    if status in (401, 403):
        return Result(Outcome.CREDENTIALS, code=text)
    if 300 <= (status or 0) < 400 or status in (404, 405):
        # Not the provider's interface: a wrong address or account, which no message can mend.
        return Result(Outcome.CONFIGURATION, code=text)
    # A server error or a timeout may follow acceptance.
    return Result(
        Outcome.UNKNOWN if (status or 500) >= 500 or status == 408 else Outcome.REFUSED, code=text
    )


def _network(error: requests.exceptions.RequestException) -> Outcome:
    """Whether anything can have reached the provider; a TLS fault after the handshake may follow
    acceptance.
    """
    if isinstance(error, requests.exceptions.SSLError):
        return Outcome.NOT_SENT if "CERTIFICATE_VERIFY_FAILED" in repr(error) else Outcome.UNKNOWN
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL):
        return Outcome.NOT_SENT
    refused = isinstance(error, requests.exceptions.ConnectionError) and any(
        word in repr(error)
        for word in ("NewConnectionError", "NameResolutionError", "Connection refused")
    )
    return Outcome.NOT_SENT if refused else Outcome.UNKNOWN


def _whole(value: Any) -> int | None:
    return int(value) if value is not None and str(value).isdigit() else None


def _report(found: Any) -> DeliveryReport:
    code = str(found.error_code or "")
    return DeliveryReport(
        provider_id=found.sid,
        status=_STATUSES.get(str(getattr(found.status, "value", found.status))),
        code=code,
        price=str(found.price or "").lstrip("-"),
        parts=_whole(found.num_segments),
        reaction=REACTIONS.get(code, Reaction.NONE),
    )
