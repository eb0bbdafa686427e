"""Staff page of the year's inspections: the share reached, and where to look first and why."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from survey.accounts.permissions import requires
from survey.agencies.models import Agency
from survey.agencies.queries import agency_names
from survey.console.layout import page, staff_page
from survey.followup.inspections import (
    SHARE_TO_INSPECT,
    inspected_share,
    inspections_in,
    list_risks,
)

UNITS_PER_PAGE = 50


@require_safe
@staff_page
@requires("manage-follow-up")
def inspections(request: HttpRequest) -> HttpResponse:
    """The plan, the live share, and the units by what speaks for inspecting them."""
    day = timezone.localdate()
    planned = list(inspections_in(day.year).order_by("state", "due_on"))
    names = agency_names(Agency.objects.filter(pk__in={row.agency_id for row in planned}))
    part = Paginator(list_risks(day), UNITS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "share": inspected_share(day),
        "wanted": SHARE_TO_INSPECT,
        "year": day.year,
        "planned": [(row, names.get(row.agency_id, "")) for row in planned],
        "part": part,
        "query": "",
    }
    return page(request, "inspections.html", context)
