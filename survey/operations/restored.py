"""A restored installation: a mark in its data folder says so until two people have accepted it.

What was given, decided, released or withdrawn after the backup may be missing: until somebody has
looked and a second person agrees, no figures and no points are published, and no single answers
handed out. What had been published before the backup stays.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.common.durable_files import replace_file
from survey.operations.readiness import RESTORED, read_mark

ACCEPTED: Final = "last-restore.json"
UNKNOWN: Final = "1970-01-01T00:00:00+00:00"


def mark_restored(files: Path, manifest: dict[str, Any], backup: str, now: datetime) -> None:
    """Leave the mark in restored files."""
    mark = {"at": now.isoformat(), "backup": backup, "made_at": manifest["at"]}
    replace_file(files / RESTORED, json.dumps(mark).encode())


def find_restore() -> dict[str, Any] | None:
    """The mark of a restore nobody has accepted yet; one that cannot be read waits as well."""
    try:
        mark = read_mark(RESTORED)
        if mark is not None:
            describe_restore(mark)
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"at": UNKNOWN, "made_at": UNKNOWN, "backup": "?"}
    return mark


def describe_restore(mark: dict[str, Any]) -> str:
    """When it was restored, and from what."""
    restored, made = (
        timezone.localtime(datetime.fromisoformat(str(mark[name]))) for name in ("at", "made_at")
    )
    return _("restored at %(restored)s from the backup of %(made)s") % {
        "restored": f"{restored:%H:%M %d/%m/%Y}",
        "made": f"{made:%H:%M %d/%m/%Y}",
    }


def check_accepted() -> None:
    """Refuse what must not leave a restored installation.

    Raises
    ------
    ValidationError
        The restore waits for two people.
    """
    if find_restore() is not None:
        raise ValidationError(
            _(
                "The data come from a backup. Two people have to accept that first, "
                "on the page “State of the system”."
            )
        )


def accept_restore(mark: dict[str, Any], now: datetime) -> None:
    """The mark becomes the record of the last restore."""
    folder = Path(settings.VAR_DIR)
    content = json.dumps({**mark, "accepted_at": now.isoformat()}).encode()
    replace_file(folder / ACCEPTED, content)
    (folder / RESTORED).unlink(missing_ok=True)
