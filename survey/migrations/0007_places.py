"""Answers have no order: SQLite gives each a random place, PostgreSQL lets a row be written anew if
nothing changes.

Migration 0002 refuses every UPDATE of an answer. What is allowed now changes no value: a new rowid
on SQLite, a new version of the same row on PostgreSQL, so that neither tells when it was written.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

MESSAGE = "responses are append-only"

POSTGRESQL_UP = [
    f"""
    CREATE OR REPLACE FUNCTION survey_refuse_response() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
]


def install(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for statement in POSTGRESQL_UP:
            schema_editor.execute(statement)
        return
    with schema_editor.connection.cursor() as cursor:
        columns = [
            row[1] for row in cursor.execute("PRAGMA table_info(survey_response)").fetchall()
        ]
        places = cursor.execute("SELECT rowid FROM survey_response").fetchall()
    schema_editor.execute("DROP TRIGGER response_no_update")
    schema_editor.execute(
        f"CREATE TRIGGER response_no_update BEFORE UPDATE OF {', '.join(columns)} ON "
        f"survey_response "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )
    for table in ("survey_response", "survey_invitation"):
        schema_editor.execute(
            f"CREATE TRIGGER {table}_no_order AFTER INSERT ON {table} "
            f"BEGIN UPDATE {table} SET rowid = (abs(random()) | 1) WHERE rowid = NEW.rowid; END"
        )
    for (place,) in places:
        schema_editor.execute(
            f"UPDATE survey_response SET rowid = (abs(random()) | 1) WHERE rowid = {int(place)}"
        )


class Migration(migrations.Migration):
    """Triggers; not reversible on purpose."""

    dependencies: ClassVar = [("survey", "0006_truth")]
    operations: ClassVar = [migrations.RunPython(install, elidable=False)]
