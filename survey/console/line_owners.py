"""Staff page of the owners of criteria of a round: which agency is meant, how far each one is."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import Agency, AgencyKind, AgencyVersion
from survey.agencies.queries import versions_on
from survey.common.periods import parse_period
from survey.console.layout import page, staff_page
from survey.scorecards.rounds.models import ScoringRound
from survey.scorecards.rounds.owners import name_owners, named_owners, owner_progress
from survey.scorecards.rounds.queries import framework_scored_by, visible_rounds

OWNER_KINDS: Final = (
    AgencyKind.DEPARTMENT,
    AgencyKind.PUBLIC_SERVICE_UNIT,
    AgencyKind.PROVINCE,
)


class OwnersForm(forms.Form):
    """Which agency is meant by each name of the framework."""

    def __init__(
        self,
        *args: Any,
        names: list[str],
        versions: QuerySet[AgencyVersion],
        known: list[Agency],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.names, self.agencies = names, {str(one.agency_id): one.agency for one in versions}
        offered = [("", "–"), *((str(one.agency_id), one.name) for one in versions)]
        # Who was found by the name stays offered, of whatever kind.
        for one in known:
            if str(one.pk) not in self.agencies:
                self.agencies[str(one.pk)] = one
                offered.append((str(one.pk), str(one)))
        for number, name in enumerate(names):
            field = forms.ChoiceField(label=name, choices=offered, required=False)
            self.fields[f"owner{number}"] = field

    def chosen(self) -> dict[str, Any]:
        """Agency by name, None where nobody is meant; names that were not sent stay as they are."""
        return {
            name: self.agencies.get(self.cleaned_data[f"owner{number}"])
            for number, name in enumerate(self.names)
            if f"owner{number}" in self.data
        }


def _make_form(row: ScoringRound, sent: Any = None) -> OwnersForm:
    names = named_owners(framework_scored_by(row))
    owners = list(row.owners.select_related("agency"))
    known = {owner.name: owner.agency_id for owner in owners}
    versions = versions_on(parse_period(row.period).last).filter(kind__in=OWNER_KINDS)
    initial = {f"owner{number}": known.get(name) for number, name in enumerate(names)}
    return OwnersForm(
        sent,
        names=names,
        versions=versions.order_by("name"),
        known=[owner.agency for owner in owners],
        initial=initial,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("appraise-scores")
def line_owners(request: HttpRequest, pk: int) -> HttpResponse:
    """Who answers for which criteria, what each has checked, and which agency a name means."""
    user = cast("User", request.user)
    row = visible_rounds(user).filter(pk=pk).first()
    if row is None:
        raise Http404
    framework = framework_scored_by(row)
    open_round = row.published_at is None
    form = _make_form(row, request.POST if request.method == "POST" and open_round else None)
    if form.is_valid():
        changed = name_owners(scoring_round=row, framework=framework, agencies=form.chosen())
        messages.success(request, _("Owners changed: %(count)s.") % {"count": changed})
        return redirect("console:line-owners", pk=row.pk)
    rows = row.scorings.select_related("agency").prefetch_related("entries", "hand_overs")
    context = {
        "row": row,
        "owners": owner_progress(row, framework, rows),
        "form": form if form.names and open_round and may(user, "appraise-scores") else None,
    }
    return page(request, "line_owners.html", context, status=422 if form.errors else 200)
