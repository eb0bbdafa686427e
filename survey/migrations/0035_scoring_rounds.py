"""Scoring rounds; on PostgreSQL an agency's pages see its own scorings only."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SCOPE = "COALESCE(current_setting('hailong.scope', true), '')"
FREE = f"(SELECT {SCOPE}) = ''"
OWN = f"{FREE} OR agency_id = ANY ((SELECT string_to_array(NULLIF({SCOPE}, ''), ','))::bigint[])"
BESIDE = f"{FREE} OR EXISTS (SELECT 1 FROM survey_agencyscoring s WHERE s.id = scoring_id)"
"""As in migration 0022: what belongs to a scoring is there where the scoring is."""
CONDITIONS = {
    "survey_agencyscoring": OWN,
    "survey_scoreentry": BESIDE,
    "survey_handover": BESIDE,
}


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, condition in CONDITIONS.items():
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({condition}) WITH CHECK ({condition})",
            params=None,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0034_frameworks"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgencyScoring",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("province", "province"),
                            ("department", "department"),
                            ("district", "district (until 2025-06-30)"),
                            ("commune", "commune"),
                            ("public-service-unit", "public service unit"),
                            ("land-office-branch", "land registration office branch"),
                        ],
                        max_length=24,
                        verbose_name="kind",
                    ),
                ),
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
                        default="self",
                        max_length=10,
                        verbose_name="stage",
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="survey.agency",
                        verbose_name="agency",
                    ),
                ),
            ],
            options={
                "verbose_name": "scoring of an agency",
                "verbose_name_plural": "scorings of agencies",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="ScoreEntry",
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
                ("declared", models.JSONField(verbose_name="declared figures")),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="explanation")),
                ("made_at", models.DateTimeField(verbose_name="at")),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
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
                        related_name="entries",
                        to="survey.agencyscoring",
                        verbose_name="scoring of an agency",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of a scorecard",
                "verbose_name_plural": "entries of scorecards",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="ScoringRound",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", models.CharField(max_length=10, verbose_name="period")),
                ("self_due", models.DateField(verbose_name="self-scoring until")),
                ("appraisal_due", models.DateField(verbose_name="first appraisal until")),
                ("answer_due", models.DateField(verbose_name="answers until")),
                ("second_due", models.DateField(verbose_name="second appraisal until")),
                ("opened_at", models.DateTimeField(verbose_name="opened at")),
                (
                    "decision",
                    models.CharField(
                        blank=True, max_length=100, verbose_name="number of the decision"
                    ),
                ),
                ("decided_on", models.DateField(null=True, verbose_name="date of the decision")),
                (
                    "minutes",
                    models.TextField(
                        blank=True, max_length=5000, verbose_name="minutes of the council"
                    ),
                ),
                ("published_at", models.DateTimeField(null=True, verbose_name="published at")),
                (
                    "framework",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rounds",
                        to="survey.frameworkfile",
                        verbose_name="framework",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="opened by",
                    ),
                ),
            ],
            options={
                "verbose_name": "scoring round",
                "verbose_name_plural": "scoring rounds",
                "ordering": ["-opened_at"],
            },
        ),
        migrations.AddField(
            model_name="agencyscoring",
            name="scoring_round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scorings",
                to="survey.scoringround",
                verbose_name="scoring round",
            ),
        ),
        migrations.CreateModel(
            name="HandOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                (
                    "points",
                    models.DecimalField(decimal_places=4, max_digits=9, verbose_name="points"),
                ),
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
                        related_name="hand_overs",
                        to="survey.agencyscoring",
                        verbose_name="scoring of an agency",
                    ),
                ),
            ],
            options={
                "verbose_name": "hand-over of a scoring",
                "verbose_name_plural": "hand-overs of scorings",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scoring", "stage"), name="stage_handed_over_once"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="scoringround",
            constraint=models.UniqueConstraint(
                fields=("framework", "period"), name="one_round_of_a_framework_and_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="agencyscoring",
            constraint=models.UniqueConstraint(
                fields=("scoring_round", "agency"), name="agency_scored_once"
            ),
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop),
    ]
