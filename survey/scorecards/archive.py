"""Snapshots that were released, kept: a period's answers stay what they were when only its dossiers
are corrected.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings


def keep_snapshot(folder: Path, checksum: str) -> None:
    """Keep a copy of a released snapshot, under its checksum; the copy appears when complete."""
    target = _place(checksum)
    if target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".partial")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(folder, temporary)
    temporary.chmod(0o700)
    temporary.rename(target)


def find_snapshot(checksum: str) -> Path | None:
    """The kept copy of a released snapshot, if it is there."""
    place = _place(checksum)
    return place if (place / "manifest.json").is_file() else None


def _place(checksum: str) -> Path:
    return Path(settings.VAR_DIR) / "snapshots" / checksum[:32]
