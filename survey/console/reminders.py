"""What needs an account, told by mail: on working days, when something is late or new, and never
the same list twice within a week.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Final, cast

from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
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
FRIDAY: Final = 4


def remind_by_mail(now: datetime) -> int:
    """Write to every account for which something new waits, or for a week something late; how many.

    Nothing is sent at weekends and on holidays, nor to who asked for no mail. An address that is
    refused keeps nobody else from their mail; where the server itself does not answer, the next
    night tries again.
    """
    day = timezone.localdate(now)
    if not can_mail() or day.weekday() > FRIDAY or is_holiday(day):
        return 0
    sent = 0
    try:
        with get_connection() as connection:
            for user in _addressees(now):
                sent += _remind(user, connection, now)
    except OSError:  # what smtplib raises is one too
        log.exception("the mail server does not answer")
    return sent


def _remind(user: User, connection: BaseEmailBackend, now: datetime) -> bool:
    try:
        with override(staff_language(user.language)):
            items = find_items(user)
            known = {_key(item): item.count for item in items if not item.countdown}
            mail = _write(user, items, connection) if _is_due(user, items, now) else None
        if mail is not None:
            mail.send()
    except (SMTPRecipientsRefused, SMTPDataError):
        log.exception("account %s could not be reminded", user.pk)
        return False
    except OSError:
        raise
    except Exception:  # of one account: the others are written to
        log.exception("account %s could not be reminded", user.pk)
        return False
    told = {"reminded_at": now} if mail else {}
    User.objects.filter(pk=user.pk).update(reminded_of=known, **told)
    return mail is not None


def _addressees(now: datetime) -> QuerySet[User]:
    lasting = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate(now))
    rows = User.objects.filter(lasting, is_active=True, wants_reminders=True)
    return rows.exclude(email="").order_by("pk")


def _is_due(user: User, items: list[Item], now: datetime) -> bool:
    """Something is there that was not, there is more of it, or a week has passed."""
    counted = [item for item in items if not item.countdown]
    if any(item.count > user.reminded_of.get(_key(item), -1) for item in counted):
        return True
    waited = user.reminded_at is None or now - user.reminded_at >= AGAIN_AFTER
    return waited and any(item.late for item in items)


def _key(item: Item) -> str:
    """What stays the same while it waits: what is counted may be more or less."""
    return item.link if item.count else f"{item.link} {item.text}"


def _write(user: User, items: list[Item], connection: BaseEmailBackend) -> EmailMessage:
    text = _(
        "Dear %(name)s,\n\nthis is waiting for you:\n\n%(lines)s\n\n%(address)s\n\n"
        "You can turn these messages off there."
    ) % {
        "name": user.get_full_name() or user.get_username(),
        "lines": "\n".join(tell_item(item) for item in items),
        "address": f"{settings.PUBLIC_URL}/staff/today",
    }
    subject = _("What needs you today: citizen satisfaction, %(province)s")
    return EmailMessage(
        subject % {"province": province_name()}, text, None, [user.email], connection=connection
    )


def tell_item(item: Item) -> str:
    """One thing to do, as a line of a mail."""
    words = f"{item.count} {item.text}" if item.count else item.text.rstrip(".")
    if not item.late:
        return f"- {words}"
    due = _("soon") if item.countdown else _("late")
    return f"- {words} ({due})"


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
