"""Where an answer comes in: what an entrance finds by its code, and does in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from django.http import HttpResponse

from survey.common.tokens import Ticket
from survey.responses.answers import Parsed
from survey.responses.flags import Flag
from survey.responses.services import AnswerPlace


class TicketCheck(NamedTuple):
    """What became of a page's ticket, and the context its answer is stored under.

    Without a ``ticket`` the page is shown once more, with a new one for ``context`` and ``notice``.
    ``repeated``: the ticket's answer is stored already, nothing on the page matters any more.
    """

    ticket: Ticket | None
    context: FormContext
    notice: str = ""
    repeated: bool = False


@dataclass(frozen=True)
class Twin:
    """What a printed poster and its page both show, in words and as SVG."""

    name: str
    drawing: str = ""


@dataclass(frozen=True, kw_only=True)
class FormContext:
    """Where an answer comes in: what the page says about it, and what is stored with the answer.

    ``ticket_scope`` binds tickets to this entrance; ``check_ticket`` and ``save`` are what an
    entrance does in its own way.
    """

    action: str
    office: str
    counter: str
    place: AnswerPlace
    channel: str
    evidence: str
    version_id: int
    ticket_scope: str = ""
    twin: Twin | None = None
    link: str = ""
    improvements_url: str = ""
    counter_name_is_vietnamese: bool = False
    """The counter bears a name of its own, which is Vietnamese in every language of the page."""
    notice: str = ""
    hidden_fields: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the event of the dossier told: it decides what is asked, and is not stored with it."""
    check_ticket: Callable[[FormContext, str, datetime], TicketCheck] | None = field(
        default=None, compare=False
    )
    """None: as of any page."""
    save: Callable[[FormContext, Ticket, Parsed], HttpResponse] | None = field(
        default=None, compare=False
    )
    """None: stored, and on to the receipt."""


def with_flag(context: FormContext, flag: Flag, **more: object) -> FormContext:
    """The same entrance with a rule's mark on its answers."""
    return replace(context, metadata={**context.metadata, "flag": flag}, **more)  # type: ignore[arg-type]
