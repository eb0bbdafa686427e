"""Staff page: posters of many offices in one file, codes issued and withdrawn together, and the
log of issues.
"""

from __future__ import annotations

from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from survey.access.models import CounterCode
from survey.access.posters import issue_codes, revoke_codes
from survey.access.print.posters import PAPERS, poster_pdf
from survey.access.print.sheets import TooLongToPrint
from survey.access.queries import active_codes, counters_without_code
from survey.accounts.audit import record_event
from survey.accounts.models import AuditEvent, User
from survey.accounts.permissions import may, requires
from survey.agencies.models import Office
from survey.agencies.queries import visible_agencies, visible_offices
from survey.common.languages import is_supported_language
from survey.console.counters import attached, poster_notice, second_languages
from survey.console.layout import page, staff_page
from survey.console.place_search import search_offices

MAX_POSTERS: Final = 300
"""In one file: about eight seconds of work."""
ACTIONS: Final = ("print", "issue", "withdraw")
ISSUES_PER_PAGE: Final = 50
SHOWN_PRINTS: Final = 10


@require_safe
@staff_page
@requires("check-posters")
def printing(request: HttpRequest) -> HttpResponse:
    """Offices to choose, by part of a name, and what was issued and printed."""
    user = cast("User", request.user)
    agencies = visible_agencies(user)
    found = search_offices(request, visible_offices(user))
    offices = list(found.part)
    codes = active_codes(agencies).filter(counter__office__in=offices)
    without = counters_without_code(agencies).filter(office__in=offices)
    context = {
        **found.context,
        "lines": _lines(offices, codes, without),
        "total": len(found.every),
        "papers": PAPERS,
        "seconds": second_languages(),
        **_log(request, user),
    }
    return page(request, "printing.html", context)


def _lines(offices: list[Office], codes: QuerySet[Any], without: QuerySet[Any]) -> list[Any]:
    """(office, counters with a code, counters without)."""
    coded: dict[int, int] = {}
    for pk in codes.values_list("counter__office", flat=True):
        coded[pk] = coded.get(pk, 0) + 1
    bare: dict[int, int] = {}
    for pk in without.values_list("office", flat=True):
        bare[pk] = bare.get(pk, 0) + 1
    return [(office, coded.get(office.pk, 0), bare.get(office.pk, 0)) for office in offices]


def _log(request: HttpRequest, user: User) -> dict[str, Any]:
    """Every issue of a code in scope, the newest first, and the files that were printed."""
    rows = CounterCode.objects.filter(counter__agency__in=visible_agencies(user))
    rows = rows.select_related("counter__office").order_by("-issued_at", "-pk")
    prints = AuditEvent.objects.filter(action="print-posters").order_by("-at", "-pk")
    if not user.sees_province:
        prints = prints.filter(agency__in=visible_agencies(user))
    return {
        "issues": Paginator(rows, ISSUES_PER_PAGE).get_page(request.GET.get("log")),
        "prints": prints[:SHOWN_PRINTS],
    }


def _chosen(request: HttpRequest, user: User) -> list[Office]:
    """The offices that are ticked, or all that match the search; only those in scope."""
    offices = visible_offices(user)
    if request.POST.get("all"):
        return search_offices(request, offices).every
    ticked = [
        int(pk)
        for pk in request.POST.getlist("office")
        if pk.isascii() and pk.isdigit() and len(pk) < 13
    ]
    return list(offices.filter(pk__in=ticked))


@require_POST
@staff_page
@requires("check-posters")
def act_on_offices(request: HttpRequest) -> HttpResponse:
    """One file of posters; or codes issued where there are none; or all codes withdrawn."""
    user = cast("User", request.user)
    action = request.POST.get("do", "")
    if action not in ACTIONS:
        raise Http404
    if action != "print" and not may(user, "change-counters"):
        raise PermissionDenied
    offices = _chosen(request, user)
    back = reverse("console:printing") + "?" + urlencode({"q": request.GET.get("q", "")})
    if not offices:
        messages.error(request, _("Choose at least one office."))
        return redirect(back)
    if action == "print":
        return _print(request, offices, back)
    return _change(request, offices, action, back)


def _print(request: HttpRequest, offices: list[Office], back: str) -> HttpResponse:
    user = cast("User", request.user)
    paper, second = request.POST.get("paper", ""), request.POST.get("with", "")
    if paper not in PAPERS or (second and not is_supported_language(second)):
        messages.error(request, _("Choose a paper size and a language from the list."))
        return redirect(back)
    codes = list(active_codes(visible_agencies(user)).filter(counter__office__in=offices))
    if not 0 < len(codes) <= MAX_POSTERS:
        told = (
            _("%(count)s posters are too many for one file; choose at most %(most)s.")
            if codes
            else _("No counter of these offices has a code in use.")
        )
        messages.error(request, told % {"count": len(codes), "most": MAX_POSTERS})
        return redirect(back)
    try:
        content = poster_pdf(codes, paper=paper, second=second, notice=poster_notice())
    except TooLongToPrint as error:
        messages.error(request, str(error))
        return redirect(back)
    detail = f"{len(codes)} · {paper} · vi{'+' + second if second else ''} · {_names(offices)}"
    record_event(request, "print-posters", thing=f"posters {len(codes)}", detail=detail)
    return attached(content, "application/pdf", f"posters-{timezone.localdate():%Y%m%d}.pdf")


def _names(offices: list[Office]) -> str:
    return ", ".join(office.name for office in offices[:5]) + (" …" if len(offices) > 5 else "")


def _change(request: HttpRequest, offices: list[Office], action: str, back: str) -> HttpResponse:
    agencies, now = visible_agencies(cast("User", request.user)), timezone.now()
    if action == "issue":
        counters = list(counters_without_code(agencies).filter(office__in=offices))
        done = issue_codes(counters=counters, now=now)
        told = ngettext(
            "%(count)s code has been issued.", "%(count)s codes have been issued.", done
        )
    elif not request.POST.get("sure"):
        messages.error(request, _("Tick the box that says the posters will be taken down."))
        return redirect(back)
    else:
        codes = list(active_codes(agencies).filter(counter__office__in=offices))
        done = revoke_codes(codes=codes, now=now)
        told = ngettext(
            "%(count)s code has been withdrawn.", "%(count)s codes have been withdrawn.", done
        )
    record_event(
        request, f"{action}-codes", thing=f"codes {done}", detail=f"{done} · {_names(offices)}"
    )
    messages.success(request, told % {"count": done})
    return redirect(back)
