"""Staff pages of call-back checks: announced by the province, called by another body, compared."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.console.forms import CallField, SpokenForm
from survey.console.integrity_forms import MonthForm
from survey.console.integrity_words import bars_of_back_check, write_limits
from survey.console.layout import page, staff_page
from survey.integrity.back_check_table import build_table
from survey.integrity.back_checks import (
    LEAST_CALLS,
    MOST_BY_LOT,
    MOST_CALLS,
    Outcome,
    announce_check,
    may_call,
    record_outcome,
)
from survey.integrity.models import BackCheck, BackCheckCall
from survey.questionnaires.queries import load_form, published_short_form, wordings

CALLS_SHOWN: Final = 100
"""Calls still to be made, on a page."""


class AnnounceForm(MonthForm):
    """Which month, and how many calls."""

    per_agency = forms.IntegerField(
        label=gettext_lazy("calls an agency"),
        min_value=LEAST_CALLS,
        max_value=MOST_CALLS,
        initial=36,
        help_text=gettext_lazy("36 calls find one false answer in ten, 186 one in fifty."),
    )
    by_lot = forms.IntegerField(
        label=gettext_lazy("agencies drawn by lot"),
        min_value=0,
        max_value=MOST_BY_LOT,
        initial=5,
        help_text=gettext_lazy("Agencies the rules flagged are always in."),
    )


class OutcomeForm(SpokenForm):
    """What came of a call, and what was said."""

    outcome = forms.ChoiceField(
        label=pgettext_lazy("call", "Outcome"),
        choices=Outcome.choices,
        widget=forms.RadioSelect,
    )
    pressed = forms.ChoiceField(
        label=gettext_lazy("Did anybody of the agency say which level to choose, or choose it?"),
        choices=[("no", gettext_lazy("No")), ("yes", gettext_lazy("Yes"))],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, CallField):
                field.required = False

    def clean(self) -> dict[str, Any]:
        """Who has answered, has answered the question."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("outcome") != Outcome.ANSWERED:
            return cleaned
        for code, field in self.fields.items():
            asked = isinstance(field, CallField) and field.question.required
            if (asked or code == "pressed") and cleaned.get(code) in (None, ""):
                self.add_error(code, _("Please choose one answer."))
        return cleaned


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-back-checks")
def back_checks(request: HttpRequest) -> HttpResponse:
    """All checks, and the announcement of another one."""
    user, announces = cast("User", request.user), may(cast("User", request.user), "run-integrity")
    form = AnnounceForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not announces:
        raise PermissionDenied
    if form.is_bound and form.is_valid():
        try:
            made = announce_check(**form.cleaned_data, by=user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Announced. The next head of the log draws the dossiers."))
            return redirect("console:back-check", pk=made.pk)
    context = {
        "checks": BackCheck.objects.select_related("announced_by"),
        "form": form if announces else None,
        "without_body": announces and not user.body,
    }
    return page(request, "back_checks.html", context, status=422 if form.errors else 200)


@require_safe
@staff_page
@requires("see-back-checks")
def back_check(request: HttpRequest, pk: int) -> HttpResponse:
    """One check: who is to be called, and what was said beside what is counted."""
    check = BackCheck.objects.select_related("announced_by").filter(pk=pk).first()
    if check is None:
        raise Http404
    user = cast("User", request.user)
    calls_here = may(user, "make-back-calls")
    lines = build_table(check)
    waiting = BackCheckCall.objects.filter(unit__check_of=check).select_related("unit__agency")
    context = {
        "check": check,
        "announcer": check.announced_by.get_full_name() or check.announced_by.username,
        "lines": [
            {
                "line": line,
                "bars": bars_of_back_check(line),
                "denied": write_limits(line.denied) if line.denied else "",
            }
            for line in lines
        ],
        "calls_here": calls_here,
        "may_call": calls_here and may_call(check, user),
        "waiting": waiting[:CALLS_SHOWN],
        "left": sum(line.waiting for line in lines),
    }
    return page(request, "back_check.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("make-back-calls")
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """One call: the dossier, the question to read out, and what came of it."""
    found = BackCheckCall.objects.select_related("unit__agency", "unit__check_of__announced_by")
    row = found.filter(pk=pk).first()
    version_id, user = published_short_form(), cast("User", request.user)
    if row is None or version_id is None or not may_call(row.unit.check_of, user):
        raise Http404
    form = OutcomeForm(
        request.POST if request.method == "POST" else None,
        questions=load_form(version_id).questions,
        texts=wordings(version_id, get_language() or "vi"),
    )
    if form.is_bound and form.is_valid():
        try:
            record_outcome(
                call=row,
                outcome=Outcome(form.cleaned_data["outcome"]),
                answers=form.answers(),
                pressed=form.cleaned_data["pressed"] == "yes",
                version_id=version_id,
                by=user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Stored. Nothing leads from the call to the answer."))
            return redirect("console:back-check", pk=row.unit.check_of_id)
    context = {"call": row, "form": form}
    return page(request, "back_check_call.html", context, status=422 if form.errors else 200)
