"""Staff page for messages: queue, senders with pause and resume, spending, and how far invitations got."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.models import Role, User
from survey.agencies.queries import visible_agencies
from survey.console.frame import page, staff_page
from survey.dispatch.models import Sender
from survey.dispatch.overview import busy_numbers, funnel, queue_state, reasons_since, senders, undecided
from survey.dispatch.services import decide_unknown
from survey.responses.queries import FEWEST_SHOWN, answered_by_link

NO_ANSWERS: Final = {"finished": 0, "valid": 0}


def _may_operate(user: User) -> bool:
    return user.is_superuser or (user.role == Role.OPERATOR and user.agency_id is None)


@require_safe
@staff_page
def overview(request: HttpRequest) -> HttpResponse:
    """The queue for operators; the funnel for everybody, in the account's scope."""
    user, now = cast("User", request.user), timezone.now()
    since = now - timedelta(days=90)
    steps, answers = funnel(since, now), answered_by_link(since)
    busy = busy_numbers(now)
    agencies = sorted(
        (a for a in visible_agencies(user) if a.pk in steps),
        key=lambda a: (-steps[a.pk]["invited"], -steps[a.pk]["closed"]),
    )
    for line in steps.values():
        # Few are nobody's business, and a count that goes up by one tells who it was.
        line.update({step: n if n >= FEWEST_SHOWN else 0 for step, n in line.items() if step in ("opened", "started")})
    lines = [
        {"name": str(a), "busy": busy.get(a.pk, 0), **steps[a.pk], **answers.get(a.pk, NO_ANSWERS)} for a in agencies
    ]
    operates = _may_operate(user)
    context = {
        "lines": lines,
        "queue": queue_state(now) if operates else None,
        "senders": senders(now) if operates else [],
        "reasons": reasons_since(since) if operates else [],
        "undecided": undecided(now) if operates else 0,
    }
    return page(request, "messages.html", context)


@require_POST
@staff_page
def change_sender(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Pause a sender, or let it go on."""
    if not _may_operate(cast("User", request.user)):
        raise PermissionDenied
    found = Sender.objects.filter(pk=pk)
    if not found.exists():
        raise Http404
    if action == "pause":
        found.filter(paused_at=None).update(paused_at=timezone.now(), paused_because="operator")
        messages.success(request, _("The sender is paused; messages wait."))
    else:
        found.update(paused_at=None, paused_because="", faults=0, slowed_until=None, resumed_at=timezone.now())
        messages.success(request, _("The sender goes on."))
    return redirect("console:messages")


@require_POST
@staff_page
def decide(request: HttpRequest, action: str) -> HttpResponse:
    """What to do with messages nobody can tell about for a day: send them again, or give them up."""
    if not _may_operate(cast("User", request.user)):
        raise PermissionDenied
    count = decide_unknown(again=action == "again", now=timezone.now())
    messages.success(request, _("Decided about %(count)s messages.") % {"count": count})
    return redirect("console:messages")
