"""A copy of a demonstration whose database somebody has changed behind the program's back."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from django.conf import settings

MARK: Final = "made-up-frauds"
"""Lies in folders of this demonstration, and in no other."""


def make_tampered_copy(folder: Path) -> str:
    """Copy everything to a new folder and make a low rating there the highest, as the owner of the
    database can. Returns the id of the changed row.

    Raises
    ------
    LookupError
        The demonstration runs on PostgreSQL, or has no low rating.
    """
    original = Path(settings.DATABASES["default"]["NAME"])
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        raise LookupError("only a demonstration on SQLite is copied")
    if folder.exists() and not (folder / MARK).is_file():
        raise LookupError(f"{folder} was not made here: it is left as it is")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    for part in settings.VAR_DIR.iterdir():
        if part.is_dir():
            shutil.copytree(part, folder / part.name)
        elif not part.name.startswith(original.name):
            shutil.copy2(part, folder / part.name)
    with (
        closing(sqlite3.connect(original)) as source,
        closing(sqlite3.connect(folder / original.name)) as copy,
    ):
        source.backup(copy)
        return _raise_a_rating(copy)


def _raise_a_rating(copy: sqlite3.Connection) -> str:
    triggers = copy.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _sql in triggers:
        copy.execute(f'DROP TRIGGER "{name}"')
    found = copy.execute(
        "SELECT id, answers FROM survey_response "
        "WHERE json_extract(answers, '$.overall') = 1 ORDER BY id LIMIT 1"
    ).fetchone()
    if found is None:
        raise LookupError("nobody chose the lowest level")
    copy.execute(
        "UPDATE survey_response SET answers = json_set(answers, '$.overall', 5) WHERE id = ?",
        (found[0],),
    )
    for _name, sql in triggers:
        copy.execute(sql)
    copy.commit()
    return str(found[0])
