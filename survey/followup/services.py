"""Writes: opening a matter, one step of it, reading a document, what the night finds overdue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import PurePath
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.models import Agency
from survey.common.text import check_words, storable
from survey.followup.kinds import KINDS, FieldType
from survey.followup.models import Addressee, FollowUp, FollowUpFile, FollowUpStep, Reading
from survey.followup.queries import is_of_agency, late_follow_ups, manages, possible_moves
from survey.followup.states import MOVES, WITH_THE_AGENCY
from survey.scorecards.rounds.evidence import UploadedEvidence, check_size, detect_suffix, keep_file

ESCALATED_AFTER_DAYS: Final = 15
"""So many days past the last day a matter goes to the province's leaders."""
ANSWERS: Final = ("yes", "no", "not-applicable")
MAX_AGENCIES: Final = 5000


@dataclass(frozen=True)
class Opening:
    """What a form says of a new matter."""

    kind: str
    title: str
    details: Mapping[str, Any]
    due_on: date | None = None
    owner: User | None = None
    parent: FollowUp | None = None
    file: UploadedEvidence | None = None


@dataclass(frozen=True)
class StepSaid:
    """What a form says of a step."""

    text: str = ""
    file: UploadedEvidence | None = None
    answers: Sequence[Mapping[str, str]] = ()
    """For a kind with lines: ``{"answer": ..., "note": ...}`` of each, in their order."""
    data: Mapping[str, Any] = field(default_factory=dict)


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
        owner=opening.owner,
        opened_by=by,
        opened_at=now,
    )
    _keep_step(made, "open", StepSaid(file=opening.file), by, now)
    return made


def _clean_details(opening: Opening) -> dict[str, Any]:
    """Texts cleaned; lines become questions without an answer."""
    found: dict[str, Any] = {}
    for one in KINDS[opening.kind].fields:
        value = opening.details.get(one.name)
        if isinstance(value, str):
            value = check_words(value)
        if one.type == FieldType.LINES:
            texts = [line.strip() for line in str(value or "").splitlines() if line.strip()]
            value = [{"text": text[:300], "answer": "", "note": ""} for text in texts]
        found[one.name] = value
    return found


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
    _keep_step(row, move, StepSaid(text, said.file, data=said.data), by, now)
    return row


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


def _keep_step(
    row: FollowUp, move: str, said: StepSaid, by: User | None, now: datetime
) -> FollowUpStep:
    step = FollowUpStep.objects.create(
        follow_up=row,
        move=move,
        state=row.state,
        text=said.text[:5000],
        data=dict(said.data),
        made_by=by,
        of_agency=by is not None and is_of_agency(by, row),
        made_at=now,
    )
    if said.file is not None:
        suffix = _check_file(said.file)
        FollowUpFile.objects.create(
            step=step,
            name=storable(PurePath(said.file.name).name)[-150:] or suffix,
            suffix=suffix,
            size=len(said.file.content),
            sha256=keep_file(said.file.content),
        )
    return step


def _check_file(file: UploadedEvidence) -> str:
    try:
        check_size(file)
        return detect_suffix(file.content)
    except ValidationError as error:
        raise ValidationError({"file": error.messages[0]}) from error


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
    _keep_step(row, "assign", StepSaid(", ".join(told)), by, now)


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


def remind_overdue(now: datetime) -> int:
    """Keep a step in what is past its last day: once as a reminder, once as an escalation; how
    many.
    """
    day, made = timezone.localdate(now), 0
    for row in late_follow_ups(FollowUp.objects.all(), day).prefetch_related("steps"):
        due_on = row.due_on or day
        days, taken = (day - due_on).days, _moves_since(row, due_on)
        wanted = ["remind", "escalate"] if days >= ESCALATED_AFTER_DAYS else ["remind"]
        for move in wanted:
            if move not in taken:
                _keep_step(row, move, StepSaid(data={"days": days}), None, now)
                made += 1
    return made


def _moves_since(row: FollowUp, day: date) -> set[str]:
    """Steps after a day, with the steps read before."""
    return {s.move for s in row.steps.all() if timezone.localdate(s.made_at) > day}


def is_escalated(row: FollowUp) -> bool:
    """Whether it went to the leaders since its last day passed and is still with the agency."""
    if row.due_on is None or row.state not in WITH_THE_AGENCY:
        return False
    return "escalate" in _moves_since(row, row.due_on)
