"""Staff page for dossier events: a file comes in, what became of every event, and where files and
events disagree.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.models import Agency, ProcedureDomain
from survey.agencies.queries import agency_names, visible_agencies
from survey.common.periods import first_of_month
from survey.console.counters import attached
from survey.console.forms import EventsForm
from survey.console.layout import page, staff_page
from survey.console.views import TYPES
from survey.messaging.event_intake import (
    FILE_FIELDS,
    IntakeReport,
    Preview,
    import_events,
    preview_events,
)
from survey.messaging.labels import outcome_label
from survey.transactions.models import Channel
from survey.transactions.queries import differences_in, intake_since
from survey.transactions.reading import MAX_FILE_BYTES, FileError
from survey.transactions.template import events_csv, events_xlsx

MAX_SHOWN: Final = 100
MOST_ROWS: Final = 2000
"""A page answers within half a minute; larger files are taken by the command."""


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("import-events")
def dossiers(request: HttpRequest) -> HttpResponse:
    """Take a file of events; show what came in lately and the differences to imported totals."""
    user, now = cast("User", request.user), timezone.now()
    form = EventsForm(request.POST, request.FILES) if request.method == "POST" else EventsForm()
    report, preview = (
        _take(request, form, user, now)
        if request.method == "POST" and form.is_valid()
        else (None, None)
    )
    today = timezone.localtime(now).date()
    differences = _differences(user, today)
    context = {
        "form": form,
        "report": report,
        "preview": preview,
        "counts": [(outcome_label(name), n) for name, n in report.counts.most_common()]
        if report
        else [],
        "faults": report.faults[:MAX_SHOWN] if report else [],
        "not_asked": [(row, outcome_label(why)) for row, why in report.not_asked[:MAX_SHOWN]]
        if report
        else [],
        "intake": [
            (source or "–", outcome_label(name), n)
            for source, name, n in intake_since(today - timedelta(30))
        ],
        "differences": differences[:MAX_SHOWN],
        "more": max(0, len(differences) - MAX_SHOWN),
    }
    return page(request, "dossiers.html", context, status=422 if form.errors else 200)


def _take(
    request: HttpRequest, form: EventsForm, user: User, now: datetime
) -> tuple[IntakeReport | None, Preview | None]:
    """Take the file, or only say what that would do; a file that cannot be read becomes an error of
    the form.
    """
    upload = form.cleaned_data["file"]
    content, source = upload.read(MAX_FILE_BYTES + 1), form.cleaned_data["source"]
    try:
        if "preview" in request.POST:
            seen = preview_events(
                content=content, file_name=upload.name, source=source, now=now, most=MOST_ROWS
            )
            return seen.report, seen
        return import_events(
            content=content, file_name=upload.name, source=source, now=now, by=user, most=MOST_ROWS
        ), None
    except FileError as error:
        form.add_error("file", str(error))
    return None, None


def _differences(user: User, today: date) -> list[dict[str, Any]]:
    """The last three months, in words."""
    scope = dict(visible_agencies(user).values_list("key", "pk"))
    domains = dict(ProcedureDomain.objects.values_list("code", "name"))
    first = first_of_month(first_of_month(today) - timedelta(days=62))
    found = differences_in(first, today, scope)
    named = agency_names(Agency.objects.filter(key__in={row.agency for row in found}))
    return [
        {
            "agency": named[scope[row.agency]],
            "domain": domains[row.domain],
            "channel": Channel(row.channel).label,
            "month": f"{row.month[5:]}/{row.month[:4]}",
            "imported": row.imported,
            "counted": row.counted,
            "gap": row.gap,
        }
        for row in found
    ]


@require_safe
@staff_page
@requires("import-events")
def dossiers_template(request: HttpRequest, kind: str) -> HttpResponse:
    """The empty template of a file of events."""
    content = events_xlsx(FILE_FIELDS) if kind == "xlsx" else events_csv(FILE_FIELDS)
    return attached(content, TYPES[kind], f"mau-su-kien-ho-so.{kind}")
