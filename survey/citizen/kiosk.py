"""The kiosk: an installable page that works without network for days, and the address it sends its
queue to.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from survey.access.kiosks import BATCH, enrol, read_public_key, signed_by
from survey.access.models import Kiosk
from survey.citizen.assets import file_names, file_text, kiosk_program
from survey.citizen.entrances.kiosk import take_item
from survey.citizen.pages import citizen_page, message_page
from survey.citizen.short_form import FormContext, form_page
from survey.common.throttling import note_failure
from survey.common.tokens import normalise_code
from survey.questionnaires.queries import published_short_form
from survey.responses.models import Evidence
from survey.responses.services import AnswerPlace
from survey.transactions.models import Channel

MAX_BODY_BYTES: Final = 256 * 1024
MAX_ITEMS: Final = 100
_POLICY: Final = {"manifest-src": ["'self'"], "worker-src": ["'self'"]}


@citizen_page("GET", "HEAD", policy=_POLICY)
def kiosk_page(request: HttpRequest) -> HttpResponseBase:
    """The form as the kiosk shows it; the script puts what is answered into the queue."""
    version_id = published_short_form()
    if version_id is None:
        return message_page("closed", status=410)
    context = FormContext(
        action="/kiosk/",
        office=_("Your opinion counts"),
        counter="",
        place=AnswerPlace(agency_id=0),
        channel=Channel.COUNTER,
        evidence=Evidence.SCREEN,
        version_id=version_id,
        kiosk=True,
    )
    return HttpResponse(form_page(context, ticket="", sent={}, errors={}))


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker that keeps the pages for the time without network."""
    pages = ["/kiosk/", *(f"/kiosk/?lang={code}" for code, _name in settings.LANGUAGES)]
    fonts = [static(f"survey/fonts/{name}") for name in file_names("fonts", ".woff2")]
    kept = [*pages, "/kiosk/manifest.webmanifest", "/kiosk/program.js", *fonts]
    text = file_text("kiosk-worker.js").replace('["KEPT"]', json.dumps(kept))
    return _script(text)


@require_safe
def program(request: HttpRequest) -> HttpResponse:
    """The script of the page."""
    return _script(kiosk_program())


def _script(text: str) -> HttpResponse:
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
    body = (
        request.read(MAX_BODY_BYTES) if length.isdigit() and int(length) <= MAX_BODY_BYTES else b""
    )
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}, body
    return (document if isinstance(document, dict) else {}), body


@csrf_exempt
@require_POST
def enrol_kiosk(request: HttpRequest) -> JsonResponse:
    """Trade the one-time code for the right to sign with the tablet's own key; the code stays good
    for a bad key.
    """
    document, _body = _json(request)
    code, key = document.get("code"), read_public_key(document.get("key"))
    if key is None:
        return JsonResponse({"error": "bad-key"}, status=400)
    wanted = normalise_code(code) if isinstance(code, str) and len(code) < 40 else ""
    kiosk = enrol(code=wanted, public_key=key, now=timezone.now()) if wanted else None
    if kiosk is None:
        note_failure(request)
        return JsonResponse({"error": "unknown-code"}, status=403)
    return JsonResponse({"kiosk": str(kiosk.pk), "name": str(kiosk)})


@csrf_exempt
@require_POST
def sync_queue(request: HttpRequest) -> JsonResponse:
    """Take a part of a kiosk's queue; the same part again gives the same answer. Unsigned and
    withdrawn: 403.
    """
    document, body = _json(request)
    if not document:
        return JsonResponse({"error": "malformed"}, status=400)
    kiosk = signed_by(document.get("kiosk"), body, request.headers.get("X-Signature", ""))
    if kiosk is None:
        return JsonResponse({"error": "not-enrolled"}, status=403)
    items = document.get("items")
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        return JsonResponse({"error": "malformed"}, status=400)
    now = timezone.now()
    done = [take_item(kiosk, item, now) for item in items]
    # A part that is not full is the last one: what comes later was given later, whatever the
    # tablet's clock says.
    emptied = {"emptied_at": now} if len(items) < BATCH else {}
    Kiosk.objects.filter(pk=kiosk.pk).update(seen_at=now, **emptied)
    return JsonResponse({"done": [item for item in done if item]})
