"""Links and counts of the sociological survey of a round."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

TABLES = ("survey_groupballot", "survey_groupcount")
PROVINCE = "(SELECT COALESCE(current_setting('hailong.scope', true), '')) = ''"
"""As in migration 0022: of the province only."""


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in TABLES:
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({PROVINCE}) WITH CHECK ({PROVINCE})",
            params=None,
        )


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("survey", "0058_outbox_indexes"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="GroupCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("criterion", models.CharField(max_length=40, verbose_name="criterion")),
                ("group", models.CharField(max_length=40, verbose_name="group")),
                ("option", models.CharField(max_length=40, verbose_name="answer")),
                ("count", models.PositiveIntegerField(default=0, verbose_name="count")),
                (
                    "scoring",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="group_counts",
                        to="survey.agencyscoring",
                        verbose_name="scoring of an agency",
                    ),
                ),
            ],
            options={
                "verbose_name": "count of a group survey",
                "verbose_name_plural": "counts of group surveys",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scoring", "criterion", "group", "option"),
                        name="group_count_once",
                    )
                ],
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
        migrations.RunPython(limit_rows, migrations.RunPython.noop, elidable=False),
    ]
