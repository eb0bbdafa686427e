"""Links and answers of the sociological survey of a round."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

TABLES = ("survey_groupballot", "survey_groupanswer")
PROVINCE = "(SELECT COALESCE(current_setting('hailong.scope', true), '')) = ''"
"""As in migration 0022: of the province only."""
MESSAGE = "answers of a group survey are not changed"


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables, and the triggers of the answers."""
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER survey_groupanswer_no_{verb.lower()} BEFORE {verb} "
                f"ON survey_groupanswer BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
        return
    for table in TABLES:
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({PROVINCE}) WITH CHECK ({PROVINCE})",
            params=None,
        )
    schema_editor.execute(
        "CREATE TRIGGER survey_groupanswer_no_change BEFORE UPDATE OR DELETE "
        "ON survey_groupanswer FOR EACH ROW EXECUTE FUNCTION survey_refuse_ledger()",
        params=None,
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("survey", "0058_outbox_indexes"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="GroupAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("group", models.CharField(max_length=40, verbose_name="group")),
                ("choices", models.JSONField(verbose_name="choices")),
                (
                    "scoring_round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="group_answers",
                        to="survey.scoringround",
                        verbose_name="scoring round",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer of a group survey",
                "verbose_name_plural": "answers of group surveys",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="GroupBallot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group", models.CharField(max_length=40, verbose_name="group")),
                ("agencies", models.JSONField(verbose_name="agencies")),
                ("lookup", models.CharField(max_length=64, unique=True, verbose_name="keyed hash")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("used", "used"), ("withdrawn", "withdrawn")],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "scoring_round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="group_ballots",
                        to="survey.scoringround",
                        verbose_name="scoring round",
                    ),
                ),
            ],
            options={
                "verbose_name": "link of a group survey",
                "verbose_name_plural": "links of group surveys",
                "ordering": ["pk"],
            },
        ),
        migrations.RunPython(limit_rows, elidable=False),
    ]
