"""Staff pages: index per agency, one agency, downloads. Every query takes the account's
scope.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from survey.accounts.models import User
from survey.common.periods import parse_period
from survey.console.charts import pictures_of_agency
from survey.console.index_table import (
    SORTS,
    agency_lines,
    build_line,
    choose_axis,
    group_factors,
    label_row,
    offered_applicants,
    overall,
)
from survey.console.layout import (
    chosen_edition,
    chosen_result,
    kind_labels,
    method_title,
    page,
    staff_page,
)
from survey.console.neighbours import tell_apart
from survey.console.table_files import TABLE_FILES, table_response
from survey.followup.kinds import EVENTS
from survey.followup.queries import events_behind
from survey.questionnaires.queries import question_texts, wordings_changed
from survey.reports.table_exports import make_table
from survey.scorecards.bridge.methods import read_target
from survey.scorecards.models import AgencyResult
from survey.scorecards.queries import (
    editions,
    province_result,
    told_with_excluded,
    visible_results,
)


@require_safe
@staff_page
def home(request: HttpRequest) -> HttpResponse:
    """Index per agency in the account's scope, and the province as a whole."""
    edition = chosen_edition(request)
    if edition is None:
        return page(request, "empty.html", {})
    results = list(visible_results(edition, cast("User", request.user)))
    whole = province_result(edition)
    kind = request.GET.get("kind", "")
    shown = [result for result in results if not kind or result.kind == kind]
    applicants = offered_applicants(whole)
    who = request.GET.get("who", "")
    who = who if who in dict(applicants) else ""
    rows = [overall(result, who) for result in [*shown, *([whole] if whole else [])]]
    axis = choose_axis(rows, read_target(edition.about))
    sort = request.GET.get("sort", "index")
    sort = sort if sort in SORTS else "index"
    lines = agency_lines(shown, axis, sort, who, edition.about.get("standing"))
    period = parse_period(edition.period)
    context = {
        "edition": edition,
        "reworded": wordings_changed(period.first, period.last),
        "method_title": method_title(edition),
        "period": period,
        "editions": editions(cast("User", request.user)),
        "axis": axis,
        "whole": build_line(overall(whole, who), axis, label=whole.name) if whole else None,
        "with_excluded": told_with_excluded(whole) if whole and not who else None,
        "applicants": applicants,
        "who": who,
        "lines": lines,
        "apart": tell_apart([(line.kind, line.standing) for line in lines]),
        "ranked": sum(line.status == "published" for line in lines),
        "met": sum(line.met is True for line in lines if line.status == "published"),
        "missed": sum(line.met is False for line in lines if line.status == "published"),
        "sort": sort,
        "kind": kind,
        "kinds": [
            (value, label)
            for value, label in kind_labels()
            if any(r.kind == value for r in results)
        ],
    }
    return page(request, "home.html", context)


@require_safe
@staff_page
def agency(request: HttpRequest, pk: int) -> HttpResponse:
    """One agency: overall, factors, items."""
    result = chosen_result(request, pk)
    axis = choose_axis(result.rows, read_target(result.edition.about))
    texts = question_texts(get_language() or "vi")
    stands = result.edition.about.get("standing", {}).get(result.rows[0]["agency"])
    lines = [
        build_line(
            row,
            axis,
            label=label_row(row, texts),
            standing=stands if row["level"] == "overall" else None,
        )
        for row in result.rows
    ]
    applicants = offered_applicants(result)
    who = request.GET.get("who", "")
    who = who if who in dict(applicants) else ""
    domains = [line for line in lines if line.level == "domain"]
    by_applicant = {line.code: line for line in lines if line.level == "applicant"}
    context = {
        "result": result,
        "edition": result.edition,
        "method_title": method_title(result.edition),
        "period": parse_period(result.edition.period),
        "axis": axis,
        "whole": lines[0],
        "with_excluded": told_with_excluded(result),
        "factors": group_factors(lines, result.edition.about["factors"], who),
        "applicants": applicants,
        "who": who,
        "split": [by_applicant[code] for code, _name in applicants],
        "pictures": pictures_of_agency(result),
        "domains": domains if len(domains) > 1 else [],
        "row": result.rows[0],
        "events": _find_events(result),
    }
    return page(request, "agency.html", context)


def _find_events(result: AgencyResult) -> list[dict[str, object]]:
    """What happened within the year that ends with the result's period."""
    last = parse_period(result.edition.period).last
    return [
        {
            "title": row.title,
            "what": dict(EVENTS)[row.details["what"]],
            "meaning": row.details["meaning"],
            "begins_on": date.fromisoformat(row.details["begins_on"]),
            "ends_on": date.fromisoformat(row.details["ends_on"])
            if row.details.get("ends_on")
            else None,
        }
        for row in events_behind(result.agency_id, last - timedelta(days=365), last)
    ]


@require_safe
@staff_page
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """The figures in the account's scope: XLSX, CSV, JSON, Parquet or SPSS."""
    edition = chosen_edition(request)
    if edition is None or kind not in TABLE_FILES:
        raise Http404
    content = make_table(edition=edition, user=cast("User", request.user), kind=kind)
    return table_response(edition, kind, content)
