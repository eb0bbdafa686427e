"""Staff pages of a reporting period: what is missing, computing it, and release by two people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.audit import record_event
from survey.accounts.models import User
from survey.accounts.permissions import holds_role, requires
from survey.common.periods import Period, parse_period
from survey.console.approvals import ask_for
from survey.console.index_table import overall
from survey.console.layout import method_title, page, staff_page
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.responses.cut_offs import (
    LONGEST_REASON,
    CutOff,
    CutOffPlan,
    cancel_plan,
    plan_cut_off,
)
from survey.scorecards.computing import find_running, request_computation
from survey.scorecards.models import Computation, Edition, EditionState
from survey.scorecards.queries import editions, province_result
from survey.scorecards.readiness import check_readiness
from survey.scorecards.rounds.states import read_steps

REQUESTS: Final = {name: SENSITIVE_ACTIONS[f"{name}-edition"] for name in ("release", "withdraw")}
QUARTERS_SHOWN: Final = 6
SHOWN: Final = 10
"""Computations on the page."""


def periods_on_offer(today: date) -> list[Period]:
    """The running quarter and those before it, and the years, halves and nine months they end."""
    found: list[Period] = []
    day = today
    for _number in range(QUARTERS_SHOWN):
        quarter = parse_period(f"{day.year}-Q{(day.month + 2) // 3}")
        longer = {2: ["H1"], 3: ["9M"], 4: ["H2", ""]}.get((day.month + 2) // 3, [])
        found += [parse_period(f"{day.year}-{part}".rstrip("-")) for part in longer]
        found.append(quarter)
        day = quarter.first - timedelta(days=1)
    return found


def _chosen(text: str, today: date) -> Period:
    """The period asked for; without one the last quarter that has ended."""
    if not text:
        return next(p for p in periods_on_offer(today) if "Q" in p.name and p.last < today)
    try:
        return parse_period(text)
    except ValueError as error:
        raise Http404 from error


class PlanForm(forms.Form):
    """On which day a period is cut off."""

    day = forms.DateField(
        label=gettext_lazy("cut-off on"),
        widget=forms.DateInput(
            format="%d/%m/%Y",
            attrs={"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"},
        ),
    )


@require_safe
@staff_page
@requires("see-previews")
def periods(request: HttpRequest) -> HttpResponse:
    """What a period lacks, its computations, and its editions."""
    period = _chosen(request.GET.get("period", ""), timezone.localdate())
    return _period_page(request, period, PlanForm())


def _period_page(
    request: HttpRequest, period: Period, form: PlanForm, status: int = 200
) -> HttpResponse:
    user, today = cast("User", request.user), timezone.localdate()
    cut_offs = list(CutOff.objects.filter(period=period.name).select_related("made_by"))
    runs = list(Computation.objects.filter(period=period.name).select_related("asked_by")[:SHOWN])
    offered = periods_on_offer(today)
    context = {
        "period": period,
        "offered": offered if period in offered else [period, *offered],
        "ready": check_readiness(period, today),
        "runs": runs,
        "cut_offs": cut_offs,
        "plan": CutOffPlan.objects.filter(period=period.name).first(),
        "form": form,
        "steps": read_steps(period, cut_offs[0] if cut_offs else None),
        "running": find_running(period.name, timezone.now()).exists(),
        "lines": [
            {"edition": edition, "title": method_title(edition)}
            for edition in editions(user)
            if edition.period == period.name
        ],
    }
    return page(request, "periods.html", context, status=status)


@require_POST
@staff_page
@requires("compute-figures")
def plan(request: HttpRequest) -> HttpResponse:
    """Choose the day on which a period is cut off by itself, or drop it."""
    period = _named(request.POST.get("period", ""))
    if "cancel" in request.POST:
        return _cancel(request, period)
    form = PlanForm(request.POST)
    if not form.is_valid() or not _keep_plan(request, period, form):
        return _period_page(request, period, form, 422)
    return _back_to(period)


def _keep_plan(request: HttpRequest, period: Period, form: PlanForm) -> bool:
    user, today = cast("User", request.user), timezone.localdate()
    try:
        made = plan_cut_off(period=period, day=form.cleaned_data["day"], by=user, today=today)
    except ValidationError as error:
        form.add_error(None, error)
        # Where the period was cut off meanwhile, the page has no form to say it in.
        messages.error(request, error.messages[0])
        return False
    record_event(request, "plan-cut-off", thing=f"period {period}", detail=f"{made.day:%Y-%m-%d}")
    words = {"day": f"{made.day:%d/%m/%Y}"}
    messages.success(request, _("The period will be cut off on %(day)s.") % words)
    return True


def _cancel(request: HttpRequest, period: Period) -> HttpResponse:
    if cancel_plan(period=period):
        record_event(request, "plan-cut-off", thing=f"period {period}", detail="-")
        messages.success(request, _("The period will not be cut off by itself."))
    return _back_to(period)


def _named(text: str) -> Period:
    try:
        return parse_period(text)
    except ValueError as error:
        raise Http404 from error


def _back_to(period: Period) -> HttpResponse:
    return redirect(reverse("console:periods") + f"?period={period}")


@require_POST
@staff_page
@requires("compute-figures")
def compute(request: HttpRequest) -> HttpResponse:
    """Freeze the answers of a period and compute its figures, in the background."""
    user, period = cast("User", request.user), request.POST.get("period", "")
    anew = request.POST.get("reason", "").strip() if "anew" in request.POST else ""
    try:
        _check_reason(request, anew)
        request_computation(period=period, by=user, now=timezone.now(), anew=anew)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        known = period in {one.name for one in periods_on_offer(timezone.localdate())}
        return _back_to(parse_period(period)) if known else redirect("console:periods")
    record_event(request, "compute-figures", thing=f"period {period}", detail=anew or period)
    messages.success(request, _("The answers are being frozen and computed."))
    return _back_to(parse_period(period))


def _check_reason(request: HttpRequest, reason: str) -> None:
    if "anew" in request.POST and not reason:
        raise ValidationError(_("Say why the period is cut off once more."))
    if len(reason) > LONGEST_REASON:
        raise ValidationError(
            _("The reason has more than %(count)s characters.") % {"count": LONGEST_REASON}
        )


def _find(request: HttpRequest, pk: int) -> Edition:
    found = Edition.objects.filter(pk=pk).first()
    if found is None or found not in editions(cast("User", request.user)):
        raise Http404
    return found


@require_safe
@staff_page
@requires("see-previews")
def edition(request: HttpRequest, pk: int) -> HttpResponse:
    """One edition: where it comes from, what it tells, what it changes, and its release."""
    found = _find(request, pk)
    user = cast("User", request.user)
    whole = province_result(found)
    state = found.state
    action = {EditionState.COMPUTED: "release", EditionState.RELEASED: "withdraw"}.get(state)
    context = {
        "edition": found,
        "period": parse_period(found.period),
        "method_title": method_title(found),
        "whole": whole.rows[0] if whole else None,
        "figures": found.results.count(),
        "changes": _changes(found),
        "action": action if action and holds_role(user, REQUESTS[action].asks) else "",
        "waiting": _waiting(found),
        "cut_off": CutOff.objects.filter(
            period=found.period, snapshot_sha256=found.snapshot_sha256
        ).first(),
    }
    return page(request, "edition.html", context)


def _waiting(found: Edition) -> ApprovalRequest | None:
    keys = [action.key for action in REQUESTS.values()]
    return ApprovalRequest.objects.filter(
        action__in=keys, payload__edition=found.pk, state="waiting"
    ).first()


def _changes(found: Edition) -> list[dict[str, Any]]:
    """Agencies whose overall figure differs from the one released before it under the method."""
    before = (
        Edition.objects.filter(period=found.period, method=found.method, made_at__lt=found.made_at)
        .exclude(released_at=None)
        .order_by("-made_at")
        .first()
    )
    if before is None:
        return []
    old = {result.agency_id: overall(result) for result in before.results.all()}
    lines = []
    for result in found.results.select_related("agency"):
        now, then = overall(result), old.get(result.agency_id, {})
        if now["weighted_index"] != then.get("weighted_index"):
            lines.append(
                {
                    "name": result.name,
                    "before": then.get("weighted_index"),
                    "after": now["weighted_index"],
                }
            )
    return lines


@require_POST
@staff_page
@requires("compute-figures")
def ask_edition(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Ask that figures are released, or taken back."""
    found = _find(request, pk)
    made = ask_for(request, REQUESTS[action], {"edition": found.pk})
    return redirect("console:approval", pk=made.pk) if made else redirect("console:edition", pk=pk)
