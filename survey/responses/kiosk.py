"""The kiosk: an installable page that works without network for days, and the address it sends its queue to."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from survey.common.languages import known
from survey.common.tokens import ALPHABET, normalise_code, ticket_of
from survey.dispatch.kiosks import Kiosk, enrol, note_item, signed_by
from survey.dispatch.queries import published_short_form
from survey.questionnaires.models import Status, Version
from survey.questionnaires.queries import form_of
from survey.responses.answers import ASSISTED, helped_by, parse
from survey.responses.entrance import TECHNICAL, Entrance, form_page
from survey.responses.models import Evidence
from survey.responses.pages import citizen_page, file_names, file_text, message_page
from survey.responses.services import Place, Submission, record_response
from survey.transactions.models import Channel

LARGEST: Final = 256 * 1024
MOST_ITEMS: Final = 100
QUICK: Final = 5000
"""Milliseconds: an answer sooner after the one before is kept and marked."""
LONGEST_AWAY: Final = timedelta(days=30)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_POLICY: Final = {"manifest-src": ["'self'"], "worker-src": ["'self'"]}


@citizen_page("GET", "HEAD", policy=_POLICY)
def app(request: HttpRequest) -> HttpResponseBase:
    """The form as the kiosk shows it; the script puts what is answered into the queue."""
    version_id = published_short_form()
    if version_id is None:
        return message_page("closed", status=410)
    at = Entrance(
        action="/kiosk/",
        office=_("Your opinion counts"),
        counter="",
        place=Place(agency_id=0),
        channel=Channel.COUNTER,
        evidence=Evidence.SCREEN,
        version_id=version_id,
        kiosk=True,
    )
    return HttpResponse(form_page(at, ticket="", sent={}, errors={}))


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker that keeps the pages for the time without network."""
    pages = ["/kiosk/", *(f"/kiosk/?lang={code}" for code, _name in settings.LANGUAGES)]
    fonts = [static(f"survey/fonts/{name}") for name in file_names("fonts", ".woff2")]
    kept = [*pages, "/kiosk/manifest.webmanifest", static("survey/kiosk.js"), *fonts]
    text = file_text("kiosk-worker.js").replace('["KEPT"]', json.dumps(kept))
    response = HttpResponse(text, content_type="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """What makes the page installable."""
    return JsonResponse(
        {
            "name": "Hài Lòng",
            "short_name": "Hài Lòng",
            "lang": settings.LANGUAGE_CODE,
            "start_url": "/kiosk/",
            "scope": "/kiosk/",
            "display": "fullscreen",
            "background_color": "#FFFFFF",
            "theme_color": "#0B57A4",
            "icons": [{"src": static("survey/kiosk.svg"), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
    )


def _json(request: HttpRequest) -> tuple[dict[str, Any], bytes]:
    """The document of a body and the body; empty when it is too large or none."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    body = request.read(LARGEST) if length.isdigit() and int(length) <= LARGEST else b""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}, body
    return (document if isinstance(document, dict) else {}), body


@csrf_exempt
@require_POST
def enrolment(request: HttpRequest) -> JsonResponse:
    """Trade the one-time code for the key this tablet signs with."""
    document, _body = _json(request)
    code = document.get("code")
    wanted = normalise_code(code) if isinstance(code, str) and len(code) < 40 else ""
    made = enrol(code=wanted, now=timezone.now()) if wanted and set(wanted) <= set(ALPHABET) else None
    if made is None:
        return JsonResponse({"error": "unknown-code"}, status=403)
    kiosk, key = made
    return JsonResponse({"kiosk": str(kiosk.pk), "key": key, "name": str(kiosk)})


@csrf_exempt
@require_POST
def sync(request: HttpRequest) -> JsonResponse:
    """Take a part of a kiosk's queue; the same part again gives the same answer. Unsigned and withdrawn: 403."""
    document, body = _json(request)
    if not document:
        return JsonResponse({"error": "malformed"}, status=400)
    kiosk = signed_by(document.get("kiosk"), body, request.headers.get("X-Signature", ""))
    if kiosk is None:
        return JsonResponse({"error": "not-enrolled"}, status=403)
    items = document.get("items")
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        return JsonResponse({"error": "malformed"}, status=400)
    now = timezone.now()
    done = [_take(kiosk, item, now) for item in items]
    Kiosk.objects.filter(pk=kiosk.pk).update(seen_at=now)
    return JsonResponse({"done": [item for item in done if item]})


def _take(kiosk: Kiosk, item: object, now: datetime) -> dict[str, str] | None:
    """Record one item; what cannot be an answer is ticked off as refused, so that it does not come for ever."""
    if not isinstance(item, dict) or not _UUID.match(str(item.get("uuid", ""))):
        return None
    sequence = item.get("sequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 0 < sequence < 2**31:
        return {"uuid": item["uuid"], "state": "refused"}
    submission = _submission(kiosk, item, now)
    if submission is not None:
        record_response(submission=submission)
    note_item(kiosk=kiosk, sequence=sequence, refused=submission is None)
    return {"uuid": item["uuid"], "state": "refused" if submission is None else "stored"}


def _submission(kiosk: Kiosk, item: dict[str, Any], now: datetime) -> Submission | None:
    version, fields, language = item.get("version"), item.get("fields"), item.get("language")
    if not isinstance(version, int) or not _pairs(fields) or not isinstance(language, str) or not known(language):
        return None
    wanted = Version.objects.filter(pk=version, questionnaire__code="counter-short").exclude(status=Status.DRAFT)
    if not wanted.exists():
        return None
    data = QueryDict(mutable=True)
    for name, value in fields:  # type: ignore[union-attr]
        data.appendlist(name, value)
    form = form_of(version)
    with override(language):
        parsed = parse(data, form.questions.values(), TECHNICAL)
    helped = data.getlist("assisted")
    if parsed.errors or len(helped) > 1 or not set(helped) <= set(ASSISTED):
        return None
    moved, since, marks = _moved_from(kiosk, item), item.get("since"), helped_by(helped)
    counter = (moved or kiosk).counter
    if isinstance(since, int) and 0 <= since < QUICK:
        marks["flag"] = "quick"
    if moved is not None:
        marks["flag"] = "withdrawn"
    return Submission(
        # By the answer alone: a tablet that was set up anew may send what it had sent before.
        ticket=ticket_of(f"kiosk/{uuid.UUID(item['uuid'])}"),
        form=form,
        answers=parsed.answers,
        place=Place(
            agency_id=counter.agency_id,
            office_id=counter.office_id,
            counter_id=counter.pk,
            domain_id=counter.domain_id,
        ),
        channel=Channel.COUNTER,
        evidence=Evidence.SCREEN if moved is None else Evidence.POSTER,
        language=language,
        now=_moment(item.get("at"), now),
        marks=marks,
    )


def _moved_from(kiosk: Kiosk, item: dict[str, Any]) -> Kiosk | None:
    """The tablet's former self, when it was set up anew while an answer waited on it.

    The answer stays with the counter it was given at. It is signed by the new key only, so it proves no presence.
    """
    given_at = str(item.get("kiosk", kiosk.pk))
    if given_at == str(kiosk.pk) or not (given_at.isascii() and given_at.isdigit() and len(given_at) < 12):
        return None
    return Kiosk.objects.select_related("counter").filter(pk=int(given_at)).first()


def _pairs(fields: object) -> bool:
    """A list of (name, text)."""
    return (
        isinstance(fields, list)
        and len(fields) <= 40
        and all(isinstance(f, list) and len(f) == 2 and all(isinstance(part, str) for part in f) for f in fields)
    )


def _moment(given: object, now: datetime) -> datetime:
    """When it was answered by the tablet's clock, if that can be true; otherwise now."""
    try:
        found = parse_datetime(given) if isinstance(given, str) else None
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found) or not now - LONGEST_AWAY <= found <= now + timedelta(minutes=5):
        return now
    return min(found, now)
