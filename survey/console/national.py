"""Staff page of national indices beside the province's own."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.console.layout import page, staff_page
from survey.followup.national import national_results
from survey.followup.queries import visible_follow_ups


@require_safe
@staff_page
@requires("see-previews")
def national(request: HttpRequest) -> HttpResponse:
    """Points, rank and change of each national index, with the own index of the year."""
    rows = visible_follow_ups(cast("User", request.user)).filter(kind="external")
    return page(request, "national.html", {"results": national_results(rows)})
