"""Staff page for messages: queue, senders with pause and resume, spending, and how far invitations
got.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.queries import visible_agencies
from survey.common.numbers import round_down_to_ten
from survey.common.text import name_order
from survey.console.layout import page, staff_page
from survey.messaging.models import Sender
from survey.messaging.overview import (
    busy_numbers,
    funnel,
    queue_state,
    reasons_since,
    senders,
    undecided,
)
from survey.messaging.services import decide_unknown


@require_safe
@staff_page
def overview(request: HttpRequest) -> HttpResponse:
    """The queue for operators; the funnel for everybody, in the account's scope."""
    user, now = cast("User", request.user), timezone.now()
    today = timezone.localtime(now).date()
    operates = may(user, "operate-messages")
    since = today - timedelta(days=90)
    # Below the province no count stands still long enough to hide one person: steps of ten, a day
    # late.
    exact = user.sees_province
    steps = funnel(since, today if exact else today - timedelta(days=1))
    busy = busy_numbers(now)
    lines: list[dict[str, Any]] = []
    for agency in visible_agencies(user).filter(pk__in=steps):
        counts = {
            step: n if exact else round_down_to_ten(n) for step, n in steps[agency.pk].items()
        }
        lines.append({"name": str(agency), "busy": busy.get(agency.pk, 0), **counts})
    context = {
        "lines": sorted(
            lines, key=lambda line: (-line["invited"], -line["closed"], name_order(line["name"]))
        ),
        "exact": exact,
        "queue": queue_state(now) if operates else None,
        "senders": senders(now) if operates else [],
        "reasons": reasons_since(now - timedelta(days=90)) if operates else [],
        "undecided": undecided(now) if operates else 0,
    }
    return page(request, "messages.html", context)


@require_POST
@staff_page
@requires("operate-messages")
def change_sender(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Pause a sender, or let it go on."""
    found = Sender.objects.filter(pk=pk)
    if not found.exists():
        raise Http404
    if action == "pause":
        found.filter(paused_at=None).update(paused_at=timezone.now(), paused_because="operator")
        messages.success(request, _("The sender is paused; messages wait."))
    else:
        found.update(
            paused_at=None,
            paused_because="",
            faults=0,
            slowed_until=None,
            resumed_at=timezone.now(),
        )
        messages.success(request, _("Sending resumed."))
    return redirect("console:messages")


@require_POST
@staff_page
@requires("operate-messages")
def decide(request: HttpRequest, action: str) -> HttpResponse:
    """What to do with messages nobody can tell about for a day: send them again, or give
    them up.
    """
    count = decide_unknown(again=action == "again", now=timezone.now())
    messages.success(request, _("%(count)s messages updated.") % {"count": count})
    return redirect("console:messages")
