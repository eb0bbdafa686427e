"""An answer from the queue of a tablet, signed by its own key and given in opening hours (E1)."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import override

from survey.access.bounds import places_left
from survey.access.kiosks import note_item, note_use
from survey.access.models import SLACK, Kiosk
from survey.agencies.models import Counter
from survey.agencies.queries import is_open
from survey.citizen.short_form import TECHNICAL
from survey.common.languages import is_supported_language
from survey.common.text import legible
from survey.common.tokens import derive_ticket
from survey.questionnaires.content import Answer, Form, QuestionSpec
from survey.questionnaires.kinds import KINDS
from survey.questionnaires.kinds.base import AnswerError
from survey.questionnaires.kinds.short_text import LONGEST
from survey.questionnaires.models import Version, VersionStatus
from survey.questionnaires.queries import SHORT_FORM, load_form
from survey.responses.answers import ASSISTED, Parsed, helped_by, parse
from survey.responses.cut_offs import counted_month
from survey.responses.flags import Flag
from survey.responses.models import Evidence
from survey.responses.queries import is_recorded
from survey.responses.services import AnswerPlace, Submission, record_response
from survey.transactions.models import Channel

MIN_INTERVAL_MS: Final = 5000
"""An answer sooner after the one before is kept and marked."""
MAX_AWAY: Final = timedelta(days=30)
"""Older answers are kept in their own month, marked, and counted by nobody who has not looked into
it.
"""
MAX_AGE: Final = timedelta(days=730)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def take_item(kiosk: Kiosk, item: object, now: datetime) -> dict[str, str] | None:
    """Record one item; what cannot be an answer is ticked off as refused, so that it does not come
    for ever.
    """
    if not isinstance(item, dict) or not _UUID.match(str(item.get("uuid", ""))):
        return None
    with transaction.atomic():
        stored = _store(kiosk, item, now)
        sequence = item.get("sequence")
        # A number nobody can read costs the answer nothing; it is missing from the sequence.
        if type(sequence) is int and 0 < sequence < 2**31:
            note_item(kiosk=kiosk, sequence=sequence, refused=not stored)
    return {"uuid": item["uuid"], "state": "stored" if stored else "refused"}


def _store(kiosk: Kiosk, item: dict[str, Any], now: datetime) -> bool:
    """Record one answer; only one without a rating that can be read is refused, and the staff page
    counts these.
    """
    form, language = _form(item), item.get("language")
    if form is None or not _pairs(item.get("fields")):
        return False
    language = (
        language
        if isinstance(language, str) and is_supported_language(language)
        else settings.LANGUAGE_CODE
    )
    parsed = _parsed(item["fields"], form, language)
    if "overall" not in parsed.answers:
        return False
    counter, moment, present, marks = _circumstances(kiosk, item, now)
    # By the answer alone: a tablet that was set up anew may send what it had sent before.
    ticket = derive_ticket(f"kiosk/{uuid.UUID(item['uuid'])}")
    if present and not is_recorded(ticket.key):
        present = places_left(counter, moment) > 0
        if present:
            note_use(counter, moment)
        else:
            marks = {**marks, "flag": Flag.OVER}
    submission = Submission(
        ticket=ticket,
        form=form,
        answers=parsed.answers,
        place=AnswerPlace.at_counter(counter),
        channel=Channel.COUNTER,
        evidence=Evidence.SCREEN if present else Evidence.POSTER,
        language=language,
        now=moment,
        month=counted_month(timezone.localdate(moment), timezone.localdate(now)),
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
        status=VersionStatus.DRAFT
    )
    return load_form(version) if wanted.exists() else None


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
            answer = _salvaged(form.questions[code], data.getlist(code), parsed)
            if answer:
                parsed.answers[code] = answer
    helped = data.getlist("assisted")
    parsed.sent["assisted"] = helped if len(helped) == 1 and helped[0] in ASSISTED else []
    return parsed


def _salvaged(question: QuestionSpec, values: list[str], parsed: Parsed) -> Answer | None:
    """What of a field can be kept: letters that can be read, options that exist."""
    kind = KINDS[question.kind]
    if not question.applies(parsed.answers):
        return None
    if kind.separate:
        text = legible("\n".join(values))
        # The tablet's field takes no more; what comes all the same is seen to be cut.
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    is_supported_language = [value for value in dict.fromkeys(values) if value in question.options]
    try:
        return kind.clean(is_supported_language, question)
    except AnswerError:
        return None


def _circumstances(
    kiosk: Kiosk, item: dict[str, Any], now: datetime
) -> tuple[Counter, datetime, bool, dict[str, str]]:
    """The counter, the moment, whether presence is proved, and the mark of the last rule that says
    otherwise.
    """
    moved, since = _moved_from(kiosk, item), item.get("since")
    moment, certain = _moment(item.get("at"), now)
    counter = (moved or kiosk).counter
    marks: dict[str, str] = {}
    if not agency_existed(counter, moment):
        # The counter has changed hands since: whose the answer was nobody can tell any more.
        moment, certain = now, False
    if item.get("left") is True:
        marks["flag"] = Flag.UNSENT
    if isinstance(since, int) and 0 <= since < MIN_INTERVAL_MS:
        marks["flag"] = Flag.QUICK
    day = timezone.localtime(moment).date()
    open_then = kiosk.opens_at(moment) and is_open(counter, day)
    if not open_then:
        marks["flag"] = Flag.HOURS
    certain = certain and kiosk.can_have_kept(moment)
    if not certain:
        marks["flag"] = Flag.UNDATED
    if moved is not None:
        marks["flag"] = Flag.WITHDRAWN
    return counter, moment, moved is None and certain and open_then, marks


def agency_existed(counter: Counter, moment: datetime) -> bool:
    """Whether the agency responsible at a counter today was there at a moment."""
    first = counter.agency.versions.order_by("valid_from").first()
    return first is None or first.valid_from <= timezone.localtime(moment).date()


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
    if found is None or timezone.is_naive(found) or not now - MAX_AGE <= found <= now + SLACK:
        return now, False
    return min(found, now), found >= now - MAX_AWAY
