"""Staff pages for counters: codes and posters; and the monthly totals that are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.access.models import CounterCode
from survey.access.posters import issue_code, revoke_code
from survey.access.print import qr
from survey.access.print.posters import PAPERS, poster_pdf
from survey.access.print.sheets import TooLongToPrint
from survey.access.queries import active_codes, counters_without_code
from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.models import Office
from survey.agencies.queries import visible_agencies, visible_offices
from survey.common.languages import is_supported_language
from survey.common.periods import Period, first_of_month
from survey.console.layout import page, staff_page
from survey.console.place_search import search_offices
from survey.scorecards.bridge.snapshots import NOTICE
from survey.transactions.coverage import MonthCoverage, totals_coverage

MAX_WITHOUT: Final = 50
"""Counters without a code on one page; the search finds the others."""


@require_safe
@staff_page
def codes(request: HttpRequest) -> HttpResponse:
    """Codes in use at the counters in the account's scope, by office, and counters that
    have none.
    """
    user = cast("User", request.user)
    agencies = visible_agencies(user)
    found = search_offices(request, visible_offices(user))
    offices: dict[Office, list[CounterCode]] = {office: [] for office in found.part}
    for code in active_codes(agencies).filter(counter__office__in=list(found.part)):
        offices[code.counter.office].append(code)
    without = counters_without_code(agencies).filter(office__in=found.every)
    context = {
        **found.context,
        "offices": [(office, codes) for office, codes in offices.items() if codes],
        "without": without[:MAX_WITHOUT],
        "more_without": max(0, without.count() - MAX_WITHOUT),
        "papers": PAPERS,
        "seconds": second_languages(),
    }
    return page(request, "codes.html", context)


@require_POST
@staff_page
@requires("change-counters")
def code_issue(request: HttpRequest, pk: int) -> HttpResponse:
    """The first code of a counter, or a new one after the old was withdrawn."""
    user = cast("User", request.user)
    counter = counters_without_code(visible_agencies(user)).filter(pk=pk).first()
    if counter is None:
        raise Http404
    fresh = issue_code(counter=counter, now=timezone.now())
    messages.success(
        request, _("New code %(code)s is in use; print the new poster.") % {"code": fresh.code}
    )
    return redirect("console:codes")


def _code(request: HttpRequest, pk: int) -> CounterCode:
    scope = visible_agencies(cast("User", request.user))
    found = CounterCode.objects.select_related("counter__office", "counter__domain").filter(
        pk=pk, counter__agency__in=scope
    )
    if not (code := found.first()):
        raise Http404
    return code


def attached(content: bytes, kind: str, name: str) -> HttpResponse:
    """A file to be saved."""
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def second_languages() -> list[tuple[str, str]]:
    """Languages that posters and slips can bear under Vietnamese."""
    return [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def second_language(request: HttpRequest) -> str:
    """The language under Vietnamese a poster is asked for with; empty for none."""
    wanted = request.GET.get("with", "")
    return wanted if is_supported_language(wanted) and wanted != settings.LANGUAGE_CODE else ""


def poster_notice() -> str:
    """What a poster of made-up data says at its foot."""
    return NOTICE if settings.DEMO else ""


@require_safe
@staff_page
def code_image(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The code of one counter as PNG or SVG."""
    code = _code(request, pk)
    if kind == "png":
        return attached(qr.as_png(code.code), "image/png", f"qr-{code.code}.png")
    return attached(qr.as_svg(code.code), "image/svg+xml", f"qr-{code.code}.svg")


@require_safe
@staff_page
def code_poster(request: HttpRequest, pk: int, paper: str) -> HttpResponse:
    """The poster of one counter."""
    code = _code(request, pk)
    return _posters(request, [code], paper, f"poster-{code.code}-{paper}.pdf")


@require_safe
@staff_page
def office_poster(request: HttpRequest, pk: int, paper: str) -> HttpResponse:
    """The posters of all counters of an office in the account's scope, in one file."""
    user = cast("User", request.user)
    office = visible_offices(user).filter(pk=pk).first()
    if office is None:
        raise Http404
    chosen = list(active_codes(visible_agencies(user)).filter(counter__office=office))
    if not chosen:
        raise Http404
    return _posters(request, chosen, paper, f"poster-{office.key}-{paper}.pdf")


def _posters(request: HttpRequest, codes: list[CounterCode], paper: str, name: str) -> HttpResponse:
    """The file, or the page of codes with what is too long to be printed."""
    try:
        content = poster_pdf(
            codes, paper=paper, second=second_language(request), notice=poster_notice()
        )
    except TooLongToPrint as error:
        messages.error(request, str(error))
        return redirect("console:codes")
    return attached(content, "application/pdf", name)


@require_POST
@staff_page
@requires("change-counters")
def code_change(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Issue a new code for the counter, or revoke the one in use."""
    code = _code(request, pk)
    try:
        if action == "reissue":
            fresh = issue_code(counter=code.counter, now=timezone.now())
            messages.success(
                request,
                _("New code %(code)s is in use; print the new poster.") % {"code": fresh.code},
            )
        else:
            revoke_code(code=code, now=timezone.now())
            messages.success(request, _("Code %(code)s has been withdrawn.") % {"code": code.code})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("console:codes")


@require_safe
@staff_page
@requires("import-totals")
def totals(request: HttpRequest) -> HttpResponse:
    """Which totals are there, which are missing, and who brought them."""
    return page(request, "totals.html", {"months": _last_year(cast("User", request.user))})


def _last_year(user: User) -> list[MonthCoverage]:
    """The twelve months that ended last, newest first."""
    today = timezone.localdate()
    last = first_of_month(today) - timedelta(days=1)
    span = Period("", first_of_month(last - timedelta(days=334)), last)
    return totals_coverage(span, visible_agencies(user), today)[::-1]
