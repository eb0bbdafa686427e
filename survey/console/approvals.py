"""Staff pages of what two people decide: what waits for me, what I asked for, and one request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.approvals import (
    ApprovalRequest,
    Payload,
    RequestState,
    SensitiveAction,
    cancel_request,
    decide_request,
    request_approval,
    requests_waiting,
    why_not,
)
from survey.accounts.asking_again import asks_again
from survey.accounts.audit import record_event
from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.console.agency_uses import preview_reorganisation
from survey.console.layout import page, staff_page
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.questionnaires.models import Version
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.models import Edition
from survey.scorecards.rounds.models import ScoringRound

REQUESTS_PER_PAGE = 50


def _visible(user: User) -> QuerySet[ApprovalRequest]:
    """Requests an account may read: its own, and all for who decides or audits the province."""
    found = ApprovalRequest.objects.select_related("requester__agency")
    reads_all = may(user, "decide-requests") or (may(user, "see-audit") and user.sees_province)
    return found if reads_all else found.filter(Q(requester=user))


def ask_for(
    request: HttpRequest, action: SensitiveAction, payload: Payload
) -> ApprovalRequest | None:
    """Make a request out of a page's form; the reason it may not be is told on the next page."""
    user = cast("User", request.user)
    reason = request.POST.get("reason", "")
    try:
        made = request_approval(
            action=action, payload=payload, reason=reason, by=user, now=timezone.now()
        )
    except (ValidationError, IntegrityError) as error:
        told = (
            error.messages
            if isinstance(error, ValidationError)
            else [_("The same request is already waiting for a decision.")]
        )
        for sentence in told:
            messages.error(request, sentence)
        return None
    record_event(request, action.key, thing=f"request {made.pk}", detail=made.subject)
    messages.success(
        request, _("Requested. It takes effect as soon as somebody else has approved it.")
    )
    return made


@require_safe
@staff_page
def approvals(request: HttpRequest) -> HttpResponse:
    """Two lists: waiting for me, my requests; and what was decided, for who may read it."""
    user, now = cast("User", request.user), timezone.now()
    waiting = [row for row in requests_waiting(now) if not why_not(row, user, now)]
    decided = Paginator(
        _visible(user).exclude(pk__in=[row.pk for row in waiting]), REQUESTS_PER_PAGE
    )
    context = {
        "waiting": [_line(row) for row in waiting],
        "part": (part := decided.get_page(request.GET.get("page"))),
        "others": [_line(row) for row in part],
    }
    return page(request, "approvals.html", context)


def _line(row: ApprovalRequest) -> dict[str, Any]:
    action = SENSITIVE_ACTIONS.get(row.action)
    return {"row": row, "label": action.label if action else row.action}


def _find(request: HttpRequest, pk: int) -> ApprovalRequest:
    user, now = cast("User", request.user), timezone.now()
    found = ApprovalRequest.objects.select_related("requester__agency").filter(pk=pk).first()
    if found is None or found.action not in SENSITIVE_ACTIONS:
        raise Http404
    if not may_open(found, user, now):
        raise Http404
    return found


def may_open(row: ApprovalRequest, user: User, now: datetime) -> bool:
    """Whether an account sees a request: its own, one it may decide, one it may read."""
    if row.requester_id == user.pk or not why_not(row, user, now):
        return True
    return _visible(user).filter(pk=row.pk).exists()


@require_safe
@staff_page
def approval(request: HttpRequest, pk: int) -> HttpResponse:
    """One request with its reason, who decided what, and the buttons of who may."""
    user, now = cast("User", request.user), timezone.now()
    row = _find(request, pk)
    is_open = row.state == RequestState.WAITING
    context = {
        **_line(row),
        "decisions": row.decisions.select_related("user").order_by("at"),
        "blocked": why_not(row, user, now),
        "mine": row.requester_id == user.pk,
        "link": _link(row),
        "minutes": row.payload.get("minutes", ""),
        "purpose": row.payload.get("purpose", ""),
        "agencies": preview_reorganisation(row) if is_open and _may_look(user) else [],
    }
    return page(request, "approval.html", context)


def _may_look(user: User) -> bool:
    """Who asked may have lost what let them see other agencies."""
    return may(user, "decide-requests") or may(user, "change-agencies")


def _link(row: ApprovalRequest) -> str:
    """Page of what a request is about; empty for other things, and drafts that are gone."""
    version, edition = row.payload.get("version"), row.payload.get("edition")
    if version and Version.objects.filter(pk=version).exists():
        return reverse("console:version", args=[version])
    if edition and Edition.objects.filter(pk=edition).exists():
        return reverse("console:edition", args=[edition])
    framework, scored = row.payload.get("framework"), row.payload.get("round")
    if framework and FrameworkFile.objects.filter(pk=framework).exists():
        return reverse("console:framework", args=[framework])
    if scored and ScoringRound.objects.filter(pk=scored).exists():
        return reverse("console:scoring-round", args=[scored])
    return ""


@require_POST
@staff_page
@asks_again
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or turn down; the last approval does it."""
    row = _find(request, pk)
    user = cast("User", request.user)
    decision = request.POST.get("decision", "")
    if decision not in ("approve", "refuse"):
        raise SuspiciousOperation("neither approved nor turned down")
    try:
        done = decide_request(
            action=SENSITIVE_ACTIONS[row.action],
            request=row,
            approve=decision == "approve",
            comment=request.POST.get("comment", ""),
            by=user,
            now=timezone.now(),
        )
    except ValidationError as error:
        told = " ".join(error.messages)
        messages.error(request, told)
    except IntegrityError:
        messages.error(request, told := _("You have already decided this."))
    else:
        told = ""
        messages.success(request, f"{row.subject}: {done.get_state_display()}.")
    record_event(
        request,
        "approval-decide",
        thing=f"request {row.pk}",
        detail=f"{decision}: {row.subject} {told}".strip(),
        refused=bool(told),
    )
    return redirect("console:approval", pk=pk)


@require_POST
@staff_page
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what one asked for."""
    row = _find(request, pk)
    try:
        cancel_request(request=row, by=cast("User", request.user), now=timezone.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The request has been withdrawn."))
    return redirect("console:approval", pk=pk)
