"""Send test messages through outbox, dispatcher and the configured gateway, on a scratch database.

Numbers are valid but made up (+84 9x); use a provider's test account or ``fake_twilio``. Exit
status 0 only when every message has an id of the provider.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from survey.common.encryption import encrypt, phone_hash
from survey.common.phone import parse_mobile
from survey.common.tokens import new_code
from survey.messaging.gateways import gateway
from survey.messaging.invitations import link_address
from survey.messaging.message_text import text_size
from survey.messaging.models import MessageKind, Sender
from survey.messaging.outbox.dispatcher import Dispatcher
from survey.messaging.outbox.models import OutboxMessage
from survey.messaging.queries import TOKEN_LENGTH

INSIDE = "HAILONG_PROBE"

LONGEST = 600.0
"""Seconds beside what the rate takes, after which the probe gives up."""


def _make_tables() -> None:
    """As they are now, without the way they came there: it takes a second instead of ten."""
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy:
                editor.create_model(model)


class Command(BaseCommand):
    """``manage.py sms_probe --count 100``."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", type=int, default=10)
        parser.add_argument("--threads", type=int, default=32)
        parser.add_argument("--rate", type=float, default=1000.0, help="parts per second")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["count"] <= 8_000_000:
            raise CommandError("--count: use a number from 1 to 8,000,000")
        if os.environ.get(INSIDE):
            self._probe(**options)
            return
        # The real database is never touched: the probe runs again with a scratch one.
        with tempfile.TemporaryDirectory(prefix="hailong-probe-") as folder:
            environment = {
                **os.environ,
                INSIDE: "1",
                "DATABASE_URL": f"sqlite:///{Path(folder) / 'probe.sqlite3'}",
                "SMS_QUIET_HOURS": "off",
            }
            arguments = [f"--{name}={options[name]}" for name in ("count", "threads", "rate")]
            done = subprocess.run(  # noqa: S603  (this program with its own arguments)
                [sys.executable, sys.argv[0], "sms_probe", *arguments], env=environment, check=False
            )
        if done.returncode:
            raise CommandError("the probe failed", returncode=done.returncode)

    def _probe(self, *, count: int, threads: int, rate: float, **_: Any) -> None:
        _make_tables()
        try:
            dispatcher = Dispatcher(gateway(), threads=threads)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        now = timezone.now()
        sender = Sender.objects.create(
            name=(settings.TWILIO_SENDER_ID or "HAILONG")[:11], rate=rate
        )
        OutboxMessage.objects.bulk_create(
            (self._row(sender, k, now) for k in range(count)), batch_size=500
        )
        begun = time.monotonic()
        dispatcher.run(until_empty=True, seconds=LONGEST + count / rate)
        seconds = time.monotonic() - begun
        with_id = OutboxMessage.objects.exclude(provider_id=None).count()
        states = dict(OutboxMessage.objects.values_list("state").annotate(n=_count()))
        speed = f"{seconds:.1f} s, {count / seconds:.0f}/s"
        self.stdout.write(f"{with_id} of {count} have a provider id, {speed}, {states}")
        if with_id != count:
            paused = Sender.objects.exclude(paused_at=None).first()
            reason = f"; sender paused: {paused.paused_because}" if paused else ""
            raise CommandError(f"{count - with_id} messages have no provider id{reason}")

    @staticmethod
    def _row(sender: Sender, number: int, now: Any) -> OutboxMessage:
        phone = parse_mobile(f"090{100 + number // 9000 % 900:03d}{1000 + number % 9000:04d}")
        body = f"HAILONG: tin nhan thu. {link_address(new_code(TOKEN_LENGTH))}"
        row = OutboxMessage(
            kind=MessageKind.INVITATION,
            sender=sender,
            phone_hash=phone_hash(phone),
            parts=text_size(body).parts,
            due_at=now,
            not_after=now + timedelta(hours=12),
            created_at=now,
        )
        row.to_sealed, row.body_sealed = encrypt(phone, str(row.pk)), encrypt(body, str(row.pk))
        return row


def _count() -> Any:
    from django.db.models import Count  # noqa: PLC0415

    return Count("pk")
