"""Staff pages of one matter that is followed up: to read, to take the next step, its files."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.console.follow_up_forms import read_answers, read_day, read_upload
from survey.console.follow_up_words import find_follow_up, may_open, show_follow_up
from survey.console.kept_files import send_kept_file
from survey.console.layout import page, staff_page
from survey.followup.effects import BY_EYE, find_effect, recheck_pairs
from survey.followup.kinds import KINDS
from survey.followup.models import FollowUp, FollowUpFile
from survey.followup.queries import is_of_agency, manages, visible_follow_ups
from survey.followup.services import assign_follow_up, confirm_reading, possible_owners, take_step
from survey.followup.steps import StepSaid


@require_safe
@staff_page
@requires("see-follow-up")
def follow_up_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One matter: what it is, every step, what came of it, and what can be done now."""
    return _item_page(request, find_follow_up(cast("User", request.user), pk))


def _item_page(
    request: HttpRequest,
    row: FollowUp,
    status: int = 200,
    faults: dict[str, str] | None = None,
) -> HttpResponse:
    user, day = cast("User", request.user), timezone.localdate()
    acts = is_of_agency(user, row) or manages(user)
    owners = possible_owners(row, day) if acts and not row.is_ended else []
    context = {
        **show_follow_up(user, row, day),
        "owners": owners,
        "may_assign": acts and not row.is_ended,
        "manages": manages(user),
        "faults": faults or {},
        "sent": request.POST,
        "new": [KINDS[key] for key in row.spec.children if may_open(user, KINDS[key])],
    }
    return page(request, "follow_up_item.html", context, status=status)


@require_POST
@staff_page
@requires("see-follow-up")
def follow_up_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the step whose button was pressed, or say who deals with it."""
    user, now = cast("User", request.user), timezone.now()
    row = find_follow_up(user, pk)
    move = request.POST.get("move", "")
    confirms = move == "read" and may(user, "confirm-reading")
    if not (is_of_agency(user, row) or manages(user) or confirms):
        raise PermissionDenied
    try:
        told = _act(request, row, move, now)
    except ValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        faults = {name: texts[0] for name, texts in by_field.items()}
        return _item_page(request, find_follow_up(user, pk), 422, faults)
    messages.success(request, told)
    return redirect("console:follow-up-item", pk=pk)


def _act(request: HttpRequest, row: FollowUp, move: str, now: datetime) -> str:
    user, sent = cast("User", request.user), request.POST
    if move == "read":
        confirm_reading(follow_up=row, reader=user, now=now)
        return _("Your confirmation has been kept.")
    if move == "assign":
        owner = _read_owner(row, sent.get("owner", ""), timezone.localdate(now))
        due_on = read_day(sent.get("due_on", ""))
        assign_follow_up(follow_up=row, owner=owner, due_on=due_on, by=user, now=now)
        return _("Kept: who deals with it and until when.")
    said = StepSaid(
        text=sent.get("text", ""),
        file=read_upload(request.FILES.get("file")),
        answers=read_answers(row, sent),
        data=_read_verdict(row, sent) if move == "recheck" else {},
    )
    made = take_step(follow_up=row, move=move, said=said, by=user, now=now)
    return _("Kept. “%(title)s”: %(state)s.") % {
        "title": made,
        "state": made.get_state_display(),
    }


def _read_owner(row: FollowUp, sent: str, day: date) -> User | None:
    if not sent:
        return None
    known = {str(user.pk): user for user in possible_owners(row, day)}
    if sent not in known:
        raise ValidationError({"owner": _("Choose somebody of this agency.")})
    return known[sent]


def _read_verdict(row: FollowUp, sent: Any) -> dict[str, Any]:
    """The re-check: by later figures, or by eye.

    Raises
    ------
    ValidationError
        Nothing known was chosen, or the figures are not shown.
    """
    chosen = sent.get("verdict", "")
    if chosen in BY_EYE:
        return {"verdict": chosen}
    pair = next((pair for pair in recheck_pairs(row) if str(pair[1].pk) == chosen), None)
    if pair is None:
        raise ValidationError({"verdict": _("Choose what the re-check goes by.")})
    effect = find_effect(row.agency_id, *pair)
    if effect is None:
        raise ValidationError(
            {"verdict": _("The figures of this agency are not shown: too few answers.")}
        )
    return effect.as_data()


@require_safe
@staff_page
@requires("see-follow-up")
def follow_up_file(request: HttpRequest, pk: int) -> FileResponse:
    """A file of a step, to be saved: never opened inside the page."""
    rows = visible_follow_ups(cast("User", request.user))
    found = FollowUpFile.objects.filter(pk=pk, step__follow_up__in=rows).first()
    if found is None:
        raise Http404
    return send_kept_file(name=found.name, suffix=found.suffix, sha256=found.sha256)
