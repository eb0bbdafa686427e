"""What providers call: reports of message states. No session, no redirect, always a quick
answer.
"""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from typing import Final

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from survey.common.encryption import phone_hash
from survey.common.phone import PhoneError, parse_mobile
from survey.messaging.gateways import gateway
from survey.messaging.models import OptOut
from survey.messaging.opt_outs import asks_to_stop, record_opt_out
from survey.messaging.outbox.reports import apply_report
from survey.transactions.counting import count_later

log = logging.getLogger(__name__)
MAX_BODY_BYTES: Final = 16 * 1024
UNSIGNED: Final = 401
"""What a gateway says of a signature; told as 403, for there is nothing to log in with."""


def _refused(request: HttpRequest) -> HttpResponse | None:
    """Anything that does not come from the provider in use."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        return HttpResponse(status=413)
    refused_with = gateway().verify(request)
    if refused_with == UNSIGNED:
        log.warning("callback with a wrong or missing signature")
        _count("unsigned")
        return HttpResponse(status=403)
    return HttpResponse(status=refused_with) if refused_with else None


@csrf_exempt
@require_POST
def status(request: HttpRequest) -> HttpResponse:
    """State of one message. 204 also for what is late, doubled or not known: the provider must not
    come again.
    """
    if (refusal := _refused(request)) is not None:
        return refusal
    report = gateway().parse_report(request)
    if report is None or report.status is None:
        log.warning("callback with an unknown id or status")
        _count("unreadable")
        return HttpResponse(status=204)
    try:
        known = apply_report(
            provider_id=report.provider_id,
            status=report.status,
            code=report.code,
            now=timezone.now(),
            message_id=_row(request),
            reaction=report.reaction,
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
    reply = gateway().parse_reply(request)
    if reply is not None and (reply.stopped or asks_to_stop(reply.text)):
        try:
            number = phone_hash(parse_mobile(reply.sender))
        except PhoneError:
            return HttpResponse(status=204)
        record_opt_out(phone_hash=number, how=OptOut.Source.REPLY, now=timezone.now())
    return HttpResponse(status=204)
