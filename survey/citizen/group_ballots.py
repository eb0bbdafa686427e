"""The page of a link of a group survey: people who are no citizens rate agencies, once, without a
name. Nothing of it enters any figure of citizens.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from survey.citizen.pages import citizen_page, message_page, render_page
from survey.scorecards.bridge.frameworks import Framework
from survey.scorecards.rounds.group_survey import (
    GroupBallot,
    asked_lines,
    ballot_agencies,
    find_ballot,
    list_groups,
    record_choices,
    takes_answers,
)
from survey.scorecards.rounds.queries import framework_scored_by

PREFIX = "a"


@citizen_page("GET", "HEAD", "POST")
def group_ballot(request: HttpRequest, code: str) -> HttpResponseBase:
    """The agencies a group is asked about; sent once."""
    ballot = find_ballot(code)
    if ballot is None:
        return message_page("unknown-link", status=404, call=False)
    now = timezone.now()
    if ballot.state != GroupBallot.State.OPEN or not takes_answers(ballot.scoring_round, now):
        return message_page("used-ballot", status=410, call=False)
    framework = framework_scored_by(ballot.scoring_round)
    if request.method != "POST":
        return _show(ballot, framework, {})
    sent = _read(request)
    try:
        record_choices(ballot=ballot, framework=framework, choices=sent, now=now)
    except ValidationError as error:
        return _show(ballot, framework, sent, error.messages[0])
    return message_page("ballot-stored", status=200, call=False)


def _read(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Fields ``a-SCORING-LINE``."""
    found: dict[str, dict[str, str]] = {}
    for name, value in request.POST.items():
        prefix, _dash, rest = name.partition("-")
        scoring, _dash, line = rest.partition("-")
        if prefix == PREFIX and line:
            found.setdefault(scoring, {})[line] = str(value)
    return found


def _show(
    ballot: GroupBallot, framework: Framework, sent: dict[str, dict[str, str]], error: str = ""
) -> HttpResponseBase:
    agencies = list(ballot_agencies(ballot))
    context: dict[str, Any] = {
        "title": str(ballot.scoring_round),
        "group": list_groups(framework).get(ballot.group, ballot.group),
        "lines": _lines(ballot, framework, agencies, sent),
        "errors": [error] if error else [],
        "motto": "",  # it is about citizens
    }
    return render_page("survey/citizen/group_ballot.html", context, status=422 if error else 200)


def _lines(
    ballot: GroupBallot, framework: Framework, agencies: list[Any], sent: dict[str, dict[str, str]]
) -> list[dict[str, Any]]:
    """Each line with the agencies it is asked about."""
    found: dict[str, dict[str, Any]] = {}
    for scoring in agencies:
        for line in asked_lines(framework, ballot.group, scoring.kind):
            entry = found.setdefault(line.code, {"line": line, "agencies": []})
            chosen = sent.get(str(scoring.pk), {}).get(line.code, "")
            name = f"{PREFIX}-{scoring.pk}-{line.code}"
            entry["agencies"].append({"name": scoring.name, "field": name, "chosen": chosen})
    return list(found.values())
