"""Writes: opening a matter, one step of it, confirming a document as read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.models import Agency
from survey.common.text import check_words
from survey.followup.kinds import KINDS, FieldType
from survey.followup.models import Addressee, FollowUp, Reading
from survey.followup.queries import is_of_agency, manages, possible_moves
from survey.followup.states import ENDED, MOVES, State
from survey.followup.steps import StepSaid, keep_step
from survey.scorecards.rounds.evidence import UploadedEvidence

ANSWERS: Final = ("yes", "no", "not-applicable")
MAX_AGENCIES: Final = 5000
MAX_LINES: Final = 100


@dataclass(frozen=True)
class Opening:
    """What a form says of a new matter."""

    kind: str
    title: str
    details: Mapping[str, Any]
    due_on: date | None = None
    parent: FollowUp | None = None
    file: UploadedEvidence | None = None


@transaction.atomic
def open_follow_up(
    *, opening: Opening, agencies: Sequence[Agency], root: Agency, by: User, now: datetime
) -> FollowUp:
    """Open a matter for one agency, or one for each under one of ``root``; a document is one for
    all of them.

    Returns
    -------
    the matter, or the one of ``root`` above them.

    Raises
    ------
    ValidationError
        No agency, a day that has passed, words that cannot be kept, or a file of another kind.
    """
    kind = KINDS[opening.kind]
    if not agencies or len(agencies) > MAX_AGENCIES:
        raise ValidationError(_("Choose an agency."))
    if opening.due_on and opening.due_on < timezone.localdate(now):
        raise ValidationError({"due_on": _("The deadline has passed. Choose a later day.")})
    if kind.has_file and opening.file is None:
        raise ValidationError({"file": _("Choose a file.")})
    if kind.is_addressed:
        made = _open_one(opening, root, opening.parent, by, now)
        Addressee.objects.bulk_create(
            [Addressee(follow_up=made, agency=agency) for agency in agencies]
        )
        return made
    if len(agencies) == 1:
        return _open_one(opening, agencies[0], opening.parent, by, now)
    above = _open_one(opening, root, opening.parent, by, now)
    FollowUp.objects.filter(pk=above.pk).update(holds_others=True)
    above.holds_others = True
    for agency in agencies:
        _open_one(opening, agency, above, by, now)
    return above


def _open_one(
    opening: Opening, agency: Agency, parent: FollowUp | None, by: User, now: datetime
) -> FollowUp:
    kind = KINDS[opening.kind]
    made = FollowUp.objects.create(
        kind=kind.key,
        agency=agency,
        parent=parent,
        title=check_words(opening.title)[:200],
        details=_clean_details(opening),
        state=kind.begins,
        due_on=opening.due_on,
        opened_by=by,
        opened_at=now,
    )
    keep_step(made, "open", StepSaid(file=opening.file), by, now)
    return made


def _clean_details(opening: Opening) -> dict[str, Any]:
    """Texts cleaned; lines become questions without an answer."""
    found: dict[str, Any] = {}
    for one in KINDS[opening.kind].fields:
        value = opening.details.get(one.name)
        if isinstance(value, str):
            value = check_words(value)
        if one.type == FieldType.LINES:
            texts = _read_texts(str(value or ""))
            value = [{"text": text[:300], "answer": "", "note": ""} for text in texts]
        found[one.name] = value
    return found


def _read_texts(value: str) -> list[str]:
    """One text a line.

    Raises
    ------
    ValidationError
        There is none, or there are more than a page can send back.
    """
    texts = [text for line in value.splitlines() if (text := check_words(line))]
    if not 1 <= len(texts) <= MAX_LINES:
        raise ValidationError({"d-lines": _("Write 1 to %(most)s lines.") % {"most": MAX_LINES}})
    return texts


@transaction.atomic
def take_step(
    *, follow_up: FollowUp, move: str, said: StepSaid, by: User, now: datetime
) -> FollowUp:
    """One move of the state machine.

    Raises
    ------
    ValidationError
        It is not possible (any more), or what it has to say is missing.
    """
    row = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if move not in possible_moves(by, row):
        raise ValidationError(
            _("This step is not possible: the matter is “%(state)s”.")
            % {"state": row.get_state_display()}
        )
    text = check_words(said.text)
    if MOVES[move].words and not text:
        raise ValidationError({"text": _("Write a few words about it.")})
    if move == "report" and row.spec.field("lines"):
        row.details = {**row.details, "lines": _answered(row, said.answers)}
    row.state = row.spec.find_target(move) or row.state
    row.save(update_fields=["state", "details"])
    keep_step(row, move, StepSaid(text, said.file, data=said.data), by, now)
    if row.is_ended and row.parent_id:
        _end_holder(row.parent_id, now)
    return row


def _end_holder(pk: int, now: datetime) -> None:
    """What only stands above others ends with the last of them."""
    above = FollowUp.objects.select_for_update().get(pk=pk)
    rest = above.children.filter(kind=above.kind).exclude(state__in=ENDED)
    if above.holds_others and not above.is_ended and not rest.exists():
        above.state = State.CLOSED
        above.save(update_fields=["state"])
        keep_step(above, "all-ended", StepSaid(), None, now)


def _answered(row: FollowUp, answers: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The lines with the agency's answers.

    Raises
    ------
    ValidationError
        Not every line is answered.
    """
    lines = row.details.get("lines", [])
    checks = row.kind == "self-check"
    found = []
    for place, line in enumerate(lines):
        sent = answers[place] if place < len(answers) else {}
        answer, note = sent.get("answer", ""), check_words(sent.get("note", ""))[:1000]
        if (checks and answer not in ANSWERS) or (not checks and not note):
            raise ValidationError(
                {"lines": _("Line %(number)s is not answered yet.") % {"number": place + 1}}
            )
        found.append({"text": line["text"], "answer": answer if checks else "", "note": note})
    return found


@transaction.atomic
def assign_follow_up(
    *, follow_up: FollowUp, owner: User | None, due_on: date | None, by: User, now: datetime
) -> None:
    """Say who deals with it, and (the province only) until when.

    Raises
    ------
    ValidationError
        It is finished, the owner is of another agency, or the day has passed.
    """
    row = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if row.is_ended or not (manages(by) or is_of_agency(by, row)):
        raise ValidationError(_("This matter is finished."))
    if owner is not None and owner not in possible_owners(row, timezone.localdate(now)):
        raise ValidationError({"owner": _("Choose somebody of this agency.")})
    told = [owner.get_full_name() or owner.username] if owner else []
    if manages(by) and due_on != row.due_on:
        if due_on is None or due_on < timezone.localdate(now):
            raise ValidationError({"due_on": _("The deadline has passed. Choose a later day.")})
        row.due_on = due_on
        told.append(f"{due_on:%d/%m/%Y}")
    row.owner = owner
    row.save(update_fields=["owner", "due_on"])
    keep_step(row, "assign", StepSaid(", ".join(told)), by, now)


def possible_owners(row: FollowUp, day: date) -> list[User]:
    """People of the matter's agency whose accounts are open."""
    found = User.objects.filter(is_active=True, agency=row.agency_id)
    return [user for user in found.order_by("first_name", "username") if user.is_open(day)]


@transaction.atomic
def confirm_reading(*, follow_up: FollowUp, reader: User, now: datetime) -> None:
    """The reader's agency has taken note of a document; twice is once.

    Raises
    ------
    ValidationError
        It was not sent to the reader's agency.
    """
    sent = follow_up.addressees.filter(agency=reader.agency_id or 0).first()
    if sent is None:
        raise ValidationError(_("This document was not sent to your agency."))
    Reading.objects.get_or_create(addressee=sent, reader=reader, defaults={"read_at": now})
