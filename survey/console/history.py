"""The history of one thing: what the audit trail tells of an office, an account, a device.

Entries name a thing as its page's address does: ``12`` or ``12 close`` under the name of the page;
deeds recorded by hand say the kind before it, ``account 12``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from survey.accounts.approvals import ApprovalRequest
from survey.agencies.models import Counter
from survey.questionnaires.models import Factor, Question

Parts = Callable[[int], Mapping[str, Iterable[int]]]


def no_parts(pk: int) -> Mapping[str, Iterable[int]]:
    """For what consists of nothing that has deeds of its own."""
    return {}


def find_counters(pk: int) -> Mapping[str, Iterable[int]]:
    """Deeds at the counters of an office."""
    counters = list(Counter.objects.filter(office=pk).values_list("pk", flat=True))
    return dict.fromkeys(("counter-close", "code-issue", "presence-add"), counters)


def find_questions(pk: int) -> Mapping[str, Iterable[int]]:
    """Deeds at the questions of a draft; those of a removed question are under "all entries"."""
    questions = list(Question.objects.filter(version=pk).values_list("pk", flat=True))
    factors = list(Factor.objects.filter(version=pk).values_list("pk", flat=True))
    return {"question": questions, "question-act": questions, "question-new": factors}


@dataclass(frozen=True)
class HistoryKind:
    """A kind of thing with a history.

    Attributes
    ----------
    label : what the page of the trail calls it.
    actions : names of pages whose address begins with the thing's number.
    parts : number of the thing -> action -> numbers of what belongs to it.
    payload : under which key a request for approval names it.
    """

    label: str | Promise
    actions: frozenset[str] = frozenset()
    parts: Parts = no_parts
    payload: str = ""


HISTORIES: Final[Mapping[str, HistoryKind]] = {
    "office": HistoryKind(
        _("office"),
        frozenset({"office", "office-hours", "counter-add", "office-poster"}),
        find_counters,
    ),
    "agency": HistoryKind(
        _("agency"),
        frozenset({"unit", "unit-merge", "unit-split", "unit-undo", "unit-dissolve"}),
        payload="agencies",
    ),
    "account": HistoryKind(_("account"), frozenset({"person", "person-close"})),
    "version": HistoryKind(
        _("questionnaire"),
        frozenset(
            {"version", "version-words", "version-change", "version-ask", "version-file"}
            | {"factor-new"}
        ),
        find_questions,
        payload="version",
    ),
    "edition": HistoryKind(_("figures"), frozenset({"edition", "edition-ask"}), payload="edition"),
    "import": HistoryKind(_("imported file"), frozenset({"import", "import-faults"})),
    "case": HistoryKind(_("case"), frozenset({"case", "case-act"})),
    "follow-up": HistoryKind(_("matter followed up"), frozenset({"follow-up-step"})),
    "screen": HistoryKind(_("screen")),
    "kiosk": HistoryKind(_("tablet")),
}


def read_thing(text: str) -> tuple[str, int] | None:
    """Kind and number of ``office 12``; None for anything else."""
    kind, _space, number = text.partition(" ")
    plain = number.isascii() and number.isdigit() and len(number) <= 12
    return (kind, int(number)) if kind in HISTORIES and plain else None


def tells_about(kind: str, pk: int) -> Q:
    """Condition on entries of the trail: they tell of this thing."""
    history = HISTORIES[kind]
    told = _begins(f"{kind} {pk}") | Q(action__in=history.actions) & _begins(str(pk))
    for action, numbers in history.parts(pk).items():
        for number in numbers:
            told |= Q(action=action) & _begins(str(number))
    return told | Q(thing__in=_requests(history.payload, pk))


def _begins(thing: str) -> Q:
    return Q(thing=thing) | Q(thing__startswith=f"{thing} ")


def _requests(key: str, pk: int) -> list[str]:
    """Requests that name the thing: they are few, and SQLite cannot look into lists."""
    if not key:
        return []
    found = ApprovalRequest.objects.filter(payload__has_key=key).values_list("pk", "payload")
    return [
        f"request {number}"
        for number, payload in found
        if payload[key] == pk or (isinstance(payload[key], list) and pk in payload[key])
    ]
