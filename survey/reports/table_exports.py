"""Tables of figures as files: made when asked for, by schedules, and handed out once by a link."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.common.durable_files import replace_file
from survey.common.tokens import keyed_hash, keyed_hashes, new_code, normalise_code
from survey.followup.effects import standing_editions
from survey.reports.models import ExportLink, ExportSchedule, Interval, KeptExport, TableKind
from survey.reports.services import PERIODS
from survey.scorecards.bridge.bundles import write_plain_index
from survey.scorecards.bridge.exports import export_rows
from survey.scorecards.models import Edition
from survey.scorecards.queries import province_result, visible_results

log = logging.getLogger(__name__)
KEPT_FOR: Final = timedelta(days=90)
LINK_TTL: Final = timedelta(days=7)
LINK_LENGTH: Final = 24
PURPOSE: Final = "export-link"


def make_table(*, edition: Edition, user: User, kind: str) -> bytes:
    """The figures of an edition in an account's scope, as a file of a kind."""
    whole = province_result(edition)
    results = [*([whole] if whole else []), *visible_results(edition, user)]
    rows = [row for result in results for row in result.rows]
    if kind == TableKind.PLAIN:
        return write_plain_index(rows, edition.about)
    return export_rows(rows=rows, about=edition.about, kind=kind)


def make_scheduled_exports(now: datetime) -> int:
    """Make what schedules ask for of figures released since they were set up; how many. An owner
    who may no longer have it gets none, and what goes wrong with one stops no other.
    """
    made, day, standing = 0, timezone.localdate(now), standing_editions()
    for schedule in ExportSchedule.objects.select_related("owner"):
        owner = schedule.owner
        if not owner.is_open(day) or not may(owner, "make-reports"):
            continue
        for edition in _find_missing(schedule, standing, now):
            try:
                with transaction.atomic():
                    _keep(edition, owner, schedule.kind, now)
            except Exception:
                log.exception("a scheduled export was not made")
            else:
                made += 1
    return made


def _find_missing(
    schedule: ExportSchedule, standing: list[Edition], now: datetime
) -> list[Edition]:
    """Standing figures of the schedule's length, released since it was set up, of which there is no
    table: of every period, and anew of one that was corrected.
    """
    rows = KeptExport.objects.filter(owner=schedule.owner, kind=schedule.kind)
    there = set(rows.values_list("edition_id", flat=True))
    since = max(schedule.made_at, now - KEPT_FOR)
    return [
        one
        for one in standing
        if PERIODS[Interval(schedule.interval)].fullmatch(one.period)
        and one.pk not in there
        and one.released_at
        and one.released_at >= since
    ]


def _keep(edition: Edition, owner: User, kind: str, now: datetime) -> KeptExport:
    content = make_table(edition=edition, user=owner, kind=kind)
    row = KeptExport.objects.create(
        owner=owner,
        edition=edition,
        kind=kind,
        scope=owner.agency,
        sha256=sha256(content).hexdigest(),
        made_at=now,
    )
    replace_file(export_path(row), content)
    return row


def export_path(row: KeptExport) -> Path:
    """Where a table lies."""
    return Path(settings.VAR_DIR) / "exports" / str(row.pk)


def read_table(row: KeptExport) -> bytes | None:
    """A table as it was made; None where the file is gone or is another."""
    try:
        content = export_path(row).read_bytes()
    except OSError:
        return None
    return content if sha256(content).hexdigest() == row.sha256 else None


def own_exports(user: User, now: datetime) -> QuerySet[KeptExport]:
    """What an account's schedules made and it may still have: by its role and scope as they are
    now, of figures that stand.
    """
    if not user.is_open(timezone.localdate(now)) or not may(user, "make-reports"):
        return KeptExport.objects.none()
    standing = [one.pk for one in standing_editions()]
    rows = KeptExport.objects.filter(owner=user, scope=user.agency, made_at__gt=now - KEPT_FOR)
    return rows.filter(edition__in=standing).select_related("edition", "owner")


@transaction.atomic
def make_link(*, export: KeptExport, now: datetime) -> str:
    """A code that hands a table out once within a week; it is told here and nowhere else."""
    code = new_code(LINK_LENGTH)
    ExportLink.objects.create(
        export=export,
        lookup=keyed_hash(PURPOSE, code),
        made_at=now,
        expires_at=now + LINK_TTL,
    )
    return code


def find_link(code: str, now: datetime) -> ExportLink | None:
    """The unused link of a code, while its maker may still have the table."""
    wanted = normalise_code(code)
    if len(wanted) != LINK_LENGTH:
        return None
    rows = ExportLink.objects.select_related("export__owner", "export__edition")
    lookups = list(keyed_hashes(PURPOSE, wanted))
    found = rows.filter(lookup__in=lookups, used_at=None, expires_at__gt=now).first()
    if found is None:
        return None
    mine = own_exports(found.export.owner, now).filter(pk=found.export_id)
    return found if mine.exists() and read_table(found.export) is not None else None


def use_link(*, link: ExportLink, now: datetime) -> bytes:
    """The table, once.

    Raises
    ------
    ValidationError
        Somebody has taken it meanwhile, or the file is gone.
    """
    content = read_table(link.export)
    if content is None or not ExportLink.objects.filter(pk=link.pk, used_at=None).update(
        used_at=now
    ):
        raise ValidationError(_("This link has been used, or works no more."))
    return content


def forget_exports(now: datetime) -> int:
    """Delete tables whose time is over, with their links, and files no row knows; how many rows.
    One that cannot be deleted keeps no other.
    """
    old = KeptExport.objects.filter(made_at__lte=now - KEPT_FOR)
    gone = old.count()
    old.delete()
    known = {str(pk) for pk in KeptExport.objects.values_list("pk", flat=True)}
    folder = Path(settings.VAR_DIR) / "exports"
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in known:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                log.exception("an export could not be deleted")
    return gone
