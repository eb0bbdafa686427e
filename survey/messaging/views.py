"""What providers call: reports of message states. No session, no redirect, always a quick
answer.
"""

from __future__ import annotations

import logging
import re
import uuid
from contextlib import suppress
from typing import Final

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from survey.common.phone import PhoneError, parse_mobile
from survey.common.sealing import phone_hash
from survey.messaging.models import OptOut
from survey.messaging.opt_outs import asks_to_stop, record_opt_out
from survey.messaging.outbox.reports import apply_report
from survey.transactions.counting import count_later

log = logging.getLogger(__name__)
MAX_BODY_BYTES: Final = 16 * 1024
_SID: Final = re.compile(r"(SM|MM)[0-9a-f]{32}\Z")


def _refused(request: HttpRequest) -> HttpResponse | None:
    """Anything that is not a signed form from our provider."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        return HttpResponse(status=413)
    if request.content_type != "application/x-www-form-urlencoded":
        return HttpResponse(status=415)
    from survey.messaging.gateways.twilio import signed  # noqa: PLC0415  (web workers need the client for callbacks only)

    if not signed(request):
        log.warning("callback with a wrong or missing signature")
        _count("unsigned")
        return HttpResponse(status=403)
    if request.POST.get("AccountSid", "") != settings.TWILIO_ACCOUNT_SID:
        return HttpResponse(status=403)
    return None


@csrf_exempt
@require_POST
def status(request: HttpRequest) -> HttpResponse:
    """State of one message. 204 also for what is late, doubled or not known: the provider must not
    come again.
    """
    if (refusal := _refused(request)) is not None:
        return refusal
    from survey.messaging.gateways.twilio import reaction_of, status_of  # noqa: PLC0415

    sid, word = request.POST.get("MessageSid", ""), status_of(request.POST.get("MessageStatus", ""))
    if not _SID.match(sid) or word is None:
        log.warning("callback with an unknown id or status")
        _count("unreadable")
        return HttpResponse(status=204)
    code = request.POST.get("ErrorCode", "")[:12]
    try:
        known = apply_report(
            sid=sid,
            status=word,
            code=code,
            now=timezone.now(),
            message_id=_row(request),
            reaction=reaction_of(code),
        )
        if not known:
            _count("unknown")
    except Error:
        return HttpResponse(status=503)
    return HttpResponse(status=204)


def _count(what: str) -> None:
    """Nothing that is refused goes uncounted; a database that is down is no reason to answer
    otherwise.
    """
    with suppress(Error):
        count_later(source="", outcome=f"callback:{what}", now=timezone.now())


def _row(request: HttpRequest) -> str | None:
    """Our row's id from the signed address."""
    try:
        return str(uuid.UUID(request.GET.get("m", "")))
    except ValueError:
        return None


@csrf_exempt
@require_POST
def inbound(request: HttpRequest) -> HttpResponse:
    """A reply, where replies exist: STOP in any of its forms is an opt-out."""
    if (refusal := _refused(request)) is not None:
        return refusal
    told = request.POST.get("OptOutType", "").upper() == "STOP"
    if told or asks_to_stop(request.POST.get("Body", "")):
        try:
            number = phone_hash(parse_mobile(request.POST.get("From", "")))
        except PhoneError:
            return HttpResponse(status=204)
        record_opt_out(phone_hash=number, how=OptOut.Source.REPLY, now=timezone.now())
    return HttpResponse(status=204)
