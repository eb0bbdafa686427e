"""The answers of a released edition for one analyst: asked for with a purpose, decided by two
people, made by the worker, marked with who received it, gone after a week.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
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
from survey.accounts.permissions import holds_role
from survey.common.periods import parse_period
from survey.common.text import check_words
from survey.questionnaires.shipped import shipped_labels
from survey.reports.method_note import write_method_note
from survey.reports.models import AnalystBundle
from survey.reports.packs import write_note
from survey.scorecards.archive import find_snapshot
from survey.scorecards.bridge.bundles import BundleText, write_bundle, write_plain_index
from survey.scorecards.bridge.methods import method_text
from survey.scorecards.methods import locate_method
from survey.scorecards.models import ComputationState, Edition

log = logging.getLogger(__name__)
KEPT_FOR: Final = timedelta(days=7)
MIN_PURPOSE: Final = 10
LONGEST_WORK: Final = timedelta(days=1)
ENDED: Final = (ComputationState.DONE, ComputationState.FAILED)


def clean_purpose(text: str) -> str:
    """What the answers are for, in one line.

    Raises
    ------
    ValidationError
        It is too short, or holds characters that cannot be stored.
    """
    purpose = " ".join(check_words(text).split())
    if len(purpose) < MIN_PURPOSE:
        raise ValidationError(_("Say in a sentence what the answers are needed for."))
    return purpose


def check_bundle(edition: Edition, purpose: str) -> None:
    """Whether a bundle can be asked for.

    Raises
    ------
    ValidationError
        The figures are not released, their answers are not kept here, or no purpose is told.
    """
    if not edition.is_released:
        raise ValidationError(_("Only released figures have a bundle."))
    if find_snapshot(edition.snapshot_sha256) is None:
        raise ValidationError(_("The frozen answers of these figures are not kept here."))
    clean_purpose(purpose)


def may_receive(user: User, now: datetime) -> bool:
    """Whether an account may have single answers, by its role alone."""
    return user.is_open(timezone.localdate(now)) and holds_role(user, "export-answers")


def check_receiver(row: AnalystBundle, now: datetime) -> None:
    """Whether who asked may still have it; of a row with ``edition`` and ``asked_by``.

    Raises
    ------
    ValidationError
        The figures were withdrawn, the account or its role ended, or the week is over.
    """
    if not row.edition.is_released:
        raise ValidationError(_("Only released figures have a bundle."))
    if not may_receive(row.asked_by, now):
        raise ValidationError(_("Who asked may no longer have single answers."))
    if row.asked_at + KEPT_FOR <= now:
        raise ValidationError(_("The time this was asked for is over. Please ask again."))


def is_here(row: AnalystBundle, now: datetime) -> bool:
    """Whether its file can be downloaded by who asked."""
    try:
        check_receiver(row, now)
    except ValidationError:
        return False
    return row.state == ComputationState.DONE and bundle_path(row).is_file()


def request_bundle(*, edition: Edition, purpose: str, by: User, now: datetime) -> AnalystBundle:
    """Have the bundle made for an account.

    Raises
    ------
    ValidationError
        See ``check_bundle``.
    """
    check_bundle(edition, purpose)
    with transaction.atomic():
        row = AnalystBundle.objects.create(
            edition=edition, purpose=clean_purpose(purpose), asked_by=by, asked_at=now
        )
        transaction.on_commit(lambda: build_bundle.enqueue(row.pk))
    return row


@task()
def build_bundle(number: int) -> None:
    """Make a bundle that was asked for, and keep what became of it."""
    row = AnalystBundle.objects.filter(pk=number).exclude(state__in=ENDED).first()
    if row is None:
        return
    rows = AnalystBundle.objects.filter(pk=number)
    rows.update(state=ComputationState.COMPUTING)
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=_folder()) as temporary:
        made = Path(temporary) / "bundle.zip"
        try:
            sha256 = _make(row, made)
        except ValidationError as error:
            rows.update(state=ComputationState.FAILED, problem=error.messages[0])
        except Exception as error:  # whatever it is, nobody may be left waiting
            log.exception("a bundle was not made")
            rows.update(state=ComputationState.FAILED, problem=str(error))
        else:
            size = made.stat().st_size
            made.replace(bundle_path(row))
            rows.update(state=ComputationState.DONE, sha256=sha256, size=size)


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "bundles"


def bundle_path(row: AnalystBundle) -> Path:
    """Where a bundle lies; each is one account's alone."""
    return _folder() / f"{row.pk}.zip"


def _make(row: AnalystBundle, target: Path) -> str:
    check_receiver(row, timezone.now())
    edition = row.edition
    folder = find_snapshot(edition.snapshot_sha256)
    if folder is None:
        raise ValidationError(_("The frozen answers of these figures are not kept here."))
    method = locate_method(edition.method, edition.method_sha256)
    path = Path(method)
    text = path.read_text(encoding="utf-8") if path.is_file() else method_text(method)
    results = sorted(
        edition.results.select_related("agency"), key=lambda r: r.agency.key if r.agency else ""
    )
    rows = [line for result in results for line in result.rows]
    about = BundleText(
        titles=_name(edition),
        producer=settings.PROVINCE_NAME,
        readme=_write_readme(row),
        method=text,
        index=write_plain_index(rows, edition.about),
        labels=shipped_labels(),
        files={"method-note.json": write_note(write_method_note(edition))},
    )
    return write_bundle(folder=folder, method=method, about=about, target=target)


def _name(edition: Edition) -> dict[str, str]:
    titles = {}
    for language in ("vi", "en"):
        with override(language):
            words = {"province": settings.PROVINCE_NAME}
            words["period"] = parse_period(edition.period).title
            titles[language] = _("Satisfaction index, %(province)s, %(period)s") % words
    return titles


def _write_readme(row: AnalystBundle) -> str:
    """Who has it, for what, and what may be done with it."""
    with override("vi"):
        words = {
            "number": row.pk,
            "who": row.asked_by.get_full_name() or row.asked_by.username,
            "moment": timezone.localtime(row.asked_at).strftime("%H:%M %d/%m/%Y"),
            "purpose": row.purpose,
            "edition": f"{row.edition.period} {row.edition.method}",
            "snapshot": row.edition.snapshot_sha256,
        }
        return (
            _(
                "Bundle %(number)s, made for %(who)s at %(moment)s.\n"
                "Purpose: %(purpose)s\n"
                "Figures: %(edition)s, snapshot %(snapshot)s\n\n"
                "It holds single answers without names, phone numbers, free text or times. It is "
                "for this purpose and this person only: do not pass it on, do not try to find "
                "anybody, publish no figure of fewer than ten answers, delete it when the work is "
                "done."
            )
            % words
            + "\n"
        )


def forget_bundles(now: datetime) -> int:
    """Delete what lies there after its week, or was left half-made by a process that was killed;
    how much. The request stays on record.
    """
    recent = AnalystBundle.objects.filter(asked_at__gt=now - KEPT_FOR)
    kept = {bundle_path(row).name for row in recent}
    old = now.timestamp() - LONGEST_WORK.total_seconds()
    gone = 0
    for path in _folder().glob("*"):
        try:
            if path.is_dir() and path.stat().st_mtime < old:
                rmtree(path)
            elif path.is_file() and path.name not in kept:
                path.unlink()
            else:
                continue
        except FileNotFoundError:  # a worker was done with it in between
            continue
        gone += 1
    return gone
