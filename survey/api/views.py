"""JSON for case systems: dossier events and codes for receipt slips, signed."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from survey.common.sealing import unseal
from survey.dispatch.batches import slip_batch
from survey.dispatch.followups import take_events
from survey.dispatch.slips import LIFE, issue_slips
from survey.transactions.counting import count_later
from survey.transactions.models import SourceSystem

WINDOW: Final = timedelta(minutes=5)
LARGEST: Final = 512 * 1024
MOST_EVENTS: Final = 500


def _refused(status: int, code: str, message: str, source: str = "") -> JsonResponse:
    count_later(source=source, outcome=f"request:{code}", now=timezone.now())
    return JsonResponse({"error": code, "message": message}, status=status)


def _source(request: HttpRequest, body: bytes) -> SourceSystem | JsonResponse:
    """The system that signed ``time.body``; a request is good for five minutes."""
    key, moment = request.headers.get("X-Key", ""), request.headers.get("X-Time", "")
    source = SourceSystem.objects.filter(key_id=key[:40], active=True).first()
    if source is None or not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return _refused(401, "unauthorised", "X-Key, X-Time (seconds) and X-Signature are needed")
    secret = unseal(source.secret_sealed, f"source/{source.key_id}")
    wanted = hmac.new(secret.encode(), moment.encode() + b"." + body, sha256).hexdigest()
    given = request.headers.get("X-Signature", "").encode(errors="replace")
    if not hmac.compare_digest(wanted.encode(), given):
        return _refused(
            401,
            "bad-signature",
            "X-Signature must be the HMAC-SHA256 of X-Time, a full stop and the body",
            source.key_id,
        )
    if abs(timezone.now().timestamp() - int(moment)) > WINDOW.total_seconds():
        return _refused(
            401, "out-of-time", "X-Time is more than five minutes off; send again with the time of now", source.key_id
        )
    return source


def _read(request: HttpRequest) -> tuple[SourceSystem, bytes] | JsonResponse:
    """Who sent a body of allowed size, and the body: read here, for the general limit is that of a citizen's form."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    body = request.read(LARGEST + 1) if length.isdigit() and int(length) <= LARGEST else b"x" * (LARGEST + 1)
    if len(body) > LARGEST:
        return _refused(413, "too-large", f"send at most {LARGEST // 1024} kB")
    source = _source(request, body)
    return source if isinstance(source, JsonResponse) else (source, body)


def _events(body: bytes) -> list[dict[str, Any]] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        return None
    return events


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> JsonResponse:
    """Take up to 500 dossier events; the same event may be sent again without harm."""
    read = _read(request)
    if isinstance(read, JsonResponse):
        return read
    source, body = read
    found = _events(body)
    if found is None:
        return _refused(400, "malformed", 'the body must be {"events": [{...}, ...]}', source.key_id)
    if len(found) > MOST_EVENTS:
        return _refused(413, "too-many", f"send at most {MOST_EVENTS} events at once", source.key_id)
    report = take_events(events=found, source=source, now=timezone.now(), province=source.province)
    faults = [{"event": position, "message": message} for position, message in report.faults]
    return JsonResponse({"counts": dict(sorted(report.counts.items())), "faults": faults})


@csrf_exempt
@require_POST
def slips(request: HttpRequest) -> JsonResponse:
    """Codes to print on receipt slips: ``{"agency_code": ..., "domain_code": ..., "channel": ..., "count": n}``."""
    read = _read(request)
    if isinstance(read, JsonResponse):
        return read
    source, body = read
    try:
        document = json.loads(body)
        batch = slip_batch(document, source, timezone.now())
        codes = issue_slips(batch=batch, count=document.get("count", 1), now=timezone.now())
    except (ValueError, RecursionError, TypeError, AttributeError) as error:
        return _refused(400, "malformed", str(error)[:200], source.key_id)
    return JsonResponse({"codes": codes, "address": f"{settings.PUBLIC_URL}/s/", "days": LIFE.days})
