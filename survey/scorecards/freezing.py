"""The answers and dossiers of a finished period, frozen: taken once, kept, and what is computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.common.periods import Period
from survey.responses.cut_offs import CutOff, closing, find_cut_off, keep_cut_off
from survey.scorecards.archive import find_snapshot, keep_snapshot
from survey.scorecards.bridge.snapshots import snapshot_checksum, take_snapshot


@contextmanager
def frozen_answers(
    *, period: Period, by: User | None, asked_at: datetime, now: datetime, anew: str = ""
) -> Iterator[tuple[Path, CutOff | None]]:
    """The snapshot a period is computed from, and its cut-off.

    A running period has none: its snapshot is of this moment. The first one taken of a period that
    has ended cuts it off; from then on the same one is given, unless ``anew`` says why it is to be
    cut off once more. What was asked for and cut off before its worker was killed is not cut off
    again.

    Raises
    ------
    ValueError
        The copy of the frozen snapshot is not on this server, or the period ended since it was
        asked for: nobody has asked to cut it off.
    """
    if period.last >= timezone.localdate(now):
        with _taken(period, now) as folder:
            yield folder, None
        return
    if period.last >= timezone.localdate(asked_at):
        raise ValueError(_("The period has ended since this was asked for: ask again."))
    standing = find_cut_off(period.name)
    if standing is None or (anew and standing.made_at < asked_at):
        with closing(period, now), _taken(period, now) as taken:
            standing = cut_off(period=period, folder=taken, by=by, now=now, reason=anew)
    kept = find_snapshot(standing.snapshot_sha256)
    if kept is None:
        raise ValueError(
            _(
                "The frozen answers of %(period)s are no longer on this server: put them back "
                "under var/snapshots, or cut the period off once more."
            )
            % {"period": period.title}
        )
    yield kept, standing


def cut_off(
    *, period: Period, folder: Path, by: User | None, now: datetime, reason: str = ""
) -> CutOff:
    """Keep a snapshot as what a finished period is computed from.

    Raises
    ------
    ValidationError
        The period has not ended.
    """
    checksum = snapshot_checksum(folder=folder)
    # First: whoever finds the row finds the copy.
    keep_snapshot(folder, checksum)
    with transaction.atomic():
        return keep_cut_off(period=period, snapshot_sha256=checksum, reason=reason, by=by, now=now)


@contextmanager
def _taken(period: Period, now: datetime) -> Iterator[Path]:
    with TemporaryDirectory(prefix="snapshot-") as temporary:
        folder = Path(temporary) / "snapshot"
        take_snapshot(period=period, folder=folder, now=now, province=settings.PROVINCE_NAME)
        yield folder
