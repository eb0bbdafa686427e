"""The kiosk: an installable page that works without network for days, and the address it sends its
queue to.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import get_language, override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from survey.access.kiosks import BATCH, WARN_AFTER, enrol, read_public_key, signed_by
from survey.access.models import Kiosk
from survey.citizen.assets import (
    csp_source,
    file_names,
    file_text,
    kiosk_program,
    kiosk_style,
    recording,
    recording_of_question,
    style,
)
from survey.citizen.entrances.kiosk import take_item
from survey.citizen.pages import citizen_page, message_page, render_page
from survey.citizen.questions import question_data, taps, tiles
from survey.common.throttling import note_failure
from survey.common.tokens import normalise_code
from survey.questionnaires.queries import load_form, published_short_form, wordings
from survey.responses.answers import HELPED

MAX_BODY_BYTES: Final = 256 * 1024
MAX_ITEMS: Final = 100
_POLICY: Final = {
    "manifest-src": ["'self'"],
    "worker-src": ["'self'"],
    "style-src": [csp_source(style()), csp_source(kiosk_style())],
}


@citizen_page("GET", "HEAD", policy=_POLICY, of_device=False)
def kiosk_page(request: HttpRequest) -> HttpResponseBase:
    """The five faces and what is asked after them; the script puts the answer into the queue."""
    version_id = published_short_form()
    if version_id is None:
        return message_page("closed", status=410)
    form, texts = load_form(version_id), wordings(version_id, get_language() or "vi")
    questions = [question_data(one, texts, {}, {}) for one in form.questions.values()]
    context = {
        "title": texts["title"],
        "intro": texts["intro"],
        "context": {"version_id": version_id, "kiosk": True},
        "faces": next(one for one in questions if one["code"] == "overall"),
        "tiles": tiles(form, texts),
        "taps": taps(form, texts),
        "sound": recording_of_question(texts["question.overall"], get_language() or ""),
        "helped": HELPED,
        "switch": True,
        "home": settings.LANGUAGE_CODE,
        "batch": BATCH,
        "warn_hours": WARN_AFTER // timedelta(hours=1),
        "kiosk_style": kiosk_style(),
    }
    return render_page("survey/citizen/kiosk.html", context)


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker that keeps the pages for the time without network."""
    pages = ["/kiosk/", *(f"/kiosk/?lang={code}" for code, _name in settings.LANGUAGES)]
    fonts = [static(f"survey/fonts/{name}") for name in file_names("fonts", ".woff2")]
    spoken = (recording(code) for code, _name in settings.LANGUAGES)
    sounds = [one.address for one in spoken if one]
    kept = [*pages, "/kiosk/manifest.webmanifest", "/kiosk/program.js", *fonts, *sounds]
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
    return JsonResponse({"kiosk": str(kiosk.pk), "name": str(kiosk), **_place(kiosk)})


def _place(kiosk: Kiosk) -> dict[str, str]:
    """Whose counter the tablet stands at, for its own page."""
    with override(settings.LANGUAGE_CODE):
        return {"office": kiosk.counter.office.name, "counter": str(kiosk.counter)}


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
    return JsonResponse({"done": [item for item in done if item], **_place(kiosk)})
