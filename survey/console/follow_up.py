"""Staff pages of what is followed up: one list, one page a matter, one form for each kind."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.models import Agency, AgencyKind
from survey.agencies.queries import agency_names, versions_on
from survey.common.text import fold_accents
from survey.console.follow_up_forms import FollowUpForm
from survey.console.follow_up_words import find_follow_up, may_open
from survey.console.layout import page, staff_page
from survey.followup.kinds import KINDS
from survey.followup.models import FollowUp
from survey.followup.overdue import is_escalated
from survey.followup.queries import (
    escalated_follow_ups,
    idle_follow_ups,
    late_follow_ups,
    manages,
    own_follow_ups,
    visible_follow_ups,
)
from survey.followup.services import open_follow_up
from survey.followup.states import ENDED

ROWS_PER_PAGE: Final = 50
VIEWS: Final = ("mine", "open", "late", "escalated", "idle", "ended", "all")


@require_safe
@staff_page
@requires("see-follow-up")
def follow_up(request: HttpRequest) -> HttpResponse:
    """Everything that is followed up in the account's scope, by what was asked for."""
    user, day = cast("User", request.user), timezone.localdate()
    view = request.GET.get("view", "open")
    view = view if view in VIEWS else "open"
    kind = request.GET.get("kind", "")
    words = request.GET.get("q", "").strip()[:80]
    rows = _choose(user, view, day)
    if kind in KINDS:
        rows = rows.filter(kind=kind)
    if words:
        rows = rows.filter(pk__in=_find_titles(rows, words))
    rows = rows.prefetch_related("steps").order_by("due_on", "-pk")
    part = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    late = set(
        late_follow_ups(FollowUp.objects.filter(pk__in=[r.pk for r in part]), day).values_list(
            "pk", flat=True
        )
    )
    names = agency_names(Agency.objects.filter(pk__in={row.agency_id for row in part}))
    context = {
        "views": list(zip(VIEWS, _view_labels(), strict=True)),
        "view": view,
        "kinds": [(one.key, one.label) for one in KINDS.values()],
        "kind": kind,
        "wanted": words,
        "query": urlencode({"view": view, "kind": kind, "q": words}),
        "part": part,
        "lines": [
            (row, names.get(row.agency_id, ""), row.pk in late, is_escalated(row)) for row in part
        ],
        "new": [one for one in KINDS.values() if may_open(user, one)],
    }
    return page(request, "follow_up.html", context)


def _find_titles(rows: QuerySet[FollowUp], words: str) -> list[int]:
    """Matters whose title holds what was typed, with or without accents."""
    wanted = fold_accents(words)
    titles = rows.values_list("pk", "title")
    return [pk for pk, title in titles if wanted in fold_accents(title)]


def _view_labels() -> list[str]:
    return [
        _("waits for me"),
        _("open"),
        _("overdue"),
        _("overdue for more than 15 days"),
        _("no action recorded"),
        _("finished or stopped"),
        _("all"),
    ]


def _choose(user: User, view: str, day: date) -> QuerySet[FollowUp]:
    rows = visible_follow_ups(user)
    if view == "mine":
        return own_follow_ups(user)
    if view == "late":
        return late_follow_ups(rows, day)
    if view == "escalated":
        return escalated_follow_ups(rows, day)
    if view == "idle":
        return idle_follow_ups(rows, day)
    if view == "ended":
        return rows.filter(state__in=ENDED)
    return rows if view == "all" else rows.exclude(state__in=ENDED)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-follow-up")
def follow_up_new(request: HttpRequest, kind: str) -> HttpResponse:
    """Open a matter of a kind: for one agency, or for all of a kind of agencies."""
    user, spec, day = cast("User", request.user), KINDS.get(kind), timezone.localdate()
    if spec is None:
        raise Http404
    if not may_open(user, spec):
        raise PermissionDenied
    own = None if manages(user) else user.agency
    parent = _read_parent(request)
    sent = request.POST if request.method == "POST" else None
    files = request.FILES if request.method == "POST" else None
    form = FollowUpForm(sent, files, kind=spec, own=own, day=day, initial=_initial(request, parent))
    if sent is not None and form.is_valid():
        try:
            made = open_follow_up(
                opening=form.read_opening(parent),
                agencies=form.chosen_agencies(),
                root=find_root(day),
                by=user,
                now=timezone.now(),
            )
        except ValidationError as error:
            _tell(form, error)
        else:
            messages.success(request, _("“%(title)s” has been entered.") % {"title": made})
            return redirect("console:follow-up-item", pk=made.pk)
    context = {"form": form, "spec": spec, "parent": parent}
    return page(request, "follow_up_new.html", context, status=422 if form.is_bound else 200)


def find_root(day: date) -> Agency:
    """The province itself."""
    rows = versions_on(day).filter(parent=None)
    found = rows.filter(kind=AgencyKind.PROVINCE).first() or rows.order_by("pk").first()
    if found is None:
        raise Http404
    return found.agency


def _read_parent(request: HttpRequest) -> FollowUp | None:
    sent = request.GET.get("parent", "")
    if not (sent.isascii() and sent.isdigit() and len(sent) < 13):
        return None
    return find_follow_up(cast("User", request.user), int(sent))


def _initial(request: HttpRequest, parent: FollowUp | None) -> dict[str, Any]:
    """What the page it was opened from knows: agency, source, what it is about."""
    found: dict[str, Any] = {
        f"d-{name}": request.GET[name][:200]
        for name in ("source", "about", "started_on", "field")
        if name in request.GET
    }
    found["agency"] = request.GET.get("agency", "")[:12]
    if parent is not None:
        found["agency"] = str(parent.agency_id)
        if parent.kind == "inspection":
            found["d-source"] = "inspection"
    return found


def _tell(form: FollowUpForm, error: ValidationError) -> None:
    """Faults of the service at the fields they are about."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
    for name, texts in by_field.items():
        form.add_error(name if name in form.fields else None, texts)
