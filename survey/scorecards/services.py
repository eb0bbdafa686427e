"""Writes: an edition from a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.agencies.models import Agency
from survey.common.happenings import Event, tell
from survey.common.locks import lock_transaction
from survey.common.periods import parse_period
from survey.common.version import software_version
from survey.scorecards.archive import find_snapshot, keep_snapshot
from survey.scorecards.bridge.indices import Computed, compute_index, method_items
from survey.scorecards.bridge.methods import (
    DEFAULT_TARGET,
    Target,
    read_target,
    summarise_method,
)
from survey.scorecards.bridge.snapshots import combine_snapshots, snapshot_period
from survey.scorecards.bridge.standing import find_standing
from survey.scorecards.holding import hold_preview, moved_enough
from survey.scorecards.models import AgencyResult, Edition, EditionState
from survey.scorecards.queries import figures_shown, releases_about

RELEASES: Final = "releases"
"""Lock of what may not happen beside a release."""
Aim = Mapping[str, str]
"""A target as an edition keeps it."""


def make_edition(
    *, folder: Path, method: str, now: datetime, target: Target = DEFAULT_TARGET
) -> Edition:
    """Compute a snapshot and keep the publishable figures; the same snapshot and method give the
    same edition once.

    Editions made after their period ended wait for two people to release them. No number of a new
    one may tell, with those, of a few people. The answers of such an edition stand: a later
    snapshot changes them only where every agency it moves moves by enough of them; otherwise its
    dossiers are taken with the answers that stand. While a period runs its editions are previews,
    marked so: they hold nothing finer than whole agencies, and keep still until ten answers have
    come in.

    ``method`` is a name or the path of a file of the province's own; ``target`` stands with the
    figures.

    Raises
    ------
    ValueError
        Another snapshot of the period was released and its copy is not there any more.
    """
    period, name = parse_period(snapshot_period(folder=folder)), summarise_method(method).id
    aim = {"operator": target.operator, "value": str(target.value)}
    ahead = timezone.localdate(now) <= period.last
    released = releases_about(method_items(method=method), previews=ahead)
    mine = [edition for edition in released if edition.period == period.name]
    before = next((edition for edition in mine if edition.method == name), None)
    if ahead:
        others = [edition for edition in released if edition.period != period.name]
        preview = _as_preview(_compute(folder, method, others, aim))
        return _keep(hold_preview(preview, before), now)
    computed = _compute(folder, method, [e for e in released if e is not before], aim)
    standing = [edition for edition in mine if not edition.is_preview]
    if any(edition.answers == computed.answers for edition in standing):
        return _keep_released(folder, method, now, released, aim)
    if not standing or (before in standing and moved_enough(computed, before)):
        edition = _keep(_with_still_details(computed, before), now)
        keep_snapshot(folder, computed.snapshot_sha256)
        return edition
    with TemporaryDirectory() as temporary:
        both = Path(temporary) / "snapshot"
        combine_snapshots(answers=_released_answers(standing), dossiers=folder, folder=both)
        return _keep_released(both, method, now, released, aim)


@transaction.atomic
def release_edition(*, edition: Edition, now: datetime) -> Edition:
    """Show an edition to everybody.

    Raises
    ------
    ValidationError
        It was made while its period ran, or was released or withdrawn before.
    """
    # What it counts is frozen from here on.
    lock_transaction(RELEASES)
    locked = Edition.objects.select_for_update().get(pk=edition.pk)
    if locked.state != EditionState.COMPUTED:
        raise ValidationError(_("Only figures of a finished period can be released, and once."))
    # One after the other: a number is given once.
    own = Edition.objects.filter(period=locked.period).order_by("pk")
    numbers = list(own.select_for_update().values_list("public_number", flat=True))
    number = max((n for n in numbers if n is not None), default=0) + 1
    Edition.objects.filter(pk=locked.pk).update(released_at=now, public_number=number)
    locked.released_at, locked.public_number = now, number
    tell(
        Event.EDITION,
        edition=locked.pk,
        period=locked.period,
        method=locked.method,
        number=number,
    )
    return locked


@transaction.atomic
def withdraw_edition(*, edition: Edition, now: datetime) -> Edition:
    """Take released figures back. They stay in the archive, and what was told of them stays told:
    later editions are still held against them.

    Raises
    ------
    ValidationError
        It is not released.
    """
    locked = Edition.objects.select_for_update().get(pk=edition.pk)
    if not locked.is_released:
        raise ValidationError(_("Only released figures can be withdrawn."))
    Edition.objects.filter(pk=locked.pk).update(withdrawn_at=now)
    locked.withdrawn_at = now
    return locked


def _keep_released(
    folder: Path, method: str, now: datetime, released: Sequence[Edition], aim: Aim
) -> Edition:
    """The edition of a snapshot with released answers: only its dossiers are others."""
    computed = _compute(folder, method, released, aim)
    edition = _keep(computed, now)
    keep_snapshot(folder, computed.snapshot_sha256)
    return edition


def _released_answers(standing: Sequence[Edition]) -> Path:
    """The copy of the snapshot a period was released from."""
    kept = next(filter(None, (find_snapshot(e.snapshot_sha256) for e in standing)), None)
    if kept is None:
        raise ValueError(
            _(
                "The figures of %(period)s were released from another snapshot, and few answers "
                "have changed since: the difference would tell them. Its copy is no longer on this "
                "server: put it back under var/snapshots, or leave the released figures as they "
                "are."
            )
            % {"period": standing[0].period}
        )
    return kept


def _compute(folder: Path, method: str, released: Sequence[Edition], aim: Aim) -> Computed:
    releases = [figures_shown(edition) for edition in released]
    computed = compute_index(folder=folder, method=method, releases=releases)
    return replace(computed, about={**computed.about, "target": dict(aim)})


def _as_preview(computed: Computed) -> Computed:
    """What a preview shows: whole agencies, no rates by month and no shares of levels."""
    finer = (
        "coverage",
        "levels",
        "responses",
        "rank_sensitivity",
        "with_excluded",
        "response",
        "modes",
    )
    return replace(
        computed,
        responses=computed.responses // 10 * 10,
        about={key: value for key, value in computed.about.items() if key not in finer},
        rows={
            agency: [row for row in rows if row["level"] == "overall"]
            for agency, rows in computed.rows.items()
        },
    )


def _with_still_details(computed: Computed, before: Edition | None) -> Computed:
    """Levels and rates by month of agencies that have not moved stay what they were: shares of five
    levels show a single changed answer, and a month an answer that was dated anew.
    """
    if before is None:
        return computed
    still = {
        place.split("/")[0]
        for place, n in before.counted.items()
        if place.endswith("/overall/overall") and computed.counted.get(place) == n
    }
    about = dict(computed.about)
    for name in ("coverage", "levels"):
        kept = [line for line in before.about.get(name, []) if line[0] in still]
        new = [line for line in about.get(name, []) if line[0] not in still]
        about[name] = sorted(kept + new, key=lambda line: [str(part) for part in line[:2]])
    return replace(computed, about=about)


def _find_standing(computed: Computed) -> dict[str, dict[str, Any]]:
    """Verdicts and expected ranks by agency key, of what is shown and nothing else."""
    rows = [row for rows in computed.rows.values() for row in rows]
    return find_standing(rows, read_target(computed.about))


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
        about={
            **computed.about,
            "standing": _find_standing(computed),
            "software": software_version(),
        },
        counted=computed.counted,
        answers=computed.answers,
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
