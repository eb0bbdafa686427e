"""Writes and reads: incidents and exercises, worked through by a checklist."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.privacy.models import Incident, IncidentStep

CHECKLIST: Final = Path(__file__).with_name("incident.toml")


@dataclass(frozen=True)
class ChecklistStep:
    """A step, its texts by language, and the hours in which it is to be done."""

    code: str
    hours: int
    titles: dict[str, str]

    @property
    def title(self) -> str:
        """In the language of the reader."""
        return self.titles["en" if (get_language() or "vi").startswith("en") else "vi"]


@cache
def read_checklist() -> list[ChecklistStep]:
    """The steps in order."""
    entries = tomllib.loads(CHECKLIST.read_text(encoding="utf-8"))["steps"]
    return [
        ChecklistStep(one["code"], one["hours"], {"vi": one["title_vi"], "en": one["title_en"]})
        for one in entries
    ]


@dataclass(frozen=True)
class StepLine:
    """A step of an incident: until when, and what was done."""

    step: ChecklistStep
    due: datetime
    done: IncidentStep | None
    is_late: bool


def list_steps(incident: Incident, now: datetime) -> list[StepLine]:
    """The checklist of an incident as it stands."""
    done = {row.code: row for row in incident.steps.select_related("done_by")}
    lines = []
    for step in read_checklist():
        due, row = incident.known_at + timedelta(hours=step.hours), done.get(step.code)
        lines.append(StepLine(step, due, row, (row.done_at if row else now) > due))
    return lines


@transaction.atomic
def do_step(*, incident: Incident, code: str, note: str, by: User, now: datetime) -> None:
    """Write down that a step is done; the last one closes the incident.

    Raises
    ------
    ValidationError
        There is no such step, or it is done.
    """
    steps = [step.code for step in read_checklist()]
    if code not in steps:
        raise ValidationError(_("There is no such step."))
    # One after the other: whoever notes the last step has to see the others.
    Incident.objects.select_for_update().get(pk=incident.pk)
    try:
        with transaction.atomic():
            IncidentStep.objects.create(
                incident=incident, code=code, note=note, done_at=now, done_by=by
            )
    except IntegrityError as error:
        raise ValidationError(_("This step is done.")) from error
    if incident.steps.count() == len(steps):
        Incident.objects.filter(pk=incident.pk).update(closed_at=now)
