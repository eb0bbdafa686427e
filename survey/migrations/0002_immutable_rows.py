"""The database itself refuses to change a response or a published questionnaire, on SQLite and
PostgreSQL.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

RESPONSE_MESSAGE = "responses are append-only"
VERSION_MESSAGE = "a published questionnaire version is immutable"
PARTS = ("survey_factor", "survey_question", "survey_wording")

SQLITE_UP = [
    f"CREATE TRIGGER response_no_{verb.lower()} BEFORE {verb} ON survey_response "
    f"BEGIN SELECT RAISE(ABORT, '{RESPONSE_MESSAGE}'); END"
    for verb in ("UPDATE", "DELETE")
]
# INSERT OR REPLACE deletes the old row without asking delete triggers, so an existing key is
# refused beforehand.
SQLITE_UP.append(
    "CREATE TRIGGER response_no_replace BEFORE INSERT ON survey_response WHEN EXISTS (SELECT 1 "
    "FROM survey_response "
    "WHERE id = NEW.id OR submission_key = NEW.submission_key "
    "OR (response = NEW.response AND revision = NEW.revision)) "
    f"BEGIN SELECT RAISE(ABORT, '{RESPONSE_MESSAGE}: UNIQUE constraint'); END"
)
_ROWS = {
    "INSERT": "NEW.version_id",
    "UPDATE": "OLD.version_id, NEW.version_id",
    "DELETE": "OLD.version_id",
}
for _table in PARTS:
    for _verb, _rows in _ROWS.items():
        SQLITE_UP.append(
            f"CREATE TRIGGER {_table}_no_{_verb.lower()} BEFORE {_verb} ON {_table} "
            f"WHEN EXISTS (SELECT 1 FROM survey_version WHERE id IN ({_rows}) AND status <> "
            f"'draft') "
            f"BEGIN SELECT RAISE(ABORT, '{VERSION_MESSAGE}'); END"
        )
SQLITE_UP += [
    "CREATE TRIGGER version_no_update BEFORE UPDATE ON survey_version WHEN OLD.status <> 'draft' "
    "AND NOT "
    "(OLD.status = 'published' AND NEW.status = 'retired' AND NEW.questionnaire_id = "
    "OLD.questionnaire_id "
    "AND NEW.number = OLD.number AND NEW.extends_id IS OLD.extends_id) "
    f"BEGIN SELECT RAISE(ABORT, '{VERSION_MESSAGE}'); END",
    "CREATE TRIGGER version_no_delete BEFORE DELETE ON survey_version WHEN OLD.status <> 'draft' "
    f"BEGIN SELECT RAISE(ABORT, '{VERSION_MESSAGE}'); END",
]

POSTGRESQL_UP = [
    f"""
    CREATE FUNCTION survey_refuse_response() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{RESPONSE_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
        END $$
    """,
    "CREATE TRIGGER response_no_change BEFORE UPDATE OR DELETE ON survey_response "
    "FOR EACH ROW EXECUTE FUNCTION survey_refuse_response()",
    "CREATE TRIGGER response_no_truncate BEFORE TRUNCATE ON survey_response "
    "FOR EACH STATEMENT EXECUTE FUNCTION survey_refuse_response()",
    f"""
    CREATE FUNCTION survey_refuse_part() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE held bigint[];
    BEGIN
      IF TG_OP <> 'DELETE' THEN held := held || NEW.version_id; END IF;
      IF TG_OP <> 'INSERT' THEN held := held || OLD.version_id; END IF;
      IF EXISTS (SELECT 1 FROM survey_version WHERE id = ANY(held) AND status <> 'draft') THEN
        RAISE EXCEPTION '{VERSION_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
      RETURN NEW;
    END $$
    """,
    *(
        f"CREATE TRIGGER {table}_no_change BEFORE INSERT OR UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION survey_refuse_part()"
        for table in PARTS
    ),
    f"""
    CREATE FUNCTION survey_refuse_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.status = 'draft' THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
      END IF;
      IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status = 'retired'
         AND NEW.questionnaire_id = OLD.questionnaire_id AND NEW.number = OLD.number
         AND NEW.extends_id IS NOT DISTINCT FROM OLD.extends_id THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION '{VERSION_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    "CREATE TRIGGER version_no_change BEFORE UPDATE OR DELETE ON survey_version "
    "FOR EACH ROW EXECUTE FUNCTION survey_refuse_version()",
]


def install(apps: Any, schema_editor: Any) -> None:
    statements = {"sqlite": SQLITE_UP, "postgresql": POSTGRESQL_UP}[schema_editor.connection.vendor]
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    """Triggers; not reversible on purpose."""

    dependencies: ClassVar = [("survey", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(install, elidable=False)]
