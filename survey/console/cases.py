"""Staff pages of cases: the list with its deadlines, and the work on one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.calendar import read_holidays
from survey.agencies.models import Agency
from survey.agencies.queries import agency_names, visible_agencies
from survey.common.text import fold_accents
from survey.console.layout import page, staff_page
from survey.questionnaires.queries import choice_texts
from survey.responses.case_work import (
    CaseNote,
    add_note,
    assign_case,
    close_case,
    find_owners,
    reopen_case,
)
from survey.responses.cases import Case, Outcome, open_cases
from survey.responses.masking import mask_personal

CASES_PER_PAGE: Final = 50
STATES: Final = ("open", "late", "mine", "closed")


def handled_by(user: User) -> QuerySet[Agency]:
    """Agencies whose cases an account works on: its own, or all of the province."""
    visible = visible_agencies(user)
    return visible if user.sees_province else visible.filter(pk=user.agency_id or 0)


@require_safe
@staff_page
def cases(request: HttpRequest) -> HttpResponse:
    """Cases in the account's own hands; the rated agency sees none of its own."""
    user, today = cast("User", request.user), timezone.localdate()
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    words = request.GET.get("q", "").strip()[:80]
    is_late = _find_late(today)
    found = [
        row
        for row in open_cases(handled_by(user))
        if _is_in(row, state, user, is_late(row)) and _holds(row, words)
    ]
    part = Paginator(found, CASES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "state": state,
        "wanted": words,
        "query": urlencode({"q": words, "state": state}),
        "states": [
            ("open", _("open")),
            ("late", _("past the deadline")),
            ("mine", _("mine")),
            ("closed", _("closed")),
        ],
        "part": part,
        "lines": _lines(list(part), today),
    }
    return page(request, "cases.html", context)


def _find_late(today: date) -> Callable[[Case], bool]:
    """Whether a case is open past its deadline; holidays are read once."""
    holidays = read_holidays()
    return lambda row: row.closed_on is None and row.due_on(holidays) < today


def _is_in(row: Case, state: str, user: User, late: bool) -> bool:
    is_open = row.closed_on is None
    return {
        "open": is_open,
        "late": late,
        "mine": is_open and row.owner_id == user.pk,
        "closed": not is_open,
    }[state]


def _holds(row: Case, words: str) -> bool:
    """Whether code, words or answer hold what was typed, with or without accents."""
    wanted = fold_accents(words)
    return wanted in fold_accents(f"{row.code} {mask_personal(row.text)} {row.answer}")


def _lines(rows: list[Case], today: date) -> list[dict[str, Any]]:
    language = get_language() or settings.LANGUAGE_CODE
    reasons, levels = choice_texts("reasons", language), choice_texts("overall", language)
    names = agency_names(Agency.objects.filter(pk__in={row.rated_id for row in rows}))
    holidays = read_holidays()
    return [
        {
            "case": row,
            "owner": (row.owner.get_full_name() or row.owner.username) if row.owner else "",
            "rated": names.get(row.rated_id, ""),
            "text": mask_personal(row.text),
            "level": levels.get(str(row.level), "–"),
            "reasons": [reasons.get(reason, reason) for reason in row.reasons],
            "due_on": row.due_on(holidays),
            "late": row.closed_on is None and row.due_on(holidays) < today,
        }
        for row in rows
    ]


def _find(request: HttpRequest, pk: int) -> Case:
    found = open_cases(handled_by(cast("User", request.user))).select_related("handler")
    row = found.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@require_safe
@staff_page
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: what was said, who deals with it, every step, and what can be done."""
    row, today = _find(request, pk), timezone.localdate()
    context = {
        **_lines([row], today)[0],
        "notes": row.notes.select_related("by"),
        "owners": find_owners(row.handler, today),
        "outcomes": Outcome.choices,
        "steps": dict(CaseNote.Step.choices),
    }
    return page(request, "case.html", context)


@require_POST
@staff_page
@requires("close-cases")
def act_on_case(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Assign, note, close or reopen."""
    row, user, now = _find(request, pk), cast("User", request.user), timezone.now()
    text = request.POST.get("text", "")
    try:
        told = _act(request, row, user, now, action, text)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, told)
    return redirect("console:case", pk=pk)


def _act(request: HttpRequest, row: Case, user: User, now: datetime, action: str, text: str) -> str:
    sent = request.POST
    if action == "assign":
        owner = _owner(row, sent.get("owner", ""), now)
        due_on = _day(sent.get("due_on", ""))
        assign_case(case=row, owner=owner, due_on=due_on, by=user, now=now, text=text)
        return _("The case has been assigned.")
    if action == "close":
        outcome, answer = sent.get("outcome", ""), sent.get("answer", "")
        close_case(case=row, outcome=outcome, answer=answer, by=user, now=now)
        return _("The case has been closed.")
    if action == "reopen":
        reopen_case(case=row, text=text, by=user, now=now)
        return _("The case has been reopened.")
    if not text.strip():
        raise ValidationError(_("You have not written anything yet."))
    add_note(case=row, step=CaseNote.Step.NOTED, by=user, now=now, text=text)
    return _("The note has been added.")


def _owner(row: Case, sent: str, now: datetime) -> User:
    known = {str(owner.pk): owner for owner in find_owners(row.handler, timezone.localdate(now))}
    if sent not in known:
        raise ValidationError(_("Choose who deals with the case."))
    return known[sent]


def _day(text: str) -> date:
    try:
        return datetime.strptime(text.strip(), "%d/%m/%Y").date()  # noqa: DTZ007  (a day)
    except ValueError as error:
        raise ValidationError(_("Write the deadline as 31/12/2026.")) from error
