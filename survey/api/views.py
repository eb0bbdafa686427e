"""JSON for case systems: dossier events and codes for receipt slips, signed."""

from __future__ import annotations

import hmac
import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from survey.access.slip_requests import BatchRefused, slip_batch, slip_count
from survey.access.slips import SLIP_TTL, issue_slips
from survey.common.encryption import decrypt
from survey.common.text import is_storable
from survey.messaging.event_intake import ingest_events
from survey.transactions.counting import count_later
from survey.transactions.models import SeenSignature, SourceSystem

WINDOW: Final = timedelta(minutes=5)
MAX_BODY_BYTES: Final = 512 * 1024
MAX_EVENTS: Final = 500


def _refused(status: int, code: str, message: str, source: str = "") -> JsonResponse:
    count_later(source=source, outcome=f"request:{code}", now=timezone.now())
    return JsonResponse({"error": code, "message": message}, status=status)


def _source(request: HttpRequest, body: bytes) -> SourceSystem | JsonResponse:
    """The system that signed method, path, time and body; a request is good once, within five
    minutes.
    """
    key, moment = request.headers.get("X-Key", ""), request.headers.get("X-Time", "")
    source = (
        SourceSystem.objects.filter(key_id=key[:40], active=True).first()
        if is_storable(key)
        else None
    )
    if source is None or not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return _refused(401, "unauthorised", "X-Key, X-Time (seconds) and X-Signature are needed")
    secret = decrypt(source.secret_sealed, f"source/{source.key_id}")
    signed = f"{request.method} {request.path}\n{moment}\n".encode() + body
    wanted = hmac.new(secret.encode(), signed, sha256).hexdigest()
    given = request.headers.get("X-Signature", "").encode(errors="replace")
    if not hmac.compare_digest(wanted.encode(), given):
        return _refused(
            401,
            "bad-signature",
            "X-Signature must be the HMAC-SHA256 of method, space, path, line feed, X-Time, line "
            "feed and the body",
            source.key_id,
        )
    if abs(timezone.now().timestamp() - int(moment)) > WINDOW.total_seconds():
        return _refused(
            401,
            "out-of-time",
            "X-Time is more than five minutes off; send again with the time of now",
            source.key_id,
        )
    return source


def _first_time(source: SourceSystem, request: HttpRequest, now: datetime) -> bool:
    """Whether a signed request comes for the first time; signatures are remembered as long as they
    are good.
    """
    signature = sha256(request.headers.get("X-Signature", "").encode()).hexdigest()
    SeenSignature.objects.filter(seen_at__lt=now - 2 * WINDOW).delete()
    try:
        with transaction.atomic():
            SeenSignature.objects.create(source=source, signature=signature, seen_at=now)
    except IntegrityError:
        return False
    return True


def _document(body: bytes) -> dict[str, Any] | str:
    """A JSON object whose texts a database can hold; otherwise what is wrong with it."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "the body must be JSON in UTF-8"
    if not isinstance(document, dict):
        return "the body must be a JSON object"
    return _unstorable(document) or document


def _unstorable(value: object, path: str = "") -> str:
    """The place of a text with NUL or half a character in it; empty when there is none."""
    if isinstance(value, str):
        return (
            ""
            if is_storable(value)
            else f"{path or 'the body'}: holds characters that cannot be stored"
        )
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inside in pairs:
        if isinstance(key, str) and not is_storable(key):
            return f"{path or 'the body'}: a name holds characters that cannot be stored"
        if fault := _unstorable(inside, f"{path}.{key}" if path else str(key)):
            return fault
    return ""


def _read(request: HttpRequest) -> tuple[SourceSystem, bytes] | JsonResponse:
    """Who sent a body of allowed size, and the body: read here, for the general limit is that of a
    citizen's form.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    body = (
        request.read(MAX_BODY_BYTES + 1)
        if length.isdigit() and int(length) <= MAX_BODY_BYTES
        else b"x" * (MAX_BODY_BYTES + 1)
    )
    if len(body) > MAX_BODY_BYTES:
        return _refused(413, "too-large", f"send at most {MAX_BODY_BYTES // 1024} kB")
    source = _source(request, body)
    return source if isinstance(source, JsonResponse) else (source, body)


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> JsonResponse:
    """Take up to 500 dossier events; the same event may be sent again without harm."""
    read = _read(request)
    if isinstance(read, JsonResponse):
        return read
    source, body = read
    document = _document(body)
    if isinstance(document, str):
        return _refused(400, "malformed", document, source.key_id)
    found = document.get("events")
    if not isinstance(found, list) or not all(isinstance(event, dict) for event in found):
        return _refused(
            400, "malformed", 'the body must be {"events": [{...}, ...]}', source.key_id
        )
    if len(found) > MAX_EVENTS:
        return _refused(413, "too-many", f"send at most {MAX_EVENTS} events at once", source.key_id)
    report = ingest_events(
        events=found, source=source, now=timezone.now(), province=source.province
    )
    faults = [{"event": position, "message": message} for position, message in report.faults]
    return JsonResponse({"counts": dict(sorted(report.counts.items())), "faults": faults})


@csrf_exempt
@require_POST
def slips(request: HttpRequest) -> JsonResponse:
    """Codes to print on receipt slips: ``{"agency_code": ..., "domain_code": ..., "channel": ...,
    "count": n}``.
    """
    read = _read(request)
    if isinstance(read, JsonResponse):
        return read
    source, body = read
    document, now = _document(body), timezone.now()
    if isinstance(document, str):
        return _refused(400, "malformed", document, source.key_id)
    try:
        batch, count = slip_batch(document, source, now), slip_count(document)
    except BatchRefused as error:
        return _refused(400, "malformed", str(error), source.key_id)
    if not _first_time(source, request, now):
        return _refused(
            409, "repeated", "this signed request was answered already; sign it anew", source.key_id
        )
    codes = issue_slips(batch=batch, count=count, now=now)
    return JsonResponse(
        {"codes": codes, "address": f"{settings.PUBLIC_URL}/", "days": SLIP_TTL.days}
    )
