"""Staff pages of places: offices with their counters, agencies with their history."""

from __future__ import annotations

from collections import Counter as Counted
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.models import Agency, Counter, Office
from survey.agencies.places import close_counter, open_counter, open_office
from survey.agencies.queries import agency_names, visible_agencies, visible_offices
from survey.console.layout import page, staff_page
from survey.console.place_forms import WEEKDAYS, CounterForm, OfficeForm
from survey.console.place_search import search_offices


def _offices(user: User) -> QuerySet[Office]:
    """Offices in scope; a new one has no counter yet and belongs to nobody but the province."""
    return Office.objects.all() if user.sees_province else visible_offices(user)


@require_safe
@staff_page
def offices(request: HttpRequest) -> HttpResponse:
    """Offices by part of a name or address, with how many counters are open."""
    found = search_offices(request, _offices(cast("User", request.user)))
    counters = Counter.objects.filter(office__in=list(found.part), closed_on=None)
    opened = Counted(counters.values_list("office_id", flat=True))
    lines = [(office, opened[office.pk]) for office in found.part]
    return page(request, "offices.html", {**found.context, "lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("manage-places")
def new_office(request: HttpRequest) -> HttpResponse:
    """A new place; counters come on its own page."""
    form = OfficeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        office = open_office(**form.cleaned_data)
        messages.success(request, _("The office has been created. Now add its counters."))
        return redirect("console:office", pk=office.pk)
    status = 422 if request.method == "POST" else 200
    return page(request, "office_new.html", {"form": form}, status=status)


def _find_office(request: HttpRequest, pk: int) -> Office:
    office = _offices(cast("User", request.user)).filter(pk=pk).first()
    if office is None:
        raise Http404
    return office


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("manage-places")
def office(request: HttpRequest, pk: int) -> HttpResponse:
    """One office: its name and address, its counters."""
    found = _find_office(request, pk)
    form = OfficeForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("console:office", pk=pk)
    return _office_page(request, found, form=form, status=422 if request.method == "POST" else 200)


def _office_page(
    request: HttpRequest, found: Office, *, status: int = 200, **forms: Any
) -> HttpResponse:
    agencies = visible_agencies(cast("User", request.user))
    counters = found.counters.select_related("domain").filter(agency__in=agencies)
    names = agency_names(Agency.objects.filter(counters__in=counters))
    last = found.counters.order_by("-number").values_list("number", flat=True).first() or 0
    context = {
        "office": Office.objects.get(pk=found.pk),
        "counters": [
            (counter, names.get(counter.agency_id, "")) for counter in counters.order_by("number")
        ],
        "hours": _hours(found),
        "form": OfficeForm(instance=found),
        "counter_form": CounterForm(
            agencies=agencies, initial={"number": last + 1}, auto_id="counter_%s"
        ),
        **forms,
    }
    return page(request, "office.html", context, status=status)


def _hours(office: Office) -> list[tuple[object, list[str]]]:
    """(name of the day, its spans) of the days the office is open."""
    found: dict[int, list[str]] = {}
    for row in office.hours.all():
        found.setdefault(row.weekday, []).append(f"{row.opens:%H:%M}–{row.closes:%H:%M}")
    return [(WEEKDAYS[day - 1], spans) for day, spans in sorted(found.items())]


@require_POST
@staff_page
@requires("manage-places")
def add_counter(request: HttpRequest, pk: int) -> HttpResponse:
    """A counter with its agency and domain."""
    found = _find_office(request, pk)
    agencies = visible_agencies(cast("User", request.user))
    form = CounterForm(request.POST, agencies=agencies, auto_id="counter_%s")
    if form.is_valid():
        try:
            open_counter(office=found, on=timezone.localdate(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except IntegrityError:
            form.add_error("number", _("This office already has a counter with that number."))
        else:
            messages.success(
                request, _("The counter is open. Issue its code and print the poster.")
            )
            return redirect("console:office", pk=pk)
    return _office_page(request, found, counter_form=form, status=422)


@require_POST
@staff_page
@requires("manage-places")
def end_counter(request: HttpRequest, pk: int) -> HttpResponse:
    """No citizen is received there any more."""
    agencies = visible_agencies(cast("User", request.user))
    counter = Counter.objects.filter(pk=pk, agency__in=agencies).first()
    if counter is None:
        raise Http404
    try:
        close_counter(counter=counter, on=timezone.localdate())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The counter is closed. Take its poster down."))
    return redirect("console:office", pk=counter.office_id)
