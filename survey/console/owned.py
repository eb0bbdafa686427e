"""Staff pages of who answers for criteria: its lines of every agency, to check one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import AgencyKind, AgencyVersion
from survey.agencies.scope import also_in_scope
from survey.console.framework_words import describe_rule, plain
from survey.console.kept_files import send_kept_file
from survey.console.layout import page, staff_page
from survey.console.scorecard_form import (
    ShownLine,
    add_figures,
    describe_history,
    name_lack,
    read_line,
)
from survey.scorecards.bridge.frameworks import NOT_APPLICABLE, Framework
from survey.scorecards.rounds.declaring import STALE, Line, save_lines
from survey.scorecards.rounds.models import AgencyScoring, Evidence, ScoringRound
from survey.scorecards.rounds.owners import (
    OwnedLine,
    OwnedLines,
    may_appraise_owned,
    owned_lines,
    read_owned,
)
from survey.scorecards.rounds.queries import (
    due_on,
    framework_scored_by,
    owned_rounds,
    stages_until,
)

LINES_PER_PAGE: Final = 20


@dataclass(frozen=True)
class Owned:
    """A round as one of the agencies that answer for its criteria may see it."""

    row: ScoringRound
    framework: Framework
    lines: OwnedLines
    agency_id: int


def _find_owned(request: HttpRequest, pk: int) -> Owned:
    user = cast("User", request.user)
    row = owned_rounds(user).filter(pk=pk).first()
    if row is None or user.agency_id is None:
        raise Http404
    framework = framework_scored_by(row)
    return Owned(row, framework, owned_lines(row, framework, user.agency_id), user.agency_id)


@contextmanager
def _scorings(owned: Owned) -> Iterator[QuerySet[AgencyScoring]]:
    """Every agency of the round, for the lines the account's agency answers for.

    Scorings are out of sight until the scope is wider, so it is widened to every agency that was
    ever of a kind the framework applies to; the round's own are read.
    """
    kinds = owned.framework.applies_to
    versions = AgencyVersion.objects.filter(kind__in=kinds) if kinds else AgencyVersion.objects
    with also_in_scope(versions.values_list("agency_id", flat=True)):
        rows = owned.row.scorings.select_related("agency", "scoring_round")
        yield rows.prefetch_related("entries__made_by", "hand_overs", "evidence")


@require_safe
@staff_page
@requires("appraise-owned")
def owned(request: HttpRequest, pk: int) -> HttpResponse:
    """The lines the account's agency answers for: declared, checked, lost, over all agencies."""
    found = _find_owned(request, pk)
    with _scorings(found) as rows:
        lines = read_owned(found.framework, rows, found.lines, found.agency_id)
    order = [c.code for c in found.framework.leaves() if c.code in found.lines.codes]
    context = {
        "row": found.row,
        "lines": [_sum_up(found, code, lines[code]) for code in order],
        "due": due_on(found.row, "appraisal"),
        "second_due": due_on(found.row, "second"),
    }
    return page(request, "owned.html", context)


def _sum_up(found: Owned, code: str, lines: list[OwnedLine]) -> dict[str, Any]:
    open_lines = [
        one for one in lines if may_appraise_owned(one.scoring, one.line, found.agency_id)
    ]
    told = [one for one in lines if one.is_told]
    return {
        "criterion": found.framework.by_code[code],
        "own": code in found.lines.own,
        "agencies": len(lines),
        "filled": sum(one.is_filled for one in lines),
        "open": len(open_lines),
        "checked": sum(one.is_checked for one in open_lines),
        "lost": sum(one.line.lost or 0 for one in told),
        "has_points": bool(told),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("appraise-owned")
def owned_line(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """One line of every agency, with a form where it may be appraised now."""
    found = _find_owned(request, pk)
    if code not in found.lines.codes:
        raise Http404
    with _scorings(found) as rows:
        part = _page_of_agencies(found, rows, code, request.GET.get("page"))
        if request.method != "POST":
            return _line_page(request, found, code, part)
        saved, faults, sent = _save(request, found, code, part.object_list)
        if faults:
            part = _page_of_agencies(found, rows.all(), code, request.GET.get("page"))
            return _line_page(request, found, code, part, faults, sent)
    text = ngettext("%(count)s line checked.", "%(count)s lines checked.", saved)
    messages.success(request, text % {"count": saved})
    return redirect(request.get_full_path())


def _page_of_agencies(
    found: Owned, rows: QuerySet[AgencyScoring], code: str, number: str | None
) -> Any:
    criterion = found.framework.by_code[code]
    kinds = [kind for kind in AgencyKind.values if found.framework.applies(criterion, kind)]
    fitting = rows.filter(kind__in=kinds).order_by("name", "pk")
    part: Any = Paginator(fitting, LINES_PER_PAGE).get_page(number)
    part.object_list = _read_line(found, part.object_list, code)
    return part


def _read_line(found: Owned, scorings: Iterable[AgencyScoring], code: str) -> list[OwnedLine]:
    one = frozenset([code])
    lines = OwnedLines(found.lines.own & one, found.lines.shared & one)
    return read_owned(found.framework, scorings, lines, found.agency_id)[code]


def _save(
    request: HttpRequest, found: Owned, code: str, lines: Iterable[OwnedLine]
) -> tuple[int, dict[int, str], dict[int, Line]]:
    """Rows with a tick, each agency on its own: how many were kept, faults and what was typed by
    number of the scoring.
    """
    user, now = cast("User", request.user), timezone.now()
    faults: dict[int, str] = {}
    typed: dict[int, Line] = {}
    saved = 0
    for one in lines:
        pk = one.scoring.pk
        if not request.POST.get(f"{pk}:checked"):
            continue
        typed[pk] = read_line(one.line.criterion, request.POST, f"{pk}:")
        if code not in found.lines.own or not may_appraise_owned(
            one.scoring, one.line, found.agency_id
        ):
            faults[pk] = _("This line cannot be changed now.")
            continue
        try:
            save_lines(
                scoring=one.scoring,
                stage=request.POST.get(f"{pk}:stage", ""),
                lines={code: typed[pk]},
                by=user,
                now=now,
                seen=_read_number(request.POST.get(f"{pk}:seen", "")),
                confirmed=True,
            )
        except ValidationError as error:
            faults[pk] = error.messages[0]
        else:
            saved += 1
    return saved, faults, typed


def _read_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _line_page(
    request: HttpRequest,
    found: Owned,
    code: str,
    part: Any,
    faults: dict[int, str] | None = None,
    sent: dict[int, Line] | None = None,
) -> HttpResponse:
    criterion = found.framework.by_code[code]
    shown = []
    for one in part.object_list:
        pk = one.scoring.pk
        fault = (faults or {}).get(pk, "")
        # What somebody else saved meanwhile is shown instead, so that the next click is a decision.
        typed = (sent or {}).get(pk) if fault and fault != str(STALE) else None
        shown.append(_show(found, one, typed, fault))
    context = {
        "row": found.row,
        "criterion": criterion,
        "rule": describe_rule(criterion),
        "maximum": plain(criterion.maximum),
        "own": code in found.lines.own,
        "lines": shown,
        "writable": any(line["shown"].open for line in shown),
        "faults": len(faults or {}),
        "part": part,
        "query": "",
    }
    return page(request, "owned_line.html", context, status=422 if faults else 200)


def select_evidence(one: OwnedLine) -> list[Evidence]:
    """Files of a line the agency has handed over."""
    code, until = one.line.criterion.code, stages_until(one.told)
    files = one.scoring.evidence.all() if one.is_told else ()
    return [file for file in files if file.criterion == code and file.stage in until]


def send_owned_evidence(request: HttpRequest, pk: int) -> FileResponse:
    """A file of a line the account's agency answers for, or reads along.

    Raises
    ------
    Http404
        There is none, or the agency has not handed it over.
    """
    user = cast("User", request.user)
    for row in owned_rounds(user) if may(user, "appraise-owned") else ():
        found = _find_owned(request, row.pk)
        with _scorings(found) as rows:
            files = Evidence.objects.filter(pk=pk, criterion__in=found.lines.codes)
            file = files.filter(scoring__in=rows).first()
            if file is not None and file in _told_files(found, rows.get(pk=file.scoring_id), file):
                return send_kept_file(name=file.name, suffix=file.suffix, sha256=file.sha256)
    raise Http404


def _told_files(found: Owned, scoring: AgencyScoring, file: Evidence) -> list[Evidence]:
    lines = _read_line(found, [scoring], file.criterion)
    return [one for line in lines for one in select_evidence(line)]


def _show(found: Owned, one: OwnedLine, typed: Line | None, fault: str) -> dict[str, Any]:
    criterion, newest = one.line.criterion, one.entries[-1] if one.entries else None
    is_own = criterion.code in found.lines.own
    is_open = is_own and may_appraise_owned(one.scoring, one.line, found.agency_id)
    known = (typed if is_open else None) or Line(
        newest.declared if newest else {},
        newest.note if newest and newest.stage == one.scoring.stage else "",
    )
    shown = ShownLine(
        line=one.line,
        maximum=plain(one.line.maximum),
        input="",
        rule="",
        own_points=None,
        note=known.note,
        open=is_open,
        fault=fault,
        history=describe_history(criterion, one.entries) if one.is_told else [],
        evidence=select_evidence(one),
        lack_name=name_lack(criterion, f"{one.scoring.pk}:"),
    )
    shown.lacks = NOT_APPLICABLE in known.declared
    if one.is_told:
        add_figures(shown, criterion, known.declared, f"{one.scoring.pk}:")
    seen = max((entry.pk for entry in one.entries), default=0)
    itself = one.scoring.agency_id == found.agency_id
    ticked = bool(fault) and fault != str(STALE)
    return {"shown": shown, "one": one, "seen": seen, "itself": itself, "ticked": ticked}
