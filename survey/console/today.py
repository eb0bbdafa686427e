"""The first page: what needs this account today, and what is wrong at counters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, cast

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from survey.access.queries import counters_without_code
from survey.accounts.approvals import requests_waiting, why_not
from survey.accounts.invitations import can_mail
from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.calendar import read_holidays
from survey.agencies.improvements import Improvement
from survey.agencies.queries import visible_agencies
from survey.common.periods import parse_period
from survey.console.cases import handled_by
from survey.console.layout import page, staff_page
from survey.followup.queries import (
    escalated_follow_ups,
    late_follow_ups,
    own_follow_ups,
    visible_follow_ups,
)
from survey.imports.models import FileImport, ImportState
from survey.responses.alerts import FOR_THE_OFFICE, Alert, visible_alerts
from survey.responses.cases import Case, open_cases
from survey.responses.models import Response
from survey.scorecards.computing import failed_periods, overdue_plans
from survey.scorecards.models import Edition
from survey.scorecards.rounds.models import AGENCY_STAGES, AgencyScoring, Stage
from survey.scorecards.rounds.owners import owned_lines
from survey.scorecards.rounds.queries import (
    due_on,
    framework_scored_by,
    overdue_scorings,
    owned_rounds,
    visible_scorings,
)
from survey.transactions.coverage import totals_coverage

REPORT_DAY: Final = 20
"""The quarterly report is due before this day of the quarter's last month."""
SOON_DAYS: Final = 7
ALERTS_PER_PAGE: Final = 100


@dataclass(frozen=True)
class Item:
    """One thing to do: what, how many, and where."""

    text: str
    link: str
    count: int = 0
    late: bool = False
    countdown: bool = False
    """``count`` is days until it is due, and late means soon."""


@require_safe
@staff_page
def today(request: HttpRequest) -> HttpResponse:
    """Everything that waits for this account, the late first."""
    user = cast("User", request.user)
    begins = may(user, "set-up") and not Response.objects.exists()
    context = {
        "items": find_items(user),
        "begins": begins,
        "mails": bool(user.email) and can_mail(),
    }
    return page(request, "today.html", context)


def find_items(user: User) -> list[Item]:
    """What waits for an account, the late first."""
    parts = (_decisions, _cases, _scorings, _follow_ups, _files, _places, _period)
    found = [item for part in parts for item in part(user)]
    return sorted(found, key=lambda item: not item.late)


def _decisions(user: User) -> list[Item]:
    """Requests and improvements of others."""
    now = timezone.now()
    waiting = [row for row in requests_waiting(now) if not why_not(row, user, now)]
    items = []
    if waiting:
        text = ngettext(
            "request waits for your decision", "requests wait for your decision", len(waiting)
        )
        items.append(Item(text, reverse("console:approvals"), len(waiting)))
    if may(user, "approve-improvements"):
        rows = Improvement.objects.filter(agency__in=visible_agencies(user), approved_at=None)
        n = rows.exclude(author__agency=user.agency_id).exclude(author=user).count()
        if user.agency_id is None:
            n = rows.exclude(author__agency=None).count()
        if n:
            text = ngettext("improvement waits for approval", "improvements wait for approval", n)
            items.append(Item(text, reverse("console:improvements"), n))
    return items


def _cases(user: User) -> list[Item]:
    """Cases that are late, or the account's own."""
    if not may(user, "close-cases"):
        return []
    rows: list[Case] = list(open_cases(handled_by(user)).filter(closed_on=None))
    holidays, day = read_holidays(), timezone.localdate()
    late = sum(row.due_on(holidays) < day for row in rows)
    mine = sum(row.owner_id == user.pk for row in rows)
    address, items = reverse("console:cases"), []
    if late:
        text = ngettext("case is past its deadline", "cases are past their deadline", late)
        items.append(Item(text, f"{address}?state=late", late, late=True))
    if mine:
        text = ngettext("case is yours", "cases are yours", mine)
        items.append(Item(text, f"{address}?state=mine", mine))
    return items


def _scorings(user: User) -> list[Item]:
    """Scorecards whose turn it is: the own agency's, or what waits for the appraisers."""
    rows = visible_scorings(user).filter(scoring_round__published_at=None)
    if may(user, "score-own"):
        own = rows.filter(agency=user.agency_id, stage__in=AGENCY_STAGES)
        return [_own_scoring(row) for row in own] + _owned_lines(user)
    if not may(user, "appraise-scores"):
        return _owned_lines(user)
    address, items = reverse("console:scoring"), []
    if n := rows.filter(stage__in=(Stage.APPRAISAL, Stage.SECOND)).count():
        text = ngettext("scorecard waits for appraisal", "scorecards wait for appraisal", n)
        items.append(Item(text, address, n))
    if n := overdue_scorings(rows, timezone.localdate()).count():
        text = ngettext("agency is late with its scorecard", "agencies are late with theirs", n)
        items.append(Item(text, address, n, late=True))
    return items


def _own_scoring(row: AgencyScoring) -> Item:
    due = due_on(row.scoring_round, row.stage) or timezone.localdate()
    text = _("%(round)s: %(stage)s until %(day)s") % {
        "round": row.scoring_round,
        "stage": row.get_stage_display(),
        "day": due.strftime("%d/%m/%Y"),
    }
    link = reverse("console:scorecard", args=[row.pk])
    return Item(text, link, late=timezone.localdate() > due)


def _owned_lines(user: User) -> list[Item]:
    """Rounds in which the account's agency appraises lines of others."""
    day, items = timezone.localdate(), []
    rows = owned_rounds(user).filter(published_at=None) if may(user, "appraise-owned") else ()
    for row in rows:
        lines = owned_lines(row, framework_scored_by(row), user.agency_id)
        if not lines.own or day > row.second_due:
            continue
        due = row.appraisal_due if day <= row.appraisal_due else row.second_due
        text = _("%(round)s: appraise the criteria you answer for until %(day)s") % {
            "round": row,
            "day": due.strftime("%d/%m/%Y"),
        }
        items.append(Item(text, reverse("console:owned", args=[row.pk])))
    return items


def _follow_ups(user: User) -> list[Item]:
    """What is followed up: past its deadline, and what waits for this account."""
    address, items, day = reverse("console:follow-up"), [], timezone.localdate()
    if not may(user, "see-follow-up"):
        return []
    if n := late_follow_ups(visible_follow_ups(user), day).count():
        text = ngettext(
            "finding, task or inspection is overdue", "findings, tasks, inspections are overdue", n
        )
        items.append(Item(text, f"{address}?view=late", n, late=True))
    leads = may(user, "decide-requests")
    if leads and (n := escalated_follow_ups(visible_follow_ups(user), day).count()):
        text = ngettext(
            "matter is overdue for more than 15 days",
            "matters are overdue for more than 15 days",
            n,
        )
        items.append(Item(text, f"{address}?view=escalated", n, late=True))
    if n := own_follow_ups(user).count():
        text = ngettext("finding, task or document waits for you", "matters wait for you", n)
        items.append(Item(text, f"{address}?view=mine", n))
    return items


def _files(user: User) -> list[Item]:
    """Files the account brought and has not decided about."""
    rows = FileImport.objects.filter(brought_by=user, state=ImportState.READY)
    if not (n := rows.count()):
        return []
    text = ngettext(
        "file is checked and not imported yet", "files are checked and not imported yet", n
    )
    return [Item(text, reverse("console:imports"), n)]


def _places(user: User) -> list[Item]:
    """Alerts by kind, and counters without a code."""
    agencies, items = visible_agencies(user), []
    if may(user, "see-alerts"):
        kinds = dict(Alert.Kind.choices)
        found = visible_alerts(agencies, province=user.sees_province)
        for kind, n in found.order_by().values_list("kind").annotate(n=Count("pk")):
            text = ngettext("counter: %(what)s", "counters: %(what)s", n) % {"what": kinds[kind]}
            items.append(Item(text, reverse("console:alerts") + f"?kind={kind}", n))
    if may(user, "change-counters") and (n := counters_without_code(agencies).count()):
        text = ngettext("counter has no code", "counters have no code", n)
        items.append(Item(text, reverse("console:codes"), n))
    return items


def _period(user: User) -> list[Item]:
    """What the quarterly report still lacks, and a finished quarter nobody has released."""
    if not may(user, "compute-figures"):
        return []
    day = timezone.localdate()
    quarter = parse_period(f"{day.year}-Q{(day.month + 2) // 3}")
    before = quarter.first - timedelta(days=1)
    last = parse_period(f"{before.year}-Q{(before.month + 2) // 3}")
    months = totals_coverage(quarter, visible_agencies(user), day)
    missing = max((month.missing for month in months), default=0)
    address, items = reverse("console:periods"), []
    due = date(quarter.last.year, quarter.last.month, REPORT_DAY)
    if day < due:
        words = _("days until the report of %(period)s is due") % {"period": quarter.title}
        link = f"{address}?period={quarter.name}"
        left = (due - day).days
        items.append(Item(words, link, left, late=left <= SOON_DAYS, countdown=True))
    if missing:
        text = ngettext(
            "agency lacks dossier totals of this quarter",
            "agencies lack dossier totals of this quarter",
            missing,
        )
        items.append(Item(text, f"{address}?period={quarter.name}", missing))
    items += _stuck(day)
    released = Edition.objects.filter(period=last.name).exclude(released_at=None)
    if not released.filter(withdrawn_at=None).exists():
        text = _("The figures of %(period)s have not been released.") % {"period": last.title}
        items.append(Item(text, f"{address}?period={last.name}", late=True))
    return items


def _stuck(day: date) -> list[Item]:
    """Computations that failed, and planned cut-offs that were not made."""
    address = reverse("console:periods")
    failed = {name: _("The computation of %(period)s failed.") for name in failed_periods()}
    unmade = {row.period: _("%(period)s was not cut off as planned.") for row in overdue_plans(day)}
    return [
        Item(text % {"period": parse_period(name).title}, f"{address}?period={name}", late=True)
        for name, text in {**failed, **unmade}.items()
    ]


@require_safe
@staff_page
@requires("see-alerts")
def alerts(request: HttpRequest) -> HttpResponse:
    """What is wrong at counters, oldest first."""
    user, kind = cast("User", request.user), request.GET.get("kind", "")
    found = visible_alerts(visible_agencies(user), province=user.sees_province)
    if kind in Alert.Kind.values:
        found = found.filter(kind=kind)
    part = Paginator(found, ALERTS_PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "kind": kind,
        "kinds": [
            (value, label)
            for value, label in Alert.Kind.choices
            if user.sees_province or value in FOR_THE_OFFICE
        ],
        "query": f"kind={kind}" if kind in Alert.Kind.values else "",
        "part": part,
    }
    return page(request, "alerts.html", context)
