"""Staff page for dossier events: what came in lately, and where files and events disagree."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.models import Agency, ProcedureDomain
from survey.agencies.queries import agency_names, visible_agencies
from survey.common.periods import first_of_month
from survey.console.layout import page, staff_page
from survey.messaging.labels import outcome_label
from survey.transactions.models import Channel
from survey.transactions.queries import differences_in, intake_since

MAX_SHOWN: Final = 100


@require_safe
@staff_page
@requires("import-events")
def dossiers(request: HttpRequest) -> HttpResponse:
    """What came in lately, and the differences to imported totals."""
    user, today = cast("User", request.user), timezone.localdate()
    differences = _differences(user, today)
    context = {
        "intake": [
            (source or "–", outcome_label(name), n)
            for source, name, n in intake_since(today - timedelta(30))
        ],
        "differences": differences[:MAX_SHOWN],
        "more": max(0, len(differences) - MAX_SHOWN),
    }
    return page(request, "dossiers.html", context)


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
