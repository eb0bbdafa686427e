"""The kiosk: an installable page that works without network for days, and the address it sends its
queue to.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from survey.access.bounds import places_left
from survey.access.kiosks import enrol, note_item, note_use, read_public_key, signed_by
from survey.access.models import SLACK, Kiosk
from survey.agencies.models import Counter
from survey.common.guessing import note_failure
from survey.common.languages import known
from survey.common.text import legible
from survey.common.tokens import normalise_code, ticket_of
from survey.questionnaires.content import Form
from survey.questionnaires.kinds import KINDS
from survey.questionnaires.kinds.short_text import LONGEST
from survey.questionnaires.models import Status, Version
from survey.questionnaires.queries import SHORT_FORM, form_of, published_short_form
from survey.responses.answers import ASSISTED, Parsed, helped_by, parse
from survey.responses.assets import file_names, file_text
from survey.responses.entrance import TECHNICAL, Entrance, form_page
from survey.responses.models import Evidence
from survey.responses.pages import citizen_page, message_page
from survey.responses.queries import is_recorded
from survey.responses.services import Place, Submission, record_response
from survey.transactions.models import Channel

LARGEST: Final = 256 * 1024
MOST_ITEMS: Final = 100
PART: Final = 50
"""Items the tablet sends at once, when it has so many (``BATCH`` in kiosk.js)."""
QUICK: Final = 5000
"""Milliseconds: an answer sooner after the one before is kept and marked."""
LONGEST_AWAY: Final = timedelta(days=30)
"""Older answers are kept in their own month, marked, and counted by nobody who has not looked into
it.
"""
OLDEST: Final = timedelta(days=730)
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
def sync(request: HttpRequest) -> JsonResponse:
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
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        return JsonResponse({"error": "malformed"}, status=400)
    now = timezone.now()
    done = [_take(kiosk, item, now) for item in items]
    # A part that is not full is the last one: what comes later was given later, whatever the
    # tablet's clock says.
    emptied = {"emptied_at": now} if len(items) < PART else {}
    Kiosk.objects.filter(pk=kiosk.pk).update(seen_at=now, **emptied)
    return JsonResponse({"done": [item for item in done if item]})


def _take(kiosk: Kiosk, item: object, now: datetime) -> dict[str, str] | None:
    """Record one item; what cannot be an answer is ticked off as refused, so that it does not come
    for ever.
    """
    if not isinstance(item, dict) or not _UUID.match(str(item.get("uuid", ""))):
        return None
    sequence = item.get("sequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 0 < sequence < 2**31:
        return {"uuid": item["uuid"], "state": "refused"}
    with transaction.atomic():
        stored = _store(kiosk, item, now)
        note_item(kiosk=kiosk, sequence=sequence, refused=not stored)
    return {"uuid": item["uuid"], "state": "stored" if stored else "refused"}


def _store(kiosk: Kiosk, item: dict[str, Any], now: datetime) -> bool:
    """Record one answer; only one without a rating that can be read is refused, and the staff page
    counts these.
    """
    form, language = _form(item), item.get("language")
    if form is None or not _pairs(item.get("fields")):
        return False
    language = language if isinstance(language, str) and known(language) else settings.LANGUAGE_CODE
    parsed = _parsed(item["fields"], form, language)
    if "overall" not in parsed.answers:
        return False
    counter, moment, present, marks = _circumstances(kiosk, item, now)
    # By the answer alone: a tablet that was set up anew may send what it had sent before.
    ticket = ticket_of(f"kiosk/{uuid.UUID(item['uuid'])}")
    if present and not is_recorded(ticket.key):
        present = places_left(counter, moment) > 0
        if present:
            note_use(counter, moment)
        else:
            marks = {**marks, "flag": "over"}
    submission = Submission(
        ticket=ticket,
        form=form,
        answers=parsed.answers,
        place=Place(
            agency_id=counter.agency_id,
            office_id=counter.office_id,
            counter_id=counter.pk,
            domain_id=counter.domain_id,
        ),
        channel=Channel.COUNTER,
        evidence=Evidence.SCREEN if present else Evidence.POSTER,
        language=language,
        now=moment,
        marks={**marks, **helped_by(parsed.sent["assisted"])},
    )
    record_response(submission=submission)
    return True


def _form(item: dict[str, Any]) -> Form | None:
    """The form an answer was given to, if there is one of that number."""
    version = item.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or not 0 < version < 2**31:
        return None
    wanted = Version.objects.filter(pk=version, questionnaire__code=SHORT_FORM).exclude(
        status=Status.DRAFT
    )
    return form_of(version) if wanted.exists() else None


def _parsed(fields: list[list[str]], form: Form, language: str) -> Parsed:
    """What was answered. A fault in one field costs that field, and a comment only the letters
    nobody can read.
    """
    data = QueryDict(mutable=True)
    for name, value in fields:
        data.appendlist(name, value)
    with override(language):
        parsed = parse(data, form.questions.values(), TECHNICAL)
        for code in [code for code in parsed.errors if code in form.questions]:
            question = form.questions[code]
            if KINDS[question.kind].separate and question.applies(parsed.answers):
                text = legible("\n".join(data.getlist(code)))
                if text:
                    # The tablet's field takes no more; what comes all the same is seen to be cut.
                    parsed.answers[code] = (
                        text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
                    )
    helped = data.getlist("assisted")
    parsed.sent["assisted"] = helped if len(helped) == 1 and helped[0] in ASSISTED else []
    return parsed


def _circumstances(
    kiosk: Kiosk, item: dict[str, Any], now: datetime
) -> tuple[Counter, datetime, bool, dict[str, str]]:
    """The counter, the moment, whether presence is proved, and the mark of the first rule that says
    otherwise.
    """
    moved, since = _moved_from(kiosk, item), item.get("since")
    moment, certain = _moment(item.get("at"), now)
    counter, marks = (moved or kiosk).counter, {}
    if item.get("left") is True:
        marks["flag"] = "unsent"
    if isinstance(since, int) and 0 <= since < QUICK:
        marks["flag"] = "quick"
    open_then = kiosk.opens_at(moment)
    if not open_then:
        marks["flag"] = "hours"
    certain = certain and kiosk.can_have_kept(moment)
    if not certain:
        marks["flag"] = "undated"
    if moved is not None:
        marks["flag"] = "withdrawn"
    return counter, moment, moved is None and certain and open_then, marks


def _moved_from(kiosk: Kiosk, item: dict[str, Any]) -> Kiosk | None:
    """The tablet's former self, when it was set up anew while an answer waited on it.

    The answer stays with the counter it was given at. It is signed by the new key only, so it
    proves no presence.
    """
    given_at = str(item.get("kiosk", kiosk.pk))
    if given_at == str(kiosk.pk) or not (
        given_at.isascii() and given_at.isdigit() and len(given_at) < 12
    ):
        return None
    return Kiosk.objects.select_related("counter").filter(pk=int(given_at)).first()


def _pairs(fields: object) -> bool:
    """A list of (name, text)."""
    return (
        isinstance(fields, list)
        and len(fields) <= 40
        and all(
            isinstance(f, list) and len(f) == 2 and all(isinstance(part, str) for part in f)
            for f in fields
        )
    )


def _moment(given: object, now: datetime) -> tuple[datetime, bool]:
    """When it was answered, and whether the tablet's clock can be believed.

    An old answer keeps its own month, so that it never becomes one of today; what no clock can have
    meant is of now.
    """
    try:
        found = parse_datetime(given) if isinstance(given, str) else None
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found) or not now - OLDEST <= found <= now + SLACK:
        return now, False
    return min(found, now), found >= now - LONGEST_AWAY
