"""What needs an account, told by mail: on working days, when something is late or new, and never
the same list twice within a week.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from hashlib import sha256
from smtplib import SMTPException
from typing import Final, cast

from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from survey.accounts.invitations import can_mail
from survey.accounts.models import User
from survey.agencies.calendar import is_holiday
from survey.common.languages import staff_language
from survey.common.province import province_name
from survey.console.layout import staff_page
from survey.console.today import Item, find_items

log = logging.getLogger(__name__)
AGAIN_AFTER: Final = timedelta(days=7)
"""The same list is told again after so long, while something in it is late."""


def remind_by_mail(now: datetime) -> int:
    """Write to every account whose list is new, or is a week old and has something late; how many.

    Nothing is sent at weekends and on holidays, nor to who asked for no mail. Where the mail server
    does not answer, the next night tries again.
    """
    day = timezone.localdate(now)
    if not can_mail() or day.weekday() > 4 or is_holiday(day):
        return 0
    sent = 0
    with get_connection() as connection:
        for user in _addressees(now):
            with override(staff_language(user.language)):
                items = find_items(user)
                digest = _digest(items)
                if not _is_due(user, items, digest, now):
                    continue
                mail = _write(user, items)
            mail.connection = connection
            try:
                mail.send()
            except (OSError, SMTPException):
                log.exception("a reminder could not be sent")
                return sent
            User.objects.filter(pk=user.pk).update(reminded_at=now, reminded_of=digest)
            sent += 1
    return sent


def _addressees(now: datetime) -> QuerySet[User]:
    lasting = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate(now))
    rows = User.objects.filter(lasting, is_active=True, wants_reminders=True)
    return rows.exclude(email="").order_by("pk")


def _digest(items: list[Item]) -> str:
    """Checksum of what waits, whatever the numbers."""
    lines = (f"{item.late} {item.text} {item.link}\n" for item in items)
    return sha256("".join(lines).encode()).hexdigest()


def _is_due(user: User, items: list[Item], digest: str, now: datetime) -> bool:
    if not items:
        return False
    if user.reminded_at is None or user.reminded_of != digest:
        return True
    return any(item.late for item in items) and now - user.reminded_at >= AGAIN_AFTER


def _write(user: User, items: list[Item]) -> EmailMessage:
    lines = [_line(item) for item in items]
    text = _(
        "Dear %(name)s,\n\nthis waits for you:\n\n%(lines)s\n\n%(address)s\n\n"
        "You can turn these messages off there."
    ) % {
        "name": user.get_full_name() or user.get_username(),
        "lines": "\n".join(lines),
        "address": f"{settings.PUBLIC_URL}/staff/today",
    }
    subject = _("What needs you today: citizen satisfaction, %(province)s")
    return EmailMessage(subject % {"province": province_name()}, text, None, [user.email])


def _line(item: Item) -> str:
    words = f"{item.count} {item.text}" if item.count else item.text
    return f"- {words} ({_('late')})" if item.late else f"- {words}"


@require_POST
@staff_page
def choose_reminders(request: HttpRequest) -> HttpResponse:
    """Turn the mails to oneself on or off."""
    user = cast("User", request.user)
    wanted = request.POST.get("wanted") == "1"
    User.objects.filter(pk=user.pk).update(wants_reminders=wanted)
    text = _("You will be reminded by mail.") if wanted else _("No reminders will be sent to you.")
    messages.success(request, text)
    return redirect("console:today")
