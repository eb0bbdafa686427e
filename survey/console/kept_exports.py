"""Scheduled tables of an account, and the links that hand one out once to whoever holds it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.audit import record_event
from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.common.languages import requested_language, staff_language
from survey.common.periods import parse_period
from survey.console.layout import staff_page
from survey.console.table_files import TABLE_FILES, table_response
from survey.reports.models import ExportSchedule, Interval, KeptExport, TableKind
from survey.reports.table_exports import (
    KEPT_FOR,
    find_link,
    make_link,
    own_exports,
    read_table,
    use_link,
)


class ScheduleForm(forms.Form):
    """How often, and as what."""

    interval = forms.ChoiceField(label=gettext_lazy("interval"), choices=Interval.choices)
    kind = forms.ChoiceField(label=gettext_lazy("kind of file"), choices=TableKind.choices)


def describe_schedules(user: User) -> dict[str, Any]:
    """What the page of exports shows of an account's schedules."""
    now = timezone.now()
    return {
        "schedules": ExportSchedule.objects.filter(owner=user),
        "kept": [
            {"row": row, "period": parse_period(row.edition.period).title}
            for row in own_exports(user, now)
            if read_table(row) is not None
        ],
        "schedule_form": ScheduleForm(auto_id="schedule_%s"),
        "kept_days": KEPT_FOR.days,
    }


@require_POST
@staff_page
@requires("make-reports")
def schedule_export(request: HttpRequest) -> HttpResponse:
    """Have the table of each newly released period made."""
    user, form = cast("User", request.user), ScheduleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose an interval and a kind of file from the list."))
        return redirect("console:exports")
    made, new = ExportSchedule.objects.get_or_create(
        owner=user, **form.cleaned_data, defaults={"made_at": timezone.now()}
    )
    if new:
        record_event(request, "export-schedule", thing=f"export-schedule {made.pk}")
    messages.success(request, _("The table will be made after each release."))
    return redirect("console:exports")


@require_POST
@staff_page
@requires("make-reports")
def end_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it made no more; what was made stays until its time is over."""
    rows = ExportSchedule.objects.filter(pk=pk, owner=cast("User", request.user))
    if not rows.delete()[0]:
        raise Http404
    messages.success(request, _("The schedule has been ended."))
    return redirect("console:exports")


def _own(request: HttpRequest, pk: int) -> KeptExport:
    found = own_exports(cast("User", request.user), timezone.now()).filter(pk=pk).first()
    if found is None or read_table(found) is None:
        raise Http404
    return found


@require_safe
@staff_page
@requires("make-reports")
def kept_export(request: HttpRequest, pk: int) -> HttpResponse:
    """A table a schedule made, to its owner alone."""
    row = _own(request, pk)
    return table_response(row.edition, row.kind, read_table(row) or b"")


@require_POST
@staff_page
@requires("make-reports")
def link_export(request: HttpRequest, pk: int) -> HttpResponse:
    """A link that hands a table out once; it is shown once."""
    row = _own(request, pk)
    code = make_link(export=row, now=timezone.now())
    record_event(request, "export-link", thing=f"kept-export {row.pk}")
    address = settings.PUBLIC_URL + reverse("table-by-link", args=[code])
    messages.success(
        request,
        _("This link hands the table out once, within 7 days. Copy it now: %(address)s")
        % {"address": address},
    )
    return redirect("console:exports")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def export_by_link(request: HttpRequest, code: str) -> HttpResponse:
    """The table of a link, without an account. GET changes nothing: programs may look at links."""
    with override(staff_language(requested_language(request))):
        now = timezone.now()
        link = find_link(code, now)
        if link is None:
            return _show(request, {}, 404)
        row = link.export
        if request.method == "POST":
            try:
                content = use_link(link=link, now=now)
            except ValidationError:
                return _show(request, {}, 410)
            record_event(request, "export-by-link", thing=f"kept-export {row.pk}", user=row.owner)
            return table_response(row.edition, row.kind, content)
        context = {
            "period": parse_period(row.edition.period).title,
            "kind": TABLE_FILES[row.kind].label,
        }
        return _show(request, context, 200)


def _show(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    shown = {"language": get_language(), **context}
    return render(request, "survey/console/export_by_link.html", shown, status=status)
