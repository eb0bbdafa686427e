"""Snapshots: answers and dossiers of a period, written for the statistics."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone
from tqdm import tqdm

import analysis
from survey.agencies.models import AgencyVersion, ProcedureDomain
from survey.agencies.queries import versions_on
from survey.common.periods import Period
from survey.responses.answers import read_applicant
from survey.responses.exclusions import is_excluded, read_exclusions
from survey.responses.flags import Flag, find_flag
from survey.responses.queries import counted_in, snapshot_rows
from survey.transactions.queries import totals_in

_RANGES: Final = {"recommend": (0, 10), "like": (1, 2)}
_IKM: Final = frozenset(f"U{number}" for number in range(1, 10))
_LEVELS_OF_IKM: Final = (1, 4)
NOTICE: Final = "DỮ LIỆU MINH HỌA - không phải số liệu thật"


def take_snapshot(
    *, period: Period, folder: Path, now: datetime, province: str, progress: bool = False
) -> analysis.Snapshot:
    """Write the responses and totals of a period as a snapshot; memory does not grow with the
    number of rows.
    """
    writer = analysis.SnapshotWriter(folder)
    seen: set[str] = set()
    expected, excluded = counted_in(period).count(), read_exclusions(period)
    for agency, domain, channel, evidence, hour, language, month, answers, marks, counter in tqdm(
        snapshot_rows(period), total=expected, desc="Chốt số liệu", disable=not progress, unit=""
    ):
        seen.add(agency)
        levels = [_read_level(item, answers.get(item)) for item in analysis.ITEMS]
        flag = find_flag(channel, hour, marks)
        if is_excluded(excluded, counter, hour):
            flag = Flag.EXCLUDED.value
        place = (agency, domain or "", channel, evidence, flag, language, f"{month:%Y-%m}")
        writer.add((*place, read_applicant(answers, marks), *levels))
    totals = totals_in(period)
    seen |= {row[0] for row in totals}
    about = {
        "period": period.name,
        "province": province,
        "tree_on": period.last.isoformat(),
        "taken_at": now.isoformat(timespec="seconds"),
        "notice": NOTICE if settings.DEMO else "",
        "exclusions": sum(
            timezone.localdate(ends) >= period.first
            for spans in excluded.values()
            for _begins, ends in spans
        ),
        "domains": dict(ProcedureDomain.objects.values_list("code", "name")),
    }
    return writer.close(totals=totals, agencies=_agencies(seen, period), about=about)


def _read_level(item: str, value: object) -> int | None:
    """A level the item can have; what a questionnaire of an office's own asks under the same code
    in another way is not asked, as far as figures go.
    """
    low, high = _RANGES.get(item, _LEVELS_OF_IKM if item in _IKM else (0, 5))
    is_level = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    return value if is_level and isinstance(value, int) else None


def _agencies(keys: Iterable[str], period: Period) -> list[tuple[str, str, str, str]]:
    """Names at the end of the period; agencies that ended before keep their last name."""
    wanted = set(keys)
    found: dict[str, AgencyVersion] = {}
    for version in (
        AgencyVersion.objects.filter(agency__key__in=wanted)
        .select_related("agency")
        .order_by("valid_from")
    ):
        if version.valid_from <= period.last:
            found[version.agency.key] = version
    for version in versions_on(period.last).filter(agency__key__in=wanted):
        found[version.agency.key] = version
    return [
        (key, version.name, version.kind, version.code) for key, version in sorted(found.items())
    ]


def completed_dossiers(*, folder: Path) -> list[tuple[str, str, int, int]]:
    """(agency key, channel, completed, on time) of a snapshot."""
    totals = analysis.open_snapshot(folder).totals()
    return [(agency, channel, *counts) for (agency, _domain, channel), counts in totals.items()]


def snapshot_period(*, folder: Path) -> str:
    """Name of the period a snapshot was taken of."""
    return str(analysis.open_snapshot(folder).manifest["period"])


def combine_snapshots(*, answers: Path, dossiers: Path, folder: Path) -> None:
    """Write a snapshot of the answers of one and the dossiers of another."""
    analysis.combine_snapshots(
        analysis.open_snapshot(answers), analysis.open_snapshot(dossiers), folder
    )


def snapshot_checksum(*, folder: Path) -> str:
    """Identity of a snapshot."""
    return analysis.open_snapshot(folder).checksum
