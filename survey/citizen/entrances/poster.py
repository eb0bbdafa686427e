"""A counter's poster: anybody can photograph it, so an answer proves no presence (E0)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.access.models import CodeStatus, CounterCode
from survey.access.queries import Landing, check_characters, find_landing
from survey.access.twin_pictures import draw_picture, name_picture
from survey.citizen.entrances import Found
from survey.citizen.form_context import FormContext, Twin, with_flag
from survey.citizen.pages import message_page, typed_code
from survey.citizen.short_form import KEPT, save_answer, was_opened_in_time
from survey.common.tokens import Ticket
from survey.responses.answers import Parsed
from survey.responses.flags import Flag
from survey.responses.models import Evidence
from survey.responses.services import AnswerPlace
from survey.transactions.models import Channel


def find(request: HttpRequest, code: str) -> Found:
    """The form of the counter a poster hangs at."""
    landing = find_landing(code, timezone.localdate())
    if landing is None:
        return message_page("unknown", status=404, ask=True, typed=typed_code(request))
    revoked = landing.status == CodeStatus.REVOKED
    ended = revoked or not landing.open
    if landing.version_id is None or (ended and not was_opened_in_time(request, landing.code)):
        return message_page("revoked" if revoked else "closed", status=410, ask=True)
    return _form_context(landing, landing.version_id)


def _twin(landing: Landing) -> Twin:
    """What the printed poster must show too; letters on one from before there were pictures."""
    if landing.picture is None:
        return Twin(name=check_characters(landing.code))
    return Twin(name=name_picture(landing.picture), drawing=draw_picture(landing.picture))


def _save_old(code: str, context: FormContext, ticket: Ticket, parsed: Parsed) -> HttpResponse:
    """Keep the answer, and that this issue still hangs somewhere."""
    response = save_answer(context, ticket, parsed)
    if response.status_code == KEPT:
        return response  # the database is gone: that it still hangs is told by others
    CounterCode.objects.filter(code=code).update(scanned_on=timezone.localdate())
    return response


def _form_context(landing: Landing, version_id: int) -> FormContext:
    """A counter's poster; an issue that was replaced is answered for the office, with a mark."""
    context = FormContext(
        action=f"/s/{landing.code}",
        office=landing.office,
        counter=landing.counter,
        counter_name_is_vietnamese=bool(landing.counter_name),
        place=AnswerPlace(
            agency_id=landing.agency_id,
            office_id=landing.office_id,
            counter_id=landing.counter_id,
            domain_id=landing.domain_id,
        ),
        channel=Channel.COUNTER,
        evidence=Evidence.POSTER,
        version_id=version_id,
        ticket_scope=landing.code,
        twin=_twin(landing),
        improvements_url=f"/s/{landing.code}/done",
    )
    if landing.status == CodeStatus.ACTIVE:
        return context
    notice = _(
        "A newer poster hangs at this counter. You may still answer here; your rating is kept with "
        "a note."
    )
    return with_flag(
        replace(
            context,
            place=replace(context.place, counter_id=None, domain_id=None),
            save=partial(_save_old, landing.code),
        ),
        Flag.OLD_POSTER,
        notice=notice,
    )
