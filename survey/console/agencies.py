"""Staff pages of agencies: search, history, renaming; merging and ending are decided by two."""

from __future__ import annotations

import secrets
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.models import Agency, AgencyKind
from survey.agencies.queries import (
    find_by_code,
    mapped_to,
    version_on,
    versions_on,
    visible_agencies,
)
from survey.agencies.services import change_agency, found_agency
from survey.agencies.undoing import find_change
from survey.common.text import fold_accents, name_order
from survey.console.agency_uses import count_uses
from survey.console.approvals import ask_for
from survey.console.layout import page, staff_page
from survey.console.place_forms import AgencyForm, DissolveForm, MergeForm, SplitForm
from survey.console.sensitive_actions import SENSITIVE_ACTIONS

AGENCIES_PER_PAGE: Final = 100
CHANGES: Final[dict[str, Any]] = {
    "rename": AgencyForm,
    "merge": MergeForm,
    "split": SplitForm,
    "dissolve": DissolveForm,
}
"""What can be done to an agency, one form at a time: each holds a list of all the others."""


@require_safe
@staff_page
def agencies(request: HttpRequest) -> HttpResponse:
    """Agencies in force, by name with or without accents, by code or kind."""
    user, today = cast("User", request.user), timezone.localdate()
    wanted, kind = request.GET.get("q", "").strip()[:80], request.GET.get("kind", "")
    rows = versions_on(today).filter(agency__in=visible_agencies(user)).select_related(None)
    names = dict(versions_on(today).values_list("agency_id", "name"))
    if kind in AgencyKind.values:
        rows = rows.filter(kind=kind)
    bare = fold_accents(wanted)
    found = [
        row
        for row in rows
        if bare in fold_accents(row.name) or wanted.upper() in (row.agency_code, row.unit_code)
    ]
    found.sort(key=lambda row: (name_order(row.name), row.code))
    part = Paginator(found, AGENCIES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "part": part,
        "lines": [(row, names.get(row.parent_id or 0, "")) for row in part],
        "wanted": wanted,
        "kind": kind,
        "kinds": AgencyKind.choices,
        "query": urlencode({"q": wanted, "kind": kind}),
    }
    return page(request, "agencies.html", context)


def _find(request: HttpRequest, pk: int) -> Agency:
    found = visible_agencies(cast("User", request.user)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("change-agencies")
def new_agency(request: HttpRequest) -> HttpResponse:
    """A new agency from a day on."""
    form = AgencyForm(
        request.POST or None,
        agencies=visible_agencies(cast("User", request.user)),
        initial={"on": timezone.localdate(), "kind": AgencyKind.DEPARTMENT},
    )
    if request.method == "POST" and form.is_valid() and _code_is_free(form, None):
        try:
            made = found_agency(
                key=f"a-{secrets.token_hex(5)}",
                on=form.cleaned_data["on"],
                attributes=form.attributes(),
            )
        except ValidationError as error:
            form.add_error(None, error if hasattr(error, "error_dict") else error.messages)
        except IntegrityError:
            form.add_error("agency_code", _("Another agency already has this code."))
        else:
            messages.success(request, _("The agency has been created."))
            return redirect("console:unit", pk=made.pk)
    status = 422 if request.method == "POST" else 200
    return page(request, "agency_new.html", {"form": form}, status=status)


def _code_is_free(form: AgencyForm, agency: Agency | None) -> bool:
    """Whether no other agency in force bears the code."""
    code = form.cleaned_data["agency_code"]
    other = find_by_code(code, form.cleaned_data["on"])
    if other is None or (agency is not None and other.agency_id == agency.pk):
        return True
    form.add_error("agency_code", _("Another agency already has this code."))
    return False


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """One agency: what it was called when, where it came from and went, what uses it."""
    found, user = _find(request, pk), cast("User", request.user)
    if request.method == "POST":
        return cast("HttpResponse", _rename(request, found))
    return _unit_page(request, found, user)


@requires("change-agencies")
def _rename(request: HttpRequest, found: Agency) -> HttpResponse:
    user = cast("User", request.user)
    form = AgencyForm(request.POST, agencies=visible_agencies(user).exclude(pk=found.pk))
    if form.is_valid() and _code_is_free(form, found):
        try:
            change_agency(agency=found, on=form.cleaned_data["on"], attributes=form.attributes())
        except ValidationError as error:
            form.add_error(None, error if hasattr(error, "error_dict") else error.messages)
        else:
            messages.success(request, _("Saved. The change takes effect on that day."))
            return redirect("console:unit", pk=found.pk)
    return _unit_page(request, found, user, rename=form, status=422)


def _unit_page(
    request: HttpRequest, found: Agency, user: User, *, status: int = 200, **forms: Any
) -> HttpResponse:
    today = timezone.localdate()
    scope = visible_agencies(user)
    current = version_on(found, today)
    others = scope.exclude(pk=found.pk)
    change = next(iter(forms), request.GET.get("change", ""))
    if not forms and change in CHANGES:
        rename = change == "rename"
        more: dict[str, Any] = {"kept": current.parent if current else None} if rename else {}
        more |= {"agency": found} if change == "split" else {}
        initial = _initial(current) if rename else {"on": today}
        forms[change] = CHANGES[change](agencies=others, initial=initial, **more)
    context = {
        "unit": found,
        "current": current,
        "versions": found.versions.select_related("parent").order_by("-valid_from"),
        "origins": found.origins.select_related("predecessor").order_by("-on"),
        # Asked for only where it has ended: the way to its heirs leads through all successions.
        "heirs": [] if current else mapped_to([found], today)[found],
        "uses": count_uses(found),
        "undo": [] if current else find_change(found),
        "change": change,
        "form": forms.get(change),
    }
    return page(request, "unit.html", context, status=status)


def _initial(current: Any) -> dict[str, Any]:
    if current is None:
        return {}
    return {
        "name": current.name,
        "kind": current.kind,
        "parent": current.parent_id,
        "agency_code": current.agency_code,
        "unit_code": current.unit_code,
        "on": timezone.localdate(),
    }


@require_POST
@staff_page
@requires("change-agencies")
def ask_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that two agencies become a new one."""
    found, user = _find(request, pk), cast("User", request.user)
    form = MergeForm(request.POST, agencies=visible_agencies(user).exclude(pk=pk))
    if not form.is_valid():
        return _unit_page(request, found, user, merge=form, status=422)
    payload = {
        "agencies": [found.pk, form.cleaned_data["other"].pk],
        "name": form.cleaned_data["name"],
        "code": form.cleaned_data["code"],
        "unit_code": form.cleaned_data["unit_code"],
        "on": form.cleaned_data["on"].isoformat(),
    }
    made = ask_for(request, SENSITIVE_ACTIONS["merge-agencies"], payload)
    if made is None:
        return _unit_page(request, found, user, merge=form, status=422)
    return redirect("console:approval", pk=made.pk)


@require_POST
@staff_page
@requires("change-agencies")
def ask_dissolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that an agency ends."""
    found, user = _find(request, pk), cast("User", request.user)
    form = DissolveForm(request.POST, agencies=visible_agencies(user).exclude(pk=pk))
    if not form.is_valid():
        return _unit_page(request, found, user, dissolve=form, status=422)
    successor = form.cleaned_data["other"]
    payload = {
        "agencies": [found.pk, *([successor.pk] if successor else [])],
        "on": form.cleaned_data["on"].isoformat(),
    }
    made = ask_for(request, SENSITIVE_ACTIONS["dissolve-agency"], payload)
    if made is None:
        return _unit_page(request, found, user, dissolve=form, status=422)
    return redirect("console:approval", pk=made.pk)


@require_POST
@staff_page
@requires("change-agencies")
def ask_split(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that an agency becomes two."""
    found, user = _find(request, pk), cast("User", request.user)
    form = SplitForm(request.POST, agencies=visible_agencies(user).exclude(pk=pk), agency=found)
    if not form.is_valid():
        return _unit_page(request, found, user, split=form, status=422)
    sent = form.cleaned_data
    payload = {
        "agencies": [found.pk],
        "parts": [
            {"name": sent["name"], "code": sent["code"]},
            {"name": sent["second_name"], "code": sent["second_code"]},
        ],
        "counters": sorted(int(number) for number in sent["counters"]),
        "on": sent["on"].isoformat(),
    }
    made = ask_for(request, SENSITIVE_ACTIONS["split-agency"], payload)
    if made is None:
        return _unit_page(request, found, user, split=form, status=422)
    return redirect("console:approval", pk=made.pk)


@require_POST
@staff_page
@requires("change-agencies")
def ask_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that a merger, a split or a dissolution is taken back."""
    found = _find(request, pk)
    if not find_change(found):
        raise Http404
    action = SENSITIVE_ACTIONS["undo-agency-change"]
    made = ask_for(request, action, {"agencies": [found.pk]})
    return redirect("console:approval", pk=made.pk) if made else redirect("console:unit", pk=pk)
