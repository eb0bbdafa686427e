"""Staff page of retention: how long what is kept, and what was erased."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from survey.accounts.permissions import requires
from survey.console.layout import page, staff_page
from survey.privacy.models import RetentionRun
from survey.privacy.schedule import ScheduleError, load_schedule

NIGHTS = 30


@require_safe
@staff_page
@requires("see-audit")
def retention(request: HttpRequest) -> HttpResponse:
    """The schedule, and the sums of the last nights."""
    runs = list(RetentionRun.objects.all()[:NIGHTS])
    context: dict[str, Any] = {
        "lines": [],
        "problem": "",
        "last": runs[0] if runs else None,
        "nights": len(runs),
    }
    try:
        entries = load_schedule()
    except ScheduleError as error:
        context["problem"] = _("The schedule of the province cannot be read: %(fault)s") % {
            "fault": error
        }
        return page(request, "retention.html", context)
    context["lines"] = [
        {"entry": entry, "erased": sum(run.erased.get(entry.code, 0) for run in runs)}
        for entry in entries
    ]
    return page(request, "retention.html", context)
