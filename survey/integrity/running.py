"""Writes: the rules applied to a month, kept with the facts they were applied to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from survey.agencies.models import Agency
from survey.common.locks import hold_lock
from survey.common.periods import Period, first_of_month, last_day, parse_period
from survey.integrity.gathering import gather_month, is_fresh
from survey.integrity.models import IntegrityFlag, IntegrityRun
from survey.responses.models import Response
from survey.scorecards.bridge.stuffing import (
    Facts,
    Flag,
    Rules,
    flag_agencies,
    open_rules,
    pack_facts,
    unpack_facts,
)

FIRST: Final = date(2020, 1, 1)
"""No answers are older."""
DAYS_AFTER: Final = 3
"""Tablets without network bring their answers until then."""


def run_integrity(month: date, now: datetime) -> IntegrityRun:
    """Apply the rules to a month; earlier months that were never looked at are, too, for they are
    the past of every agency.
    """
    rules = open_rules()
    with hold_lock("integrity"):
        past = _read_past(month, rules)
        newest = max((row.month for row in past), default="")
        facts = gather_month(_as_period(month), {r.unit: r for r in past if r.month == newest})
        kept = _carry_over(facts, month, timezone.localdate(now))
        return _store(month, [*past, *kept], rules, now)


def _carry_over(facts: list[Facts], month: date, today: date) -> list[Facts]:
    """What is no longer known of an old month is taken from the look before: a later look takes
    nothing back that an earlier one has seen.
    """
    before = IntegrityRun.objects.filter(month=month).order_by("-pk").first()
    if before is None or is_fresh(_as_period(month), today):
        return facts
    name = f"{month:%Y-%m}"
    known = {row.unit: row for row in unpack_facts(before.facts) if row.month == name}
    return [_merge(row, known[row.unit]) if row.unit in known else row for row in facts]


def _merge(row: Facts, before: Facts) -> Facts:
    hard = {**row.hard, **({"H5": before.hard["H5"]} if "H5" in before.hard else {})}
    slots = row.slots if len(row.slots) >= len(before.slots) else before.slots
    return replace(row, phone=before.phone, gaps=before.gaps, slots=slots, hard=hard)


def is_complete(month: date, today: date) -> bool:
    """Whether a month is over and its tablets have had time: before that a look would stand for
    the whole month.
    """
    return FIRST <= month <= today and today >= last_day(month) + timedelta(days=DAYS_AFTER)


def last_whole_month(today: date) -> date:
    """The newest month that is over and whose tablets have had time."""
    month = first_of_month(first_of_month(today) - timedelta(days=1))
    return month if is_complete(month, today) else first_of_month(month - timedelta(days=1))


def run_last_month(now: datetime) -> None:
    """The night's part: once the answers of a month have come."""
    today = timezone.localdate(now)
    month = first_of_month(first_of_month(today) - timedelta(days=1))
    due = is_complete(month, today) and Response.objects.filter(month=month).exists()
    if due and not IntegrityRun.objects.filter(month=month).exists():
        run_integrity(month, now)


@task()
def check_month(month: str) -> None:
    """Apply the rules to a month that was asked for on a page."""
    run_integrity(date.fromisoformat(month), timezone.now())


def _as_period(month: date) -> Period:
    return parse_period(f"{month:%Y-%m}")


def _read_past(month: date, rules: Rules) -> list[Facts]:
    """Facts of the months before, from their runs; made where there is none."""
    found: list[Facts] = []
    for back in range(rules.history_months, 0, -1):
        year, number = divmod(12 * month.year + month.month - 1 - back, 12)
        earlier = date(year, number + 1, 1)
        run = IntegrityRun.objects.filter(month=earlier).order_by("-pk").first()
        if run is not None:
            own = [row for row in unpack_facts(run.facts) if row.month == f"{earlier:%Y-%m}"]
        else:
            last = {row.unit: row for row in found}
            own = gather_month(_as_period(earlier), last)
        # Only the month itself is looked at by its ten minutes.
        found += [replace(row, slots=()) for row in own]
    return found


@transaction.atomic
def _store(month: date, facts: list[Facts], rules: Rules, now: datetime) -> IntegrityRun:
    name = f"{month:%Y-%m}"
    run = IntegrityRun.objects.create(
        month=month,
        rules_version=rules.version,
        rules_sha256=rules.sha256,
        facts=pack_facts(facts),
        made_at=now,
    )
    IntegrityFlag.objects.filter(month=month, current=True).update(current=False)
    agencies = dict(Agency.objects.values_list("key", "pk"))
    IntegrityFlag.objects.bulk_create(
        _as_row(run, agencies[flag.unit], flag) for flag in flag_agencies(facts, name, rules)
    )
    return run


def _as_row(run: IntegrityRun, agency: int, flag: Flag) -> IntegrityFlag:
    return IntegrityFlag(
        run=run,
        agency_id=agency,
        month=run.month,
        level=flag.level,
        families=flag.families,
        findings=flag.as_data()["findings"],
    )


@dataclass(frozen=True)
class Recomputed:
    """Whether a run gives the same flags again, from the facts it keeps."""

    flags: int
    is_same: bool


def recompute(run: IntegrityRun) -> Recomputed:
    """Apply the rules to the kept facts once more."""
    facts, rules = unpack_facts(run.facts), open_rules()
    again = {
        flag.unit: (flag.level, flag.as_data()["findings"])
        for flag in flag_agencies(facts, f"{run.month:%Y-%m}", rules)
    }
    kept = {
        flag.agency.key: (flag.level, flag.findings) for flag in run.flags.select_related("agency")
    }
    return Recomputed(len(kept), rules.sha256 == run.rules_sha256 and again == kept)
