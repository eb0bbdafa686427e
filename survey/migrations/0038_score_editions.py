"""Published points of rounds; on PostgreSQL an agency's pages see its own points only."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

SCOPE = "COALESCE(current_setting('hailong.scope', true), '')"
OWN = f"agency_id = ANY ((SELECT string_to_array(NULLIF({SCOPE}, ''), ','))::bigint[])"
CONDITION = f"(SELECT {SCOPE}) = '' OR {OWN}"
"""As in migration 0022."""


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policy of the new table."""
    if schema_editor.connection.vendor == "postgresql":
        for sql in (
            "ALTER TABLE survey_agencyscore ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE survey_agencyscore FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY in_scope ON survey_agencyscore USING ({CONDITION}) "
            f"WITH CHECK ({CONDITION})",
        ):
            schema_editor.execute(sql, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0037_follow_up"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScoreEdition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                ("reason", models.TextField(blank=True, max_length=1000, verbose_name="reason")),
                ("about", models.JSONField(verbose_name="about")),
                (
                    "changes",
                    models.JSONField(default=list, verbose_name="changes to the edition before"),
                ),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "scoring_round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="editions",
                        to="survey.scoringround",
                        verbose_name="scoring round",
                    ),
                ),
            ],
            options={
                "verbose_name": "edition of a scoring",
                "verbose_name_plural": "editions of scorings",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="AgencyScore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("row", models.JSONField(verbose_name="points")),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="survey.agency",
                        verbose_name="agency",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="survey.scoreedition",
                        verbose_name="edition",
                    ),
                ),
            ],
            options={
                "verbose_name": "points of an agency",
                "verbose_name_plural": "points of agencies",
                "ordering": ["pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="scoreedition",
            constraint=models.UniqueConstraint(
                fields=("scoring_round", "number"), name="score_edition_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="agencyscore",
            constraint=models.UniqueConstraint(
                fields=("edition", "agency"), name="agency_score_once"
            ),
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop),
    ]
