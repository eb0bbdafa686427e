"""Staff pages for what stands at counters: screens, kiosks, slips to cut, and the check of a
poster.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.access.kiosks import WARN_AFTER, add_kiosk, count_gaps, count_refused
from survey.access.models import CodeStatus, CounterCode, Kiosk, Screen
from survey.access.print.sheets import TooLongToPrint
from survey.access.print.slips import slips_pdf
from survey.access.queries import check_characters
from survey.access.screens import enrol_screen
from survey.access.slips import Batch, disputes_by_agency, issue_slips
from survey.access.twin_pictures import draw_picture, name_picture
from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import Agency, Counter
from survey.agencies.queries import visible_agencies, visible_offices
from survey.common.languages import is_supported_language
from survey.common.numbers import round_down_to_ten
from survey.common.tokens import group_code, is_code, normalise_code
from survey.console.counters import attached, second_languages
from survey.console.layout import page, staff_page
from survey.console.place_search import search_offices
from survey.scorecards.bridge.snapshots import NOTICE
from survey.transactions.models import Channel

SHEET, SHEET_OF_TWO = 12, 10


def _counters(request: HttpRequest) -> QuerySet[Counter]:
    """Open counters in the account's scope, and closed ones with a device that is not withdrawn."""
    screens = Screen.objects.filter(counter=OuterRef("pk"), revoked_at=None)
    kiosks = Kiosk.objects.filter(counter=OuterRef("pk"), revoked_at=None)
    used = Q(closed_on=None) | Q(Exists(screens)) | Q(Exists(kiosks))
    agencies = visible_agencies(cast("User", request.user))
    counters = Counter.objects.select_related("office", "agency").filter(used, agency__in=agencies)
    return counters.order_by("office__key", "number")


@require_safe
@staff_page
def overview(request: HttpRequest) -> HttpResponse:
    """Screens and kiosks of every counter in scope, with what never arrived."""
    user = cast("User", request.user)
    found = search_offices(request, visible_offices(user))
    every = _counters(request)
    counters = list(every.filter(office__in=list(found.part)))
    kiosks = Kiosk.objects.filter(counter__in=counters, revoked_at=None)
    screens = Screen.objects.filter(counter__in=counters, revoked_at=None)
    lines = [
        {
            "counter": counter,
            "screens": [screen for screen in screens if screen.counter_id == counter.pk],
            "kiosks": [
                {
                    "kiosk": kiosk,
                    "gaps": count_gaps(kiosk),
                    "refused": count_refused(kiosk),
                    "late": _late(kiosk),
                }
                for kiosk in kiosks
                if kiosk.counter_id == counter.pk
            ],
        }
        for counter in counters
    ]
    agencies = list(every.order_by().values_list("agency_id", flat=True).distinct())
    province, today = user.sees_province, timezone.localdate()
    disputes = disputes_by_agency(agencies, today if province else today - timedelta(days=1))
    if not province:
        # Below the province a count must not go up by one: it would tell who complained.
        disputes = {
            pk: round_down_to_ten(count)
            for pk, count in disputes.items()
            if round_down_to_ten(count)
        }
    named = Agency.objects.in_bulk(list(disputes))
    context = {
        **found.context,
        "lines": lines,
        "disputes": [(named[pk], count) for pk, count in disputes.items()],
        "seconds": second_languages(),
    }
    return page(request, "presence.html", context)


def _late(kiosk: Kiosk) -> bool:
    return kiosk.seen_at is not None and timezone.now() - kiosk.seen_at > WARN_AFTER


@require_POST
@staff_page
@requires("change-counters")
def add(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """A screen, a kiosk, or a sheet of slips for a counter; secrets are shown this once."""
    counter, now = _counters(request).filter(pk=pk).first(), timezone.now()
    if counter is None:
        raise Http404
    if what == "slips":
        try:
            content = _slips(counter, request.POST.get("with", ""), now)
        except TooLongToPrint as error:
            messages.error(request, str(error))
            return redirect("console:presence")
        return attached(content, "application/pdf", f"phieu-{counter.pk}.pdf")
    if what == "screen":
        _screen, display = enrol_screen(counter=counter, now=now)
        address = f"{settings.PUBLIC_URL}/screen/{display}"
        text = _(
            "Open this address on the screen of %(counter)s. It is shown this once: %(address)s"
        )
        messages.success(request, text % {"counter": counter, "address": address})
    else:
        _kiosk, code = add_kiosk(counter=counter, name=_("tablet"), now=now)
        text = _(
            "Open %(address)s on the tablet of %(counter)s and type this code within 30 minutes: "
            "%(code)s"
        )
        values = {
            "counter": counter,
            "address": f"{settings.PUBLIC_URL}/kiosk/",
            "code": group_code(code),
        }
        messages.success(request, text % values)
    return redirect("console:presence")


@transaction.atomic
def _slips(counter: Counter, wanted: str, now: datetime) -> bytes:
    """A sheet of fresh codes; none is issued when the sheet cannot be printed."""
    batch = Batch(counter.agency_id, Channel.COUNTER, counter.domain_id, counter.pk)
    second = wanted if is_supported_language(wanted) else ""
    codes = issue_slips(batch=batch, count=SHEET_OF_TWO if second else SHEET, now=now)
    notice = NOTICE if settings.DEMO else ""
    return slips_pdf(codes, name=counter.office.name, second=second, notice=notice)


@require_POST
@staff_page
@requires("change-counters")
def withdraw(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Stop a screen or kiosk at once."""
    agencies = visible_agencies(cast("User", request.user))
    rows = (Screen if what == "screen" else Kiosk).objects.filter(
        pk=pk, counter__agency__in=agencies
    )
    if not rows.filter(revoked_at=None).update(revoked_at=timezone.now()) and not rows.exists():
        raise Http404
    messages.success(request, _("It has been withdrawn and can no longer be used."))
    return redirect("console:presence")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """What a poster must show; POST notes that it has been compared on the spot."""
    scope = visible_agencies(cast("User", request.user))
    rows = CounterCode.objects.select_related("counter__office").filter(counter__agency__in=scope)
    wanted = normalise_code(code)
    found = rows.filter(code=wanted).first() if is_code(wanted) else None
    if found is None:
        raise Http404
    if request.method == "POST":
        if not may(cast("User", request.user), "check-posters"):
            raise PermissionDenied
        if rows.filter(pk=found.pk, status=CodeStatus.ACTIVE).update(checked_at=timezone.now()):
            messages.success(request, _("Poster check recorded."))
        else:
            messages.error(request, _("This issue is no longer in use; nothing was recorded."))
        return redirect("console:codes")
    site = settings.PUBLIC_URL.split("://", 1)[1]
    context = {"code": found, "site": site}
    if found.picture is None:
        context["check"] = check_characters(found.code)
    else:
        context |= {"twin": draw_picture(found.picture), "twin_name": name_picture(found.picture)}
    return page(request, "verify.html", context)
