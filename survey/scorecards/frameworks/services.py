"""Bringing, changing, publishing and retiring frameworks."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.models import AgencyKind
from survey.common.text import is_storable
from survey.scorecards.bridge.frameworks import Framework, FrameworkError, read_framework
from survey.scorecards.frameworks.faults import tell_faults
from survey.scorecards.frameworks.models import FrameworkFile

MAX_FRAMEWORK_BYTES: Final = 256 * 1024
FRAMEWORK_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def check_text(text: str) -> Framework:
    """A framework from what somebody wrote.

    Raises
    ------
    ValidationError
        With a sentence for every fault.
    """
    if len(text.encode()) > MAX_FRAMEWORK_BYTES or not is_storable(text):
        raise ValidationError(_("The file is too large, or not text."))
    try:
        framework = read_framework(text)
    except FrameworkError as error:
        raise ValidationError(tell_faults(error)) from error
    if FRAMEWORK_CODE.fullmatch(framework.id) is None:
        raise ValidationError(
            _(
                "The id may hold small letters without marks, digits and hyphens, like "
                "so-nganh-2026."
            )
        )
    _check_kinds(framework)
    return framework


def _check_kinds(framework: Framework) -> None:
    told = {kind for line in framework.criteria for kind in line.applies_to}
    unknown = sorted((told | set(framework.applies_to)) - set(AgencyKind.values))
    if unknown:
        raise ValidationError(
            _("There is no kind of agency “%(kind)s”. Known: %(known)s.")
            % {"kind": unknown[0][:60], "known": ", ".join(AgencyKind.values)}
        )


def decode_framework(content: bytes) -> str:
    """Text of a file as it was uploaded.

    Raises
    ------
    ValidationError
        It is no UTF-8.
    """
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValidationError(_("The file is not UTF-8. Save it again as UTF-8.")) from error


def save_framework(*, text: str, by: User, now: datetime, replaces: str = "") -> FrameworkFile:
    """Keep a draft: the next version of its code, or the draft that is there, if ``replaces`` is
    the checksum of what stands in it: nobody writes over what they have not seen.

    Raises
    ------
    ValidationError
        With a sentence for every fault.
    """
    text = text.replace("\r\n", "\n")
    framework = check_text(text)
    try:
        with transaction.atomic():
            return _write_draft(framework, text, by, now, replaces)
    except IntegrityError as error:
        raise ValidationError(
            _("Somebody else saved this framework just now. Try again.")
        ) from error


def _write_draft(
    framework: Framework, text: str, by: User, now: datetime, replaces: str
) -> FrameworkFile:
    rows = FrameworkFile.objects.filter(code=framework.id)
    draft = rows.filter(published_at=None).select_for_update().first()
    if draft is not None and draft.sha256 not in (replaces, framework.sha256):
        raise ValidationError(
            _("There is another draft of “%(code)s”. Open it and change it there.")
            % {"code": framework.id}
        )
    if draft is None:
        newest = rows.aggregate(newest=Max("version"))["newest"] or 0
        draft = FrameworkFile(code=framework.id, version=newest + 1)
    draft.title = framework.titles["vi"][:300]
    draft.text, draft.sha256 = text, framework.sha256
    draft.kinds = list(framework.applies_to)
    draft.valid_from, draft.valid_to = framework.valid_from, framework.valid_to
    draft.brought_by, draft.brought_at = by, now
    draft.save()
    return draft


def check_unused(code: str) -> None:
    """Whether a new framework may have a code.

    Raises
    ------
    ValidationError
        By field: another framework has it.
    """
    if FrameworkFile.objects.filter(code=code).exists():
        raise ValidationError(
            {"id": _("Another framework has this code: begin its next version from its page.")}
        )


def delete_draft(*, framework: FrameworkFile) -> None:
    """Throw a draft away.

    Raises
    ------
    ValidationError
        It has been published.
    """
    gone, _by = FrameworkFile.objects.filter(pk=framework.pk, published_at=None).delete()
    if not gone:
        raise ValidationError(_("A published framework stays."))


def publish_framework(*, framework: FrameworkFile, now: datetime) -> FrameworkFile:
    """From now on agencies can be scored by it, word for word as ``framework`` was read.

    Raises
    ------
    ValidationError
        It was published before, or changed since it was read.
    """
    same = FrameworkFile.objects.filter(pk=framework.pk, published_at=None, sha256=framework.sha256)
    done = same.update(published_at=now)
    if not done:
        raise ValidationError(_("This framework has been published or changed already."))
    framework.refresh_from_db()
    return framework


def retire_framework(*, framework: FrameworkFile, now: datetime) -> FrameworkFile:
    """Nothing new is scored by it; what was scored stays.

    Raises
    ------
    ValidationError
        It is not in use.
    """
    rows = FrameworkFile.objects.filter(pk=framework.pk, retired_at=None)
    if not rows.exclude(published_at=None).update(retired_at=now):
        raise ValidationError(_("Only a published framework can be retired."))
    framework.refresh_from_db()
    return framework


def frameworks_in_force(kind: str, day: date) -> list[FrameworkFile]:
    """Published frameworks that score agencies of a kind on a day, the newest first."""
    rows = (
        FrameworkFile.objects.exclude(published_at=None)
        .filter(retired_at=None, valid_from__lte=day)
        .filter(Q(valid_to=None) | Q(valid_to__gte=day))
        .order_by("-valid_from", "-version", "-pk")
    )
    return [row for row in rows if not row.kinds or kind in row.kinds]
