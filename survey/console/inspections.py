"""Staff page of the year's inspections: the share reached, and where to look first and why."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from survey.accounts.permissions import requires
from survey.console.layout import page, staff_page
from survey.followup.inspections import SHARE_TO_INSPECT, inspected_share, list_risks
from survey.followup.models import FollowUp

UNITS_PER_PAGE = 50


@require_safe
@staff_page
@requires("manage-follow-up")
def inspections(request: HttpRequest) -> HttpResponse:
    """The plan, the live share, and the units by what speaks for inspecting them."""
    day = timezone.localdate()
    rows = FollowUp.objects.filter(kind="inspection").select_related("agency")
    part = Paginator(list_risks(day), UNITS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "share": inspected_share(day),
        "wanted": SHARE_TO_INSPECT,
        "year": day.year,
        "planned": rows.filter(opened_at__year=day.year).order_by("state", "due_on"),
        "part": part,
        "query": "",
    }
    return page(request, "inspections.html", context)
