"""One matter in words: its facts, steps, what came of it, and the moves that are possible."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.agencies.models import Agency
from survey.agencies.queries import agency_names
from survey.common.numbers import format_number
from survey.common.periods import parse_period
from survey.console.follow_up_forms import shown_details
from survey.followup.effects import evaluate_initiative, recheck_pairs
from survey.followup.kinds import FieldType, FollowUpKind
from survey.followup.models import FollowUp, FollowUpStep
from survey.followup.overdue import is_escalated
from survey.followup.queries import late_follow_ups, manages, possible_moves, visible_follow_ups
from survey.followup.states import MOVES, Side
from survey.followup.targets import Progress, target_progress

VERDICTS: Final = {
    "better": gettext_lazy("better than before"),
    "worse": gettext_lazy("worse than before"),
    "no-difference": gettext_lazy("no difference found"),
    "fixed": gettext_lazy("put right, seen on the spot"),
    "not-fixed": gettext_lazy("not put right"),
}
BEYOND: Final = {
    "better": gettext_lazy("improved more than the others"),
    "worse": gettext_lazy("improved less than the others"),
    "no-difference": gettext_lazy("no difference to the others found"),
}
ANSWERS: Final = (
    ("yes", gettext_lazy("yes")),
    ("no", gettext_lazy("no")),
    ("not-applicable", gettext_lazy("not applicable")),
)
_SYSTEM_STEPS: Final = {
    "open": gettext_lazy("entered"),
    "assign": gettext_lazy("assigned"),
    "all-ended": gettext_lazy("ended with the last agency"),
    "hand-over": gettext_lazy("handed over to the agency that goes on with the tasks"),
    "remind": gettext_lazy("past its deadline"),
    "escalate": gettext_lazy("put on the list of the province's leaders"),
}


def find_follow_up(user: User, pk: int) -> FollowUp:
    """A matter in the account's scope; everything else does not exist."""
    row = visible_follow_ups(user).select_related("opened_by").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def may_open(user: User, kind: FollowUpKind) -> bool:
    """Whether an account opens matters of a kind: the province all, an agency's head its own."""
    if manages(user):
        return True
    own = may(user, "work-follow-up") and user.agency_id is not None
    return own and kind.opened_by == Side.EITHER


def show_follow_up(user: User, row: FollowUp, day: date) -> dict[str, Any]:
    """Everything the page of a matter shows."""
    steps = list(row.steps.select_related("made_by").prefetch_related("files"))
    moves = possible_moves(user, row)
    scope = visible_follow_ups(user)
    return {
        "row": row,
        "spec": row.spec,
        "facts": shown_details(row),
        "late": late_follow_ups(FollowUp.objects.filter(pk=row.pk), day).exists(),
        "escalated": is_escalated(row),
        "parent": scope.filter(pk=row.parent_id).first() if row.parent_id else None,
        "children": _show_children(scope.filter(parent=row), day),
        "steps": [(step, describe_step(step)) for step in steps],
        "moves": [(name, MOVES[name].label) for name in moves],
        "lines": _show_lines(row, answering="report" in moves),
        "answers": ANSWERS,
        "verdicts": _verdict_choices(row) if "recheck" in moves else [],
        "evaluation": _show_evaluation(user, row) if row.kind == "initiative" else None,
        "progress": _show_progress(row, day) if row.kind == "target" else None,
        "addressees": _show_addressees(user, row) if row.spec.is_addressed else [],
        "may_confirm": _may_confirm(user, row),
    }


def describe_step(step: FollowUpStep) -> dict[str, Any]:
    """What a step says: what was done, the words, the figures behind it."""
    name = _SYSTEM_STEPS.get(step.move) or (MOVES[step.move].label if step.move in MOVES else "")
    return {"name": name, "figures": _describe_data(step)}


def _describe_data(step: FollowUpStep) -> str:
    data = step.data
    if "days" in data:
        return _("%(days)s days late") % {"days": data["days"]}
    if "from" in data:
        return str(data["from"])
    if "verdict" not in data:
        return ""
    verdict = str(VERDICTS[data["verdict"]])
    if "before" not in data:
        return verdict
    return _(
        "index %(first)s in %(before)s, %(second)s in %(after)s; difference %(difference)s, "
        "between %(low)s and %(high)s: %(verdict)s"
    ) % {
        "first": format_number(data["index_before"], 2),
        "before": parse_period(data["before"]).title,
        "second": format_number(data["index_after"], 2),
        "after": parse_period(data["after"]).title,
        "difference": signed(data["difference"]),
        "low": signed(data["low"]),
        "high": signed(data["high"]),
        "verdict": verdict,
    }


def signed(value: float) -> str:
    """A difference with two places and a true sign."""
    sign = "−" if value < 0 else "+"
    return sign + format_number(abs(value), 2)


def _verdict_choices(row: FollowUp) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [
        (
            str(edition.pk),
            _("figures of %(period)s") % {"period": parse_period(edition.period).title},
        )
        for _before, edition in recheck_pairs(row)
    ]
    return [*found, *((key, VERDICTS[key]) for key in ("fixed", "not-fixed"))]


def _show_children(
    rows: Iterable[FollowUp], day: date
) -> list[tuple[FollowUp, str, Progress | None]]:
    found = list(rows)
    progress = target_progress([row for row in found if row.kind == "target"], day)
    names = agency_names(Agency.objects.filter(pk__in={row.agency_id for row in found}))
    return [(row, names.get(row.agency_id, ""), progress.get(row.pk)) for row in found]


def _show_lines(row: FollowUp, *, answering: bool) -> dict[str, Any] | None:
    if not any(one.type == FieldType.LINES for one in row.spec.fields):
        return None
    labels = dict(ANSWERS)
    lines = [
        {**line, "words": labels.get(line["answer"], "")} for line in row.details.get("lines", [])
    ]
    return {"rows": lines, "answering": answering, "checks": row.kind == "self-check"}


def _show_progress(row: FollowUp, day: date) -> Progress:
    return target_progress([row], day)[row.pk]


def _show_evaluation(user: User, row: FollowUp) -> dict[str, Any] | None:
    found = evaluate_initiative(row)
    if found is None:
        return None
    told: dict[str, Any] = {
        "words": _("index %(first)s in %(before)s, %(second)s in %(after)s")
        % {
            "first": format_number(found.own.first.value, 2),
            "before": found.own.before.title,
            "second": format_number(found.own.second.value, 2),
            "after": found.own.after.title,
        },
        "verdict": VERDICTS[found.own.shift.verdict.value],
    }
    if found.beyond is not None:
        told["beyond_verdict"] = BEYOND[found.beyond.verdict.value]
    # Against one other agency the difference would tell the agency that one's figures.
    if found.beyond is not None and user.sees_province:
        told["names"] = "; ".join(found.others)
        told["beyond_words"] = _("difference %(difference)s, between %(low)s and %(high)s") % {
            "difference": signed(found.beyond.difference),
            "low": signed(found.beyond.low),
            "high": signed(found.beyond.high),
        }
    return told


def _show_addressees(user: User, row: FollowUp) -> list[tuple[Any, list[Any]]]:
    """To whom a document was sent and who has read it; an agency sees its own line."""
    rows = row.addressees.select_related("agency").prefetch_related("readings__reader")
    if not user.sees_province:
        rows = rows.filter(agency=user.agency_id or 0)
    names = agency_names(Agency.objects.filter(pk__in=[sent.agency_id for sent in rows]))
    return [(names.get(sent.agency_id, ""), list(sent.readings.all())) for sent in rows]


def _may_confirm(user: User, row: FollowUp) -> bool:
    if not row.spec.is_addressed or not may(user, "confirm-reading"):
        return False
    sent = row.addressees.filter(agency=user.agency_id)
    return sent.exists() and not sent.filter(readings__reader=user).exists()
