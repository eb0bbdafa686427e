"""The online-service story of the demonstration: events, a simulated provider, links, answers. No
number is real.
"""

from __future__ import annotations

import secrets
import warnings
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from survey.agencies.models import AgencyVersion
from survey.common.encryption import encrypt
from survey.dev.simulator.endpoint import Settings
from survey.dev.simulator.twilio import Simulator
from survey.messaging.event_intake import IntakeReport, ingest_events
from survey.messaging.gateways.twilio import TwilioGateway
from survey.messaging.models import Invitation, Sender
from survey.messaging.outbox.dispatcher import Dispatcher
from survey.messaging.outbox.lookups import token_in
from survey.messaging.outbox.maintenance import poll_reports
from survey.messaging.shipped_texts import use_shipped_texts
from survey.transactions.models import SourceSystem

SENDER: Final = "UBND DTHAP"
AGENCIES: Final = ("H20.05", "H20.06", "H20.11")
PER_AGENCY: Final = 12
ANSWERED: Final = 0.75
_ACCOUNT: Final = "AC" + "d" * 32


def send_story(*, now: datetime) -> dict[str, Any]:
    """Run the story once; returns what there is to open: links that wait for an answer."""
    if Invitation.objects.exists():
        return {}
    sender = Sender.objects.create(name=SENDER, rate=100)
    use_shipped_texts(sender)
    source, _made = SourceSystem.objects.get_or_create(
        key_id="minh-hoa",
        defaults={
            "name": "Hệ thống một cửa (minh họa)",
            "province": "H20",
            "secret_sealed": encrypt(secrets.token_urlsafe(32), "source/minh-hoa"),
        },
    )
    report = ingest_events(events=_events(now), source=source, now=now, province="H20")
    simulated = {
        "TWILIO_ACCOUNT_SID": _ACCOUNT,
        "TWILIO_AUTH_TOKEN": "simulated",
        "TWILIO_SENDER_ID": SENDER,
        "TWILIO_MESSAGING_SERVICE_SID": "",
        "SMS_QUIET_HOURS": False,
        "SMS_STATUS_CALLBACK_BASE_URL": "",
    }
    with Simulator(0, Settings(_ACCOUNT, "simulated", callback_delay=(0.0, 0.0))) as server:
        server.serve_in_background()
        with override_settings(**simulated, TWILIO_API_BASE_URL=server.url):
            provider = TwilioGateway()
            Dispatcher(provider, threads=8).run(until_empty=True)
            # Before the reports: with the final one, the provider forgets the text. Threads send in
            # any order.
            tokens = [
                token_in(body)
                for body in sorted(message["body"] for message in server.store.messages.values())
            ]
            poll_reports(provider, timezone.now() + timedelta(minutes=16))
        server.shutdown()
    with warnings.catch_warnings():
        # Static files are found where they lie; a collected folder is for production.
        warnings.filterwarnings("ignore", "No directory at", UserWarning)
        waiting = _answer(tokens)
    return {
        "sms_links": [f"{settings.PUBLIC_URL}/{token}" for token in waiting],
        "sms_counts": _counts(report),
    }


def _counts(report: IntakeReport) -> dict[str, int]:
    return dict(sorted(report.counts.items()))


def _events(now: datetime) -> list[dict[str, str]]:
    """Closed online dossiers of three departments; every sixth is late, every twelfth has a
    landline.
    """
    moment = timezone.localtime(now - timedelta(hours=3)).isoformat(timespec="seconds")
    found = AgencyVersion.objects.filter(agency_code__in=AGENCIES, valid_to=None).order_by(
        "agency_code"
    )
    events = []
    for place, version in enumerate(found):
        for k in range(PER_AGENCY):
            number = place * PER_AGENCY + k
            events.append(
                {
                    "dossier_code": (
                        f"{version.agency_code}-{timezone.localtime(now):%y%m%d}-{number + 1:04d}"
                    ),
                    "event": "returned",
                    "time": moment,
                    "timing": "late" if number % 6 == 5 else "on-time",
                    "agency_code": version.agency_code,
                    "domain_code": {"H20.05": "civil-status"}.get(version.agency_code, "business"),
                    "channel": "online",
                    "phone": f"090{200 + number:03d}{4000 + number:04d}"
                    if number % 12 != 11
                    else "02773851000",
                }
            )
    return events


def _answer(tokens: list[str]) -> list[str]:
    """Most people answer through the page behind their link; the others' links are returned."""
    answering = tokens[: int(len(tokens) * ANSWERED)]
    citizen = Client(headers={"host": "127.0.0.1"})
    for place, token in enumerate(answering):
        level = (5, 4, 5, 4, 3, 5, 4, 2)[place % 8]
        answers: dict[str, Any] = {"overall": str(level)} | (
            {"reasons": ["late"]} if level <= 3 else {}
        )
        if (status := citizen.post(f"/s/{token}", answers).status_code) != 303:
            raise RuntimeError(f"the page behind a link answered {status}")
    return tokens[len(answering) :]
