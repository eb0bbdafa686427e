"""Staff pages of vote integrity: what the rules found of agencies, and what they say to it."""

from __future__ import annotations

from datetime import date
from typing import cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.queries import visible_agencies
from survey.common.periods import first_of_month
from survey.console.integrity_forms import MonthForm
from survey.console.integrity_words import tell_findings
from survey.console.layout import page, staff_page
from survey.integrity.models import FlagReply, IntegrityFlag, IntegrityRun
from survey.integrity.rule_words import list_rules
from survey.integrity.running import check_month
from survey.scorecards.bridge.stuffing import open_rules

SHOWN = 200
"""Flags on the page, the newest."""


class ReplyForm(forms.Form):
    """What the agency says."""

    text = forms.CharField(
        label=gettext_lazy("Answer of the agency"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


def _visible(user: User) -> QuerySet[IntegrityFlag]:
    """Flags of the account's agencies; a month that is going on is the province's only, for its
    figures would tell the rated office what came lately.
    """
    rows = IntegrityFlag.objects.filter(current=True, agency__in=visible_agencies(user))
    if user.agency_id is not None:
        rows = rows.filter(month__lt=first_of_month(timezone.localdate()))
    return rows.select_related("agency")


@require_safe
@staff_page
@requires("see-integrity")
def flags(request: HttpRequest) -> HttpResponse:
    """What was found, month by month, and the rules."""
    return _show(request, MonthForm())


def _show(request: HttpRequest, form: MonthForm, status: int = 200) -> HttpResponse:
    user = cast("User", request.user)
    rules, runs_it = open_rules(), may(user, "run-integrity")
    rows = list(_visible(user)[:SHOWN])
    answered = set(FlagReply.objects.values_list("agency", "month"))
    context = {
        "lines": [
            {
                "flag": row,
                "told": tell_findings(row.findings, rules),
                "answered": (row.agency_id, row.month) in answered,
            }
            for row in rows
        ],
        "published": list_rules(rules),
        "version": rules.text_of_version,
        "form": form if runs_it else None,
        "last": IntegrityRun.objects.order_by("-made_at").first() if runs_it else None,
    }
    return page(request, "integrity.html", context, status=status)


@require_POST
@staff_page
@requires("run-integrity")
def run_month(request: HttpRequest) -> HttpResponse:
    """Apply the rules to a month; the worker does it."""
    form = MonthForm(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    month: date = form.cleaned_data["month"]
    check_month.enqueue(month.isoformat())
    messages.success(request, _("The month is looked at; reload this page in a minute."))
    return redirect("console:integrity")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-integrity")
def flag(request: HttpRequest, pk: int) -> HttpResponse:
    """One agency and month: what was found, and the agency's answer."""
    user = cast("User", request.user)
    found = _visible(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not may(user, "answer-flags"):
        raise PermissionDenied
    if form.is_bound and form.is_valid():
        FlagReply.objects.create(
            agency=found.agency,
            month=found.month,
            text=form.cleaned_data["text"],
            user=user,
            made_at=timezone.now(),
        )
        messages.success(request, _("The answer is stored; it is not changed any more."))
        return redirect("console:integrity-flag", pk=found.pk)
    replies = FlagReply.objects.filter(agency=found.agency, month=found.month)
    context = {
        "flag": found,
        "told": tell_findings(found.findings, open_rules()),
        "replies": replies.select_related("user"),
        "form": form if may(user, "answer-flags") else None,
        "can_exclude": may(user, "compute-figures"),
    }
    return page(request, "integrity_flag.html", context, status=422 if form.errors else 200)
