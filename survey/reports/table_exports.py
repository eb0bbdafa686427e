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
from survey.common.tokens import keyed_hash, keyed_hashes, new_code, normalise_code
from survey.reports.models import ExportLink, ExportSchedule, KeptExport, TableKind
from survey.reports.services import find_next
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
    """Make what schedules ask for of periods released since; how many. An owner who may no longer
    have it gets none, and what goes wrong with one stops no other.
    """
    made, day = 0, timezone.localdate(now)
    for schedule in ExportSchedule.objects.select_related("owner", "last_edition"):
        edition, owner = find_next(schedule), schedule.owner
        if edition is None or not owner.is_open(day) or not may(owner, "make-reports"):
            continue
        try:
            with transaction.atomic():
                _keep(edition, owner, schedule.kind, now)
                ExportSchedule.objects.filter(pk=schedule.pk).update(last_edition=edition)
        except Exception:
            log.exception("a scheduled export was not made")
        else:
            made += 1
    return made


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
    export_path(row).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    export_path(row).write_bytes(content)
    return row


def export_path(row: KeptExport) -> Path:
    """Where a table lies."""
    return Path(settings.VAR_DIR) / "exports" / str(row.pk)


def own_exports(user: User, now: datetime) -> QuerySet[KeptExport]:
    """What an account's schedules made and it may still have: of its scope as it is now, of figures
    that stand.
    """
    rows = KeptExport.objects.filter(owner=user, scope=user.agency, made_at__gt=now - KEPT_FOR)
    rows = rows.filter(edition__withdrawn_at=None)
    return rows.select_related("edition", "owner")


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
    if found is None or not found.export.owner.is_open(timezone.localdate(now)):
        return None
    mine = own_exports(found.export.owner, now).filter(pk=found.export_id)
    return found if mine.exists() and export_path(found.export).is_file() else None


def use_link(*, link: ExportLink, now: datetime) -> bytes:
    """The table, once.

    Raises
    ------
    ValidationError
        Somebody has taken it meanwhile.
    """
    content = export_path(link.export).read_bytes()
    if not ExportLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
        raise ValidationError(_("This link has been used, or works no more."))
    return content


def forget_exports(now: datetime) -> int:
    """Delete tables whose time is over, with their links; how many."""
    old = KeptExport.objects.filter(made_at__lte=now - KEPT_FOR)
    gone = 0
    for row in old:
        export_path(row).unlink(missing_ok=True)
        row.delete()
        gone += 1
    return gone
