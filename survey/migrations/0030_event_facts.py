"""What the event of a dossier told stands beside the day of an answer; the legal basis of a
published version stays as it is.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

MESSAGE = "a published questionnaire version is immutable"
SQLITE = (
    "CREATE TRIGGER version_keeps_basis BEFORE UPDATE ON survey_version "
    "WHEN OLD.status <> 'draft' AND NEW.legal_basis <> OLD.legal_basis "
    f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
)
POSTGRESQL = (
    f"""
    CREATE FUNCTION survey_refuse_basis() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.status <> 'draft' AND NEW.legal_basis <> OLD.legal_basis THEN
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER version_keeps_basis BEFORE UPDATE ON survey_version "
    "FOR EACH ROW EXECUTE FUNCTION survey_refuse_basis()",
)


def install(apps: Any, schema_editor: Any) -> None:
    statements = {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    """Not reversible on purpose."""

    dependencies = [("survey", "0029_calendar")]

    operations = [
        migrations.AddField(
            model_name="answerday",
            name="applicant",
            field=models.CharField(blank=True, default="", max_length=8, verbose_name="applicant"),
        ),
        migrations.AddField(
            model_name="answerday",
            name="timing",
            field=models.CharField(blank=True, default="", max_length=8, verbose_name="timing"),
        ),
        migrations.AddIndex(
            model_name="dossierevent",
            index=models.Index(
                fields=["agency", "domain", "channel", "applicant", "happened_at"],
                name="dossierevent_alike",
            ),
        ),
        migrations.RunPython(install),
    ]
