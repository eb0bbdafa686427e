"""Staff pages of scoring: rounds, the agencies of a round, and the scorecard of one agency."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.common.periods import Period, parse_period
from survey.console.approvals import ask_for
from survey.console.layout import page, staff_page
from survey.console.scorecard_form import count_filled
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.scorecards.bridge.frameworks import Scorecard
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.rounds.models import (
    ScoringRound,
    Stage,
)
from survey.scorecards.rounds.queries import (
    due_on,
    framework_scored_by,
    owned_rounds,
    scorecard_at,
    shown_stage,
    visible_rounds,
    visible_scorings,
)
from survey.scorecards.rounds.results import edition_rows, read_points
from survey.scorecards.rounds.score_files import select_changes
from survey.scorecards.rounds.services import (
    Deadlines,
    change_deadlines,
    enter_counted,
    open_round,
)

_DAY: Final = {"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"}
PERIODS_BACK: Final = 5
AGENCIES_PER_PAGE: Final = 50


def _day_field(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY))


class DeadlineForm(forms.Form):
    """Until when each stage may be written."""

    self_due = _day_field(gettext_lazy("self-scoring until"))
    appraisal_due = _day_field(gettext_lazy("first appraisal until"))
    answer_due = _day_field(gettext_lazy("answers until"))
    second_due = _day_field(gettext_lazy("second appraisal until"))

    def clean(self) -> dict[str, Any]:
        """The stages follow each other."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            self.deadlines().check()
        return cleaned

    def deadlines(self) -> Deadlines:
        """The four days."""
        names = ("self_due", "appraisal_due", "answer_due", "second_due")
        return Deadlines(**{name: self.cleaned_data[name] for name in names})


class RoundForm(DeadlineForm):
    """By which framework, for which period."""

    framework = forms.ModelChoiceField(
        label=gettext_lazy("framework"), queryset=FrameworkFile.objects.none()
    )
    period = forms.ChoiceField(label=gettext_lazy("period"))
    field_order = ("framework", "period", "self_due", "appraisal_due", "answer_due", "second_due")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = FrameworkFile.objects.exclude(published_at=None).filter(retired_at=None)
        cast("forms.ModelChoiceField", self.fields["framework"]).queryset = rows
        cast("forms.ChoiceField", self.fields["period"]).choices = [
            (period.name, period.title) for period in scored_periods(today)
        ]


def scored_periods(today: date) -> list[Period]:
    """The running year and quarter, and those before."""
    years = [parse_period(str(today.year - back)) for back in range(2)]
    number = today.year * 4 + (today.month - 1) // 3
    quarters = [
        parse_period(f"{n // 4}-Q{n % 4 + 1}") for n in range(number, number - PERIODS_BACK, -1)
    ]
    return [*years, *quarters]


class DecisionForm(forms.Form):
    """The council's decision that closes a round."""

    decision = forms.CharField(
        label=gettext_lazy("number of the decision"),
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "123/QĐ-UBND"}),
    )
    decided_on = _day_field(gettext_lazy("date of the decision"))
    minutes = forms.CharField(
        label=gettext_lazy("minutes of the council"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for the request"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_decided_on(self) -> date:
        """A day of this century that has come."""
        day: date = self.cleaned_data["decided_on"]
        if not date(2000, 1, 1) <= day <= timezone.localdate():
            raise ValidationError(_("The date of the decision is today or earlier."))
        return day


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def scoring(request: HttpRequest) -> HttpResponse:
    """Rounds, and the form that opens one."""
    user, today = cast("User", request.user), timezone.localdate()
    if request.method == "POST" and not may(user, "appraise-scores"):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else None
    days = (14, 28, 35, 45)
    names = ("self_due", "appraisal_due", "answer_due", "second_due")
    initial = {n: today + timedelta(days=d) for n, d in zip(names, days, strict=True)}
    form = RoundForm(sent, today=today, initial=initial)
    if sent is not None and form.is_valid():
        try:
            made = open_round(
                framework=form.cleaned_data["framework"],
                period=parse_period(form.cleaned_data["period"]),
                deadlines=form.deadlines(),
                by=user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            messages.success(request, _("“%(round)s” has been opened.") % {"round": made})
            return redirect("console:scoring-round", pk=made.pk)
    rows = [
        {"row": row, "stages": _stages(visible_scorings(user).filter(scoring_round=row))}
        for row in visible_rounds(user)
    ]
    context = {
        "rows": rows,
        "owned": owned_rounds(user) if may(user, "appraise-owned") else (),
        "form": form if may(user, "appraise-scores") else None,
    }
    return page(request, "scoring.html", context, status=422 if form.is_bound else 200)


def _stages(rows: Any) -> list[tuple[object, int]]:
    counts: dict[str, int] = {}
    for stage in rows.values_list("stage", flat=True):
        counts[stage] = counts.get(stage, 0) + 1
    return [(stage.label, counts[stage]) for stage in Stage if stage in counts]


def _chosen_round(request: HttpRequest, pk: int) -> ScoringRound:
    found = visible_rounds(cast("User", request.user)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
@staff_page
def scoring_round(request: HttpRequest, pk: int) -> HttpResponse:
    """The agencies of a round: whose turn, how complete, points and what was lost."""
    return _round_page(request, _chosen_round(request, pk))


def _round_page(
    request: HttpRequest, row: ScoringRound, status: int = 200, **sent: Any
) -> HttpResponse:
    user = cast("User", request.user)
    framework = framework_scored_by(row)
    rows = (
        visible_scorings(user).filter(scoring_round=row).prefetch_related("entries", "hand_overs")
    )
    pages = Paginator(rows, AGENCIES_PER_PAGE).get_page(request.GET.get("page"))
    today, lines = timezone.localdate(), []
    editions = list(row.editions.all())
    published = {kept["agency"]: kept for kept in edition_rows(editions[0])} if editions else {}
    for one in pages:
        entries = list(one.entries.all())
        stage = shown_stage(one, appraises=may(user, "appraise-scores"))
        card = scorecard_at(framework, one, entries, stage)
        own = scorecard_at(framework, one, entries, Stage.SELF)
        due = due_on(row, one.stage)
        kept = published.get(one.agency_id)
        lines.append(
            {
                "row": one,
                "points": read_points(kept) if kept else _points_now(card, own),
                "filled": count_filled(framework, one, card),
                "late": due is not None and today > due,
            }
        )
    own_agencies = set(rows.values_list("agency", flat=True))
    deadlines = {name: getattr(row, name) for name in DeadlineForm.base_fields}
    context = {
        "row": row,
        "period": parse_period(row.period),
        "lines": lines,
        "deadlines": [(stage.label, due_on(row, stage)) for stage in Stage if due_on(row, stage)],
        "deadline_form": DeadlineForm(initial=deadlines, auto_id="due_%s"),
        "decision_form": DecisionForm(auto_id="decision_%s"),
        "editions": [(one, select_changes(one, own_agencies)) for one in editions],
        "tells_reasons": user.sees_province,
        "finished": not row.scorings.exclude(stage=Stage.CLOSED).exists(),
        "part": pages,
        "query": "",
        **sent,
    }
    return page(request, "scoring_round.html", context, status=status)


def _points_now(card: Scorecard, own: Scorecard) -> dict[str, Any]:
    lost = None if card.missing else card.maximum - card.total
    return {
        "own": own.total,
        "total": card.total,
        "maximum": card.maximum,
        "lost": lost,
        "band": card.band,
    }


@require_POST
@staff_page
@requires("appraise-scores")
def round_act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Deadlines, figures counted again, or the request to publish."""
    row = _chosen_round(request, pk)
    return _ROUND_ACTIONS[action](request, row)


def _change_deadlines(request: HttpRequest, row: ScoringRound) -> HttpResponse:
    form = DeadlineForm(request.POST, auto_id="due_%s")
    if form.is_valid():
        try:
            change_deadlines(scoring_round=row, deadlines=form.deadlines())
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            messages.success(request, _("The deadlines have been changed."))
            return redirect("console:scoring-round", pk=row.pk)
    return _round_page(request, row, 422, deadline_form=form)


def _count_again(request: HttpRequest, row: ScoringRound) -> HttpResponse:
    made = enter_counted(scoring_round=row, period=parse_period(row.period), now=timezone.now())
    messages.success(request, _("New figures entered: %(count)s.") % {"count": made})
    return redirect("console:scoring-round", pk=row.pk)


def _ask_publication(request: HttpRequest, row: ScoringRound) -> HttpResponse:
    form = DecisionForm(request.POST, auto_id="decision_%s")
    if not form.is_valid():
        return _round_page(request, row, 422, decision_form=form)
    payload = {
        "round": row.pk,
        "decision": form.cleaned_data["decision"],
        "decided_on": form.cleaned_data["decided_on"].isoformat(),
        "minutes": form.cleaned_data["minutes"],
    }
    made = ask_for(request, SENSITIVE_ACTIONS["publish-scores"], payload)
    if made is None:
        return redirect("console:scoring-round", pk=row.pk)
    return redirect("console:approval", pk=made.pk)


_ROUND_ACTIONS: Final = {
    "deadlines": _change_deadlines,
    "count": _count_again,
    "publish": _ask_publication,
}
