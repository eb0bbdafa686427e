"""Writes: the rules applied to a month, kept with the facts they were applied to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from survey.agencies.models import Agency
from survey.common.locks import hold_lock
from survey.common.periods import Period, first_of_month, parse_period
from survey.integrity.gathering import gather_month
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

DAYS_AFTER: Final = 3
"""Tablets without network bring their answers until then."""


def run_integrity(month: date, now: datetime) -> IntegrityRun:
    """Apply the rules to a month; earlier months that were never looked at are, too, for they are
    the past of every agency.
    """
    rules = open_rules()
    with hold_lock("integrity"):
        past = _read_past(month, rules, now)
        newest = max((row.month for row in past), default="")
        facts = gather_month(_as_period(month), {r.unit: r for r in past if r.month == newest})
        return _store(month, [*past, *facts], rules, now)


def run_last_month(now: datetime) -> None:
    """The night's part: once the answers of a month have come."""
    today = timezone.localdate(now)
    month = first_of_month(first_of_month(today) - timedelta(days=1))
    due = today.day >= DAYS_AFTER and Response.objects.filter(month=month).exists()
    if due and not IntegrityRun.objects.filter(month=month).exists():
        run_integrity(month, now)


def _as_period(month: date) -> Period:
    return parse_period(f"{month:%Y-%m}")


def _read_past(month: date, rules: Rules, now: datetime) -> list[Facts]:
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
        flag.unit: (flag.level, list(flag.as_data()["findings"]))
        for flag in flag_agencies(facts, f"{run.month:%Y-%m}", rules)
    }
    kept = {
        flag.agency.key: (flag.level, flag.findings) for flag in run.flags.select_related("agency")
    }
    return Recomputed(len(kept), rules.sha256 == run.rules_sha256 and again == kept)
