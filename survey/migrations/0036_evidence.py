"""Files of evidence; on PostgreSQL an agency's pages see its own only."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SCOPE = "COALESCE(current_setting('hailong.scope', true), '')"
BESIDE = "SELECT 1 FROM survey_agencyscoring s WHERE s.id = scoring_id"
CONDITION = f"(SELECT {SCOPE}) = '' OR EXISTS ({BESIDE})"
"""As in migration 0035."""


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policy of the new table."""
    if schema_editor.connection.vendor == "postgresql":
        for sql in (
            "ALTER TABLE survey_evidence ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE survey_evidence FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY in_scope ON survey_evidence USING ({CONDITION}) "
            f"WITH CHECK ({CONDITION})",
        ):
            schema_editor.execute(sql, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0035_scoring_rounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="Evidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("criterion", models.CharField(max_length=40, verbose_name="criterion")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("counted", "counted by the system"),
                            ("self", "self-scoring"),
                            ("appraisal", "first appraisal"),
                            ("answer", "answer of the agency"),
                            ("second", "second appraisal"),
                            ("closed", "closed"),
                        ],
                        max_length=10,
                        verbose_name="stage",
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="file name")),
                ("suffix", models.CharField(max_length=5, verbose_name="kind of file")),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("made_at", models.DateTimeField(verbose_name="at")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "scoring",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="survey.agencyscoring",
                        verbose_name="scoring of an agency",
                    ),
                ),
            ],
            options={
                "verbose_name": "evidence",
                "verbose_name_plural": "evidence",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scoring", "criterion", "sha256"), name="evidence_once_for_a_line"
                    )
                ],
            },
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop),
    ]
