"""The one state machine of everything that is followed up: states, moves, and whose move it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """How far a matter has come."""

    PLANNED = "planned", _("not begun")
    DOING = "doing", _("under way")
    REPORTED = "reported", _("reported, waiting for the check")
    RETURNED = "returned", _("sent back")
    CHECKED = "checked", _("accepted, waiting for the re-check")
    CLOSED = "closed", pgettext_lazy("follow-up", "finished")
    STOPPED = "stopped", pgettext_lazy("follow-up", "stopped")


ENDED: Final = (State.CLOSED, State.STOPPED)
WITH_THE_AGENCY: Final = (State.PLANNED, State.DOING, State.RETURNED)
"""When the agency has to do something."""


class Side(StrEnum):
    """Who makes a move."""

    AGENCY = "agency"
    PROVINCE = "province"
    EITHER = "either"


@dataclass(frozen=True)
class Move:
    """One step a person can take.

    Attributes
    ----------
    label : what the button says.
    sources : states it is possible in.
    target : the state after it; empty: the state stays.
    side : who may take it.
    words : whether it has to be explained.
    """

    label: Any
    sources: tuple[State, ...]
    target: State | None
    side: Side
    words: bool = True


MOVES: Final = {
    "start": Move(_("Begin"), (State.PLANNED, State.RETURNED), State.DOING, Side.AGENCY, False),
    "report": Move(_("Report what was done"), WITH_THE_AGENCY, State.REPORTED, Side.AGENCY),
    "return": Move(_("Send back"), (State.REPORTED,), State.RETURNED, Side.PROVINCE),
    "accept": Move(_("Accept"), (State.REPORTED,), State.CLOSED, Side.PROVINCE, False),
    "recheck": Move(_("Enter the re-check"), (State.CHECKED,), State.CLOSED, Side.PROVINCE),
    "carry-out": Move(
        _("Enter the conclusion"), (State.PLANNED, State.DOING), State.CLOSED, Side.PROVINCE
    ),
    "end": Move(pgettext_lazy("follow-up", "End"), (State.DOING,), State.CLOSED, Side.PROVINCE),
    "stop": Move(
        pgettext_lazy("follow-up", "Stop"),
        (State.PLANNED, State.DOING, State.REPORTED, State.RETURNED, State.CHECKED),
        State.STOPPED,
        Side.PROVINCE,
    ),
    "reopen": Move(_("Take up again"), ENDED, State.DOING, Side.PROVINCE),
    "note": Move(_("Add a note"), tuple(State), None, Side.EITHER),
}
"""By name, in the order of their buttons."""
