"""Webhooks in the Standard Webhooks format: addresses with a secret, and what is sent to them.

A happening becomes one message for every webhook that wants it, in the transaction that does what
it tells of: it is told if it happened, once. Each message is tried for a day (``ATTEMPTS_AFTER``)
and then kept as given up, to be sent again by hand; receivers know it again by its identifier.
"""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import default_task_backend, task
from standardwebhooks import Webhook as Signer

from survey.accounts.models import User
from survey.common.encryption import decrypt, encrypt
from survey.common.happenings import Event, happened
from survey.webhooks.models import Webhook, WebhookMessage
from survey.webhooks.outgoing import SendingError, check_address, post

ATTEMPTS_AFTER: Final = tuple(
    timedelta(seconds=seconds) for seconds in (30, 60, 300, 1800, 7200, 14_400, 21_600, 41_010)
)
"""Waits between attempts: the last one is 24 hours after the first."""
OVERLAP: Final = timedelta(hours=24)
"""So long the secret before still signs beside the new one."""
KEPT: Final = timedelta(days=30)
NEXT_NIGHT: Final = timedelta(hours=26, minutes=30)
GONE: Final = 410
OFFERED: Final = tuple(one for one in Event if one != Event.TEST)


def make_webhook(
    *, owner: User, name: str, url: str, events: list[str], now: datetime
) -> tuple[Webhook, str]:
    """A webhook and its secret, which is told nowhere again.

    Raises
    ------
    ValidationError
        No or an unknown event, or an address nothing may be sent to.
    """
    if not events or set(events) - {str(one) for one in OFFERED}:
        raise ValidationError({"events": _("Choose what the program wants to hear of.")})
    try:
        check_address(url)
    except ValidationError as error:
        raise ValidationError({"url": error.messages}) from error
    secret = _new_secret()
    sealed = encrypt(secret, _about(url))
    row = Webhook.objects.create(
        owner=owner, name=name, url=url, events=sorted(events), secret_sealed=sealed, made_at=now
    )
    return row, secret


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _about(url: str) -> str:
    return f"webhook {url}"


@transaction.atomic
def renew_secret(*, webhook: Webhook, now: datetime) -> str:
    """A new secret, told nowhere again; the one before signs beside it for a day.

    Within that day the receiver has the older one still: a second renewal replaces the secret
    nobody has taken up yet.
    """
    secret = _new_secret()
    row = Webhook.objects.select_for_update().get(pk=webhook.pk)
    if row.old_secret_sealed is None or row.old_until is None or row.old_until <= now:
        row.old_secret_sealed = row.secret_sealed
    row.old_until, row.secret_sealed = now + OVERLAP, encrypt(secret, _about(row.url))
    row.save(update_fields=["old_secret_sealed", "old_until", "secret_sealed"])
    return secret


def end_webhook(*, webhook: Webhook, now: datetime) -> None:
    """Send nothing more; what waits is given up."""
    Webhook.objects.filter(pk=webhook.pk, ended_at=None).update(ended_at=now)
    waiting = WebhookMessage.objects.filter(webhook=webhook, delivered_at=None, dead_at=None)
    waiting.update(dead_at=now, next_at=None, problem=_("The webhook was ended."))


def send_test(*, webhook: Webhook, now: datetime) -> WebhookMessage:
    """Send a message that tells of nothing."""
    return _write(webhook, Event.TEST, {}, now)


@transaction.atomic
def send_again(*, message: WebhookMessage, now: datetime) -> bool:
    """Begin anew with a message that was given up; False where it was not."""
    given_up = WebhookMessage.objects.filter(pk=message.pk, delivered_at=None)
    given_up = given_up.exclude(dead_at=None)
    begun = given_up.update(dead_at=None, attempts=0, next_at=now, problem="")
    if begun:
        _plan(message.pk, now)
    return bool(begun)


def note_happening(event: Event, data: dict[str, Any], **_more: Any) -> None:
    """Write the messages of something that happened: the receiver of ``happened``."""
    now = timezone.now()
    for webhook in Webhook.objects.filter(ended_at=None).select_related("owner__agency"):
        if event in webhook.events and webhook.is_good(timezone.localdate(now)):
            _write(webhook, event, data, now)


def listen() -> None:
    """Hear of everything that is told from now on."""
    happened.connect(note_happening, dispatch_uid="webhooks")


@transaction.atomic
def _write(webhook: Webhook, event: Event, data: dict[str, Any], now: datetime) -> WebhookMessage:
    first = now
    if event == Event.CASE:
        # The moment is the citizen's, of whose answer the day is more than is kept: it is told the
        # next night, by its day.
        now = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        first = now + NEXT_NIGHT
    body = {"type": event.value, "timestamp": now.isoformat(), "data": data}
    message = WebhookMessage.objects.create(
        webhook=webhook,
        message_id=f"msg_{secrets.token_hex(16)}",
        event=event,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        made_at=now,
        next_at=first,
    )
    _plan(message.pk, first)
    return message


def _plan(pk: int, when: datetime) -> None:
    """Have a message sent at a moment; by the night's work where nothing can be put off."""
    if default_task_backend.supports_defer:
        # A row of the same database: it is there when what it tells of is, or neither.
        deliver.using(run_after=when).enqueue(pk)
    elif when <= timezone.now():
        transaction.on_commit(partial(deliver.enqueue, pk))


@task(priority=-10)
def deliver(pk: int) -> None:
    """Try to send a message that is due."""
    now = timezone.now()
    message = WebhookMessage.objects.select_related("webhook__owner__agency").get(pk=pk)
    if _claim(message, now):
        problem, is_over = _send(message, now)
        _keep_outcome(message, problem, is_over)


@transaction.atomic
def _claim(message: WebhookMessage, now: datetime) -> bool:
    """Take the attempt that is due, with the next one planned: a worker that dies loses nothing,
    and of two that come together one finds nothing.
    """
    made = message.attempts
    after = now + ATTEMPTS_AFTER[made] if made < len(ATTEMPTS_AFTER) else None
    due = WebhookMessage.objects.filter(pk=message.pk, attempts=made, next_at__lte=now)
    if not due.update(attempts=made + 1, next_at=after):
        return False
    if after:
        _plan(message.pk, after)
    message.next_at = after
    return True


def _send(message: WebhookMessage, now: datetime) -> tuple[str, bool]:
    """What went wrong, and whether that is the end of it; nothing went wrong: empty."""
    webhook = message.webhook
    if not webhook.is_good(timezone.localdate(now)):
        return _("The webhook or its account was ended."), True
    body = message.body.encode()
    try:
        status = post(check_address(webhook.url), body, sign(message, now))
    except ValidationError as error:
        return error.messages[0], False
    except SendingError as error:
        return str(error), False
    if status == GONE:
        end_webhook(webhook=webhook, now=now)
    return ("" if 200 <= status < 300 else f"HTTP {status}"), status == GONE


def sign(message: WebhookMessage, now: datetime) -> dict[str, str]:
    """Headers of a message: identifier, moment, and a signature by every secret that is valid."""
    webhook = message.webhook
    sealed = [webhook.secret_sealed]
    if webhook.old_secret_sealed is not None and webhook.old_until and now < webhook.old_until:
        sealed.append(webhook.old_secret_sealed)
    # The signer takes the clock of a moment for that of Greenwich, whatever its zone.
    moment = datetime.fromtimestamp(int(now.timestamp()), tz=UTC)
    keys = [Signer(decrypt(one, _about(webhook.url))) for one in sealed]
    signatures = [key.sign(message.message_id, moment, message.body) for key in keys]
    return {
        "Content-Type": "application/json",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _keep_outcome(message: WebhookMessage, problem: str, is_over: bool) -> None:
    now = timezone.now()
    row = WebhookMessage.objects.filter(pk=message.pk, delivered_at=None)
    if not problem:
        row.update(delivered_at=now, dead_at=None, next_at=None, problem="")
    elif is_over or message.next_at is None:
        row.update(dead_at=now, next_at=None, problem=problem[:200])
    else:
        row.update(problem=problem[:200])


def tend_messages(now: datetime) -> None:
    """Send what is due and has no worker, give up what was cut off in its last attempt, and forget
    what is old.
    """
    WebhookMessage.objects.filter(made_at__lt=now - KEPT).delete()
    open_ones = WebhookMessage.objects.filter(delivered_at=None, dead_at=None)
    cut_off = open_ones.filter(next_at=None, made_at__lt=now - OVERLAP)
    cut_off.update(dead_at=now, problem=_("Cut off while it was sent."))
    for pk in open_ones.filter(next_at__lte=now).values_list("pk", flat=True):
        deliver.enqueue(pk)
