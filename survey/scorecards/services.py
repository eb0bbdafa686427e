"""Writes: an edition from a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from survey.agencies.models import Agency
from survey.common.periods import Period, parse_period
from survey.scorecards.bridge import Computed, Release, compute_index, items_of, period_of, place_of
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import releases_sharing

MOST_SUMMED: Final = 3
"""How many releases are added up: months of a quarter, quarters of a year."""


def make_edition(*, folder: Path, method: str, now: datetime) -> Edition:
    """Compute a snapshot and keep the publishable figures; the same snapshot and method give the
    same edition once.

    Editions of other periods, or of this one, that were made after their period ended are releases:
    no figure may differ from theirs by so few answers that the difference tells them. While a
    period runs its editions are previews, marked so; their figures keep still until ten answers
    have come in, and nothing finer than a figure stands in them.
    """
    period = parse_period(period_of(folder=folder))
    ahead = timezone.localdate(now) <= period.last
    releases = releases_sharing(period, items_of(method=method), previews=ahead)
    computed = compute_index(folder=folder, method=method, earlier=_known_numbers(releases, period))
    same = [
        edition
        for edition in releases
        if edition.period == computed.period and edition.method == method
    ]
    if ahead:
        computed = replace(
            computed,
            responses=computed.responses // 10 * 10,
            about=_without_details(computed.about),
        )
    return _keep(_held(computed, same[0] if same else None), now)


def _without_details(about: dict[str, Any]) -> dict[str, Any]:
    """What identifies an edition, without rates by month and shares of levels: they are not held
    still.
    """
    return {
        key: value for key, value in about.items() if key not in ("coverage", "levels", "responses")
    }


def _known_numbers(releases: Sequence[Edition], period: Period) -> list[Release]:
    """Numbers anybody can put together from releases: each, and sums of those that follow each
    other in the period.

    A quarter minus the first two of its months is the third.
    """
    known = [_numbers(edition) for edition in releases]
    inside = [
        (parse_period(edition.period), numbers)
        for edition, numbers in zip(releases, known, strict=True)
    ]
    inside = [
        (span, numbers)
        for span, numbers in inside
        if period.first <= span.first and span.last <= period.last
    ]
    sums: list[Release] = []
    for size in range(2, min(len(inside), MOST_SUMMED) + 1):
        for chosen in combinations(inside, size):
            spans = sorted((span for span, _ in chosen), key=lambda span: span.first)
            if all(a.last < b.first for a, b in pairwise(spans)):
                places = set.intersection(*({*numbers} for _, numbers in chosen))
                sums.append(
                    {place: sum(numbers[place] for _, numbers in chosen) for place in places}
                )
    return known + sums


def _numbers(edition: Edition) -> Release:
    """Numbers of answers an edition has shown, by (agency key, level, code)."""
    return {
        (row["agency"], row["level"], row["code"]): int(row["n"])
        for result in edition.results.all()
        for row in result.rows
        if isinstance(row["n"], int)
    }


def _held(computed: Computed, before: Edition | None) -> Computed:
    """What is kept: a figure that has not moved by enough answers stays what it was in the edition
    before.

    Also where only answers changed, and also where it was hidden: a figure that appears although
    hardly anybody was added would give away, with the edition before, what was hidden beside it.
    What it is held against next time is the number it was shown with, so that small steps add up.
    """
    if before is None:
        return computed
    earlier = {place_of(row): row for result in before.results.all() for row in result.rows}
    still = {
        place
        for place, n in before.counted.items()
        if place in earlier and abs(computed.counted.get(place, 0) - int(n)) < computed.min_n
    }
    rows = {
        agency: [earlier[place_of(row)] if place_of(row) in still else row for row in rows]
        for agency, rows in computed.rows.items()
    }
    counted = {**computed.counted, **{place: int(before.counted[place]) for place in still}}
    return replace(computed, rows=rows, counted=counted)


@transaction.atomic
def _keep(computed: Computed, now: datetime) -> Edition:
    identity = {
        "period": computed.period,
        "method_sha256": computed.method_sha256,
        "snapshot_sha256": computed.snapshot_sha256,
    }
    if existing := Edition.objects.filter(**identity).first():
        return existing
    edition = Edition.objects.create(
        **identity,
        method=computed.method,
        method_version=computed.method_version,
        responses=computed.responses,
        about=computed.about,
        counted=computed.counted,
        made_at=now,
    )
    ids = dict(Agency.objects.filter(key__in=computed.rows).values_list("key", "pk"))
    AgencyResult.objects.bulk_create(
        AgencyResult(
            edition=edition,
            agency_id=None if key == computed.province_key else ids[key],
            name=rows[0]["agency_name"],
            kind=rows[0]["agency_kind"],
            rows=rows,
        )
        for key, rows in computed.rows.items()
    )
    return edition
