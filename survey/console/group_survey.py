"""Staff page of the sociological survey of a round: links for each group, how many came back."""

from __future__ import annotations

import csv
import io
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from survey.accounts.audit import record_event
from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.console.layout import page, staff_page
from survey.scorecards.rounds.group_survey import (
    MAX_BALLOTS,
    MIN_BALLOTS,
    count_ballots,
    issue_links,
    list_groups,
    takes_answers,
    withdraw_ballots,
)
from survey.scorecards.rounds.models import ScoringRound
from survey.scorecards.rounds.queries import framework_scored_by, visible_rounds, visible_scorings


class BallotForm(forms.Form):
    """How many links, for whom, about which agencies."""

    group = forms.ChoiceField(label=gettext_lazy("group"))
    count = forms.IntegerField(
        label=gettext_lazy("number of links"), min_value=MIN_BALLOTS, max_value=MAX_BALLOTS
    )
    agencies = forms.MultipleChoiceField(
        label=gettext_lazy("agencies; none ticked: all"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, groups: dict[str, str], scorings: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["group"]).choices = list(groups.items())
        offered = [(str(row.pk), row.name) for row in scorings]
        cast("forms.MultipleChoiceField", self.fields["agencies"]).choices = offered


def _chosen(request: HttpRequest, pk: int) -> ScoringRound:
    row = visible_rounds(cast("User", request.user)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("appraise-scores")
def group_survey(request: HttpRequest, pk: int) -> HttpResponse:
    """Groups of a round with their links; new links come as a file, once."""
    row = _chosen(request, pk)
    framework = framework_scored_by(row)
    groups = list_groups(framework)
    scorings = visible_scorings(cast("User", request.user)).filter(scoring_round=row)
    scorings = scorings.order_by("name", "pk")
    sent = request.POST if request.method == "POST" else None
    form = BallotForm(sent, groups=groups, scorings=scorings)
    if sent is not None and form.is_valid():
        ticked = set(form.cleaned_data["agencies"])
        chosen = [row for row in scorings if not ticked or str(row.pk) in ticked]
        group, count = form.cleaned_data["group"], form.cleaned_data["count"]
        try:
            tokens = issue_links(
                scoring_round=row,
                framework=framework,
                group=group,
                agencies=chosen,
                count=count,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            record_event(
                request, "group-survey", thing=f"scoring-round {row.pk}", detail=f"{group} {count}"
            )
            return _links_file(group, tokens)
    counts = count_ballots(row)
    context = {
        "row": row,
        "groups": [
            {"code": code, "name": name, **counts.get(code, {})} for code, name in groups.items()
        ],
        "form": form if groups and takes_answers(row, timezone.now()) else None,
        "least": MIN_BALLOTS,
    }
    return page(request, "group_survey.html", context, status=422 if sent is not None else 200)


def _links_file(group: str, tokens: list[str]) -> HttpResponse:
    """Addresses to hand out: they are in this file and nowhere else."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([_("number"), _("address")])
    for number, token in enumerate(tokens, start=1):
        table.writerow([number, f"{settings.PUBLIC_URL}/groups/{token}"])
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="phieu-{group}.csv"'
    return response


@require_POST
@staff_page
@requires("appraise-scores")
def group_survey_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Links of a group that were not used work no more."""
    row, group = _chosen(request, pk), request.POST.get("group", "")
    if group not in list_groups(framework_scored_by(row)):
        raise Http404
    done = withdraw_ballots(scoring_round=row, group=group)
    record_event(
        request, "group-survey-end", thing=f"scoring-round {row.pk}", detail=f"{group} {done}"
    )
    messages.success(request, _("Links withdrawn: %(count)s.") % {"count": done})
    return redirect("console:group-survey", pk=row.pk)
