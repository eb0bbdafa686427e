"""One step of a matter: what a form says of it, and keeping it with its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.core.exceptions import ValidationError

from survey.accounts.models import User
from survey.common.text import storable
from survey.followup.models import FollowUp, FollowUpFile, FollowUpStep
from survey.followup.queries import is_of_agency
from survey.scorecards.rounds.evidence import UploadedEvidence, check_size, detect_suffix, keep_file


@dataclass(frozen=True)
class StepSaid:
    """What a form says of a step."""

    text: str = ""
    file: UploadedEvidence | None = None
    answers: Sequence[Mapping[str, str]] = ()
    """For a kind with lines: ``{"answer": ..., "note": ...}`` of each, in their order."""
    data: Mapping[str, Any] = field(default_factory=dict)


def keep_step(
    row: FollowUp, move: str, said: StepSaid, by: User | None, now: datetime
) -> FollowUpStep:
    """Keep a step as the matter stands; without a person it is the system's.

    Raises
    ------
    ValidationError
        The file is too large or of another kind.
    """
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
