"""A pack asked for on a page and made by the worker, with its progress."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import task

from survey.accounts.models import User
from survey.common.languages import staff_language
from survey.common.locks import lock_transaction
from survey.common.periods import parse_period
from survey.reports.models import QuarterPack
from survey.reports.packs import make_pack, pack_path
from survey.scorecards.models import ComputationState

log = logging.getLogger(__name__)
STUCK_AFTER: Final = timedelta(hours=1)
ENDED: Final = (ComputationState.DONE, ComputationState.FAILED)


def request_pack(*, period: str, by: User, now: datetime) -> QuarterPack:
    """Have the pack of a period made.

    Raises
    ------
    ValidationError
        It is no period, or its pack is being made.
    """
    try:
        parse_period(period)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    with transaction.atomic():
        lock_transaction("packs")
        young = QuarterPack.objects.filter(period=period, asked_at__gt=now - STUCK_AFTER)
        if young.exclude(state__in=ENDED).exists():
            raise ValidationError(_("This pack is being made already."))
        row = QuarterPack.objects.create(period=period, asked_by=by, asked_at=now)
        transaction.on_commit(lambda: build_pack.enqueue(row.pk, by.language))
    return row


@task()
def build_pack(number: int, language: str) -> None:
    """Make a pack that was asked for, and keep what became of it."""
    row = QuarterPack.objects.filter(pk=number).exclude(state__in=ENDED).first()
    if row is None:
        return
    rows = QuarterPack.objects.filter(pk=number)
    rows.update(state=ComputationState.COMPUTING)

    def note(done: int, total: int) -> None:
        rows.update(done=done, total=total)

    folder = Path(settings.VAR_DIR) / "packs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with override(staff_language(language)), TemporaryDirectory(dir=folder) as temporary:
        made = Path(temporary) / "pack.zip"
        try:
            sha256 = make_pack(
                period=parse_period(row.period), target=made, as_of=timezone.now(), progress=note
            )
        except ValidationError as error:
            rows.update(state=ComputationState.FAILED, problem=error.messages[0])
        except Exception as error:  # whatever it is, nobody may be left waiting
            log.exception("a pack was not made")
            rows.update(state=ComputationState.FAILED, problem=str(error))
        else:
            size = made.stat().st_size
            made.replace(pack_path(sha256))
            rows.update(state=ComputationState.DONE, sha256=sha256, size=size)
