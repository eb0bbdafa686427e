"""What can be followed up: each kind is a line of data; pages, forms and services read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from survey.followup.states import MOVES, Side, State


class FieldType(StrEnum):
    """How a field is asked."""

    LINE = "line"
    TEXT = "text"
    DAY = "day"
    CHOICE = "choice"
    NUMBER = "number"
    YES = "yes"
    AGENCIES = "agencies"
    LINES = "lines"
    """One text a line, each answered later by the agency."""


@dataclass(frozen=True)
class KindField:
    """One thing a kind asks beside title, agency and deadline."""

    name: str
    label: Any
    type: FieldType = FieldType.LINE
    required: bool = True
    choices: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class FollowUpKind:
    """One kind.

    Attributes
    ----------
    key : as in addresses and in the database.
    label : name of one.
    new : the link that opens one.
    moves : names in ``MOVES`` it knows.
    fields : what it asks.
    opened_by : whose accounts open one.
    begins : its first state.
    has_deadline : whether it asks for a last day.
    is_rechecked : accepted ones wait for a re-check by later figures.
    is_addressed : one for many agencies, who tell that they have read it.
    has_file : asks for a file when it is opened.
    children : kinds that come out of it.
    """

    key: str
    label: Any
    new: Any
    moves: tuple[str, ...]
    fields: tuple[KindField, ...]
    opened_by: Side = Side.PROVINCE
    begins: State = State.PLANNED
    has_deadline: bool = True
    is_rechecked: bool = False
    is_addressed: bool = False
    has_file: bool = False
    children: tuple[str, ...] = ()

    def find_target(self, move: str) -> State | None:
        """The state a move leads to."""
        if move == "accept" and self.is_rechecked:
            return State.CHECKED
        return MOVES[move].target

    def find_sources(self, move: str) -> tuple[State, ...]:
        """States a move is possible in; what the province agrees to is not reported before."""
        sources = MOVES[move].sources
        if self.key == "initiative" and move == "report":
            return tuple(state for state in sources if state != State.PLANNED)
        return sources

    def find_side(self, move: str) -> Side:
        """Who makes a move; initiatives begin when the province agrees."""
        if self.key == "initiative" and move == "start":
            return Side.PROVINCE
        return MOVES[move].side

    def field(self, name: str) -> KindField | None:
        """A field by its name."""
        return next((field for field in self.fields if field.name == name), None)


SOURCES: Final = (
    ("inspection", _("inspection report")),
    ("criterion", _("criterion of the scorecard")),
    ("index", _("satisfaction index")),
    ("alert", _("alert at a counter")),
    ("topic", _("topic of comments")),
    ("conference", _("review conference")),
    ("notice", _("notice or directive")),
)
MEASURES: Final = (
    ("satisfaction", _("satisfaction index, %")),
    ("on-time", _("dossiers on time, %")),
    ("online", _("dossiers online, %")),
    ("inspected", _("inspected units, %")),
    ("other", _("another measure")),
)
EVENTS: Final = (
    ("outage", _("an outage of a system")),
    ("staffing", _("fewer or other staff")),
    ("pilot", _("a pilot")),
    ("moved", _("an office that moved")),
    ("rules", _("other rules or procedures")),
    ("other", _("something else")),
)
NATIONAL: Final = (
    ("par-index", "PAR INDEX"),
    ("sipas", "SIPAS"),
    ("papi", "PAPI"),
    ("pci", "PCI"),
    ("dti", "DTI"),
)
OPERATORS: Final = ((">", _("above")), (">=", _("at least")))
_WORK: Final = ("start", "report", "return", "accept")
_END: Final = ("stop", "reopen", "note")

_ALL: Final = (
    FollowUpKind(
        key="finding",
        label=_("finding"),
        new=_("Write a finding"),
        moves=(*_WORK, "recheck", *_END),
        fields=(
            KindField("source", _("found by"), FieldType.CHOICE, choices=SOURCES),
            KindField("about", _("document, criterion or topic"), required=False),
            KindField("cause", _("cause"), FieldType.TEXT, required=False),
            KindField("conclusion", _("what has to be put right"), FieldType.TEXT),
        ),
        is_rechecked=True,
        children=("task",),
    ),
    FollowUpKind(
        key="task",
        label=_("task"),
        new=_("Assign a task"),
        moves=(*_WORK, *_END),
        fields=(
            KindField("plan", _("plan, programme or document"), required=False),
            KindField("measure", _("what has to be done"), FieldType.TEXT),
            KindField("proof", _("what proves it"), required=False),
        ),
        opened_by=Side.EITHER,
    ),
    FollowUpKind(
        key="inspection",
        label=_("inspection"),
        new=_("Plan an inspection"),
        moves=("carry-out", *_END),
        fields=(
            KindField(
                "form",
                _("form"),
                FieldType.CHOICE,
                choices=(("visit", _("on the spot")), ("papers", _("by documents"))),
            ),
            KindField("team", _("inspectors"), required=False),
            KindField("focus", _("what is looked at"), FieldType.TEXT, required=False),
        ),
        children=("finding",),
    ),
    FollowUpKind(
        key="self-check",
        label=_("self-check"),
        new=_("Send out a self-check list"),
        moves=("report", "return", "accept", *_END),
        fields=(
            KindField("document", _("inspection report it follows"), required=False),
            KindField("lines", _("questions, one a line"), FieldType.LINES),
        ),
        children=("finding", "task"),
    ),
    FollowUpKind(
        key="initiative",
        label=_("initiative or model"),
        new=_("Register an initiative or model"),
        moves=("start", "report", "return", "accept", *_END),
        fields=(
            KindField("field", _("field of the reform")),
            KindField("pilot", _("it is a pilot"), FieldType.YES, required=False),
            KindField("started_on", _("since"), FieldType.DAY),
            KindField("idea", _("what is done differently"), FieldType.TEXT),
            KindField("others", _("agencies to compare with"), FieldType.AGENCIES, required=False),
        ),
        opened_by=Side.EITHER,
        children=("initiative", "award"),
    ),
    FollowUpKind(
        key="dialogue",
        label=_("dialogue with citizens"),
        new=_("Register a dialogue"),
        moves=("report", "return", "accept", *_END),
        fields=(
            KindField("held_on", _("held on"), FieldType.DAY),
            KindField("place", _("place")),
            KindField("people", _("number of participants"), FieldType.NUMBER, required=False),
            KindField("lines", _("topics raised, one a line"), FieldType.LINES),
        ),
        opened_by=Side.EITHER,
        children=("task",),
    ),
    FollowUpKind(
        key="document",
        label=_("directive or notice"),
        new=_("Send out a directive or notice"),
        moves=("end", "note"),
        fields=(
            KindField("number", _("number and symbol")),
            KindField("issued_on", _("issued on"), FieldType.DAY),
            KindField("issuer", _("issued by")),
            KindField("summary", _("what it asks for"), FieldType.TEXT, required=False),
        ),
        begins=State.DOING,
        has_deadline=False,
        is_addressed=True,
        has_file=True,
        children=("task",),
    ),
    FollowUpKind(
        key="target",
        label=pgettext_lazy("follow-up", "target"),
        new=_("Set a target"),
        moves=("end", "stop", "note"),
        fields=(
            KindField("measure", _("measure"), FieldType.CHOICE, choices=MEASURES),
            KindField("operator", _("comparison"), FieldType.CHOICE, choices=OPERATORS),
            KindField("value", _("value"), FieldType.NUMBER),
            KindField("solution", _("how it is reached"), FieldType.TEXT, required=False),
        ),
        begins=State.DOING,
        children=("task",),
    ),
    FollowUpKind(
        key="award",
        label=_("award"),
        new=_("Enter an award"),
        moves=("note",),
        fields=(
            KindField("recipient", _("who is honoured")),
            KindField("decision", _("number of the decision")),
            KindField("awarded_on", _("date of the decision"), FieldType.DAY),
            KindField("merit", _("for what"), FieldType.TEXT),
        ),
        begins=State.CLOSED,
        has_deadline=False,
    ),
    FollowUpKind(
        key="event",
        label=_("event behind a series"),
        new=_("Note an event behind a series"),
        moves=("note",),
        fields=(
            KindField("what", _("what happened"), FieldType.CHOICE, choices=EVENTS),
            KindField("begins_on", _("from"), FieldType.DAY),
            KindField("ends_on", _("until"), FieldType.DAY, required=False),
            KindField("meaning", _("what it means for the figures"), FieldType.TEXT),
        ),
        begins=State.CLOSED,
        has_deadline=False,
    ),
    FollowUpKind(
        key="external",
        label=_("result of a national index"),
        new=_("Enter a result of a national index"),
        moves=("note",),
        fields=(
            KindField("index", _("index"), FieldType.CHOICE, choices=NATIONAL),
            KindField("year", _("year"), FieldType.NUMBER),
            KindField("score", _("points"), FieldType.NUMBER),
            KindField("rank", _("rank"), FieldType.NUMBER, required=False),
            KindField("ranked", _("provinces ranked"), FieldType.NUMBER, required=False),
            KindField("source", _("source document")),
        ),
        begins=State.CLOSED,
        has_deadline=False,
    ),
)
KINDS: Final = {kind.key: kind for kind in _ALL}
"""By key, in the order of pages."""
