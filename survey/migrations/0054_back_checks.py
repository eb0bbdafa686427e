"""Call-back checks: dossiers drawn, and what came of the calls."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = ("survey_backcheck", "survey_backcheckunit", "survey_backcheckcall")
PROVINCE = "(SELECT COALESCE(current_setting('hailong.scope', true), '')) = ''"
"""As in migration 0022: of the province only."""


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables."""
    if schema_editor.connection.vendor == "sqlite":
        return
    for table in TABLES:
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({PROVINCE}) WITH CHECK ({PROVINCE})",
            params=None,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0053_crowded_alerts"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField(unique=True, verbose_name="month")),
                ("per_agency", models.PositiveSmallIntegerField(verbose_name="calls an agency")),
                ("by_lot", models.PositiveSmallIntegerField(verbose_name="agencies drawn by lot")),
                ("announced_at", models.DateTimeField(verbose_name="announced at")),
                ("seed", models.CharField(blank=True, max_length=100, verbose_name="seed")),
                ("drawn_at", models.DateTimeField(null=True, verbose_name="drawn at")),
                (
                    "announced_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="announced by",
                    ),
                ),
            ],
            options={
                "verbose_name": "call-back check",
                "verbose_name_plural": "call-back checks",
                "ordering": ["-month"],
            },
        ),
        migrations.CreateModel(
            name="BackCheckUnit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[("flag", "flagged"), ("lot", "drawn by lot")],
                        max_length=4,
                        verbose_name="why",
                    ),
                ),
                ("dossiers", models.PositiveIntegerField(verbose_name="dossiers to draw from")),
                ("counted", models.PositiveIntegerField(verbose_name="counted answers")),
                ("satisfied", models.PositiveIntegerField(verbose_name="of these satisfied")),
                (
                    "unreached",
                    models.PositiveIntegerField(
                        default=0, verbose_name="not reached in three tries"
                    ),
                ),
                (
                    "refused",
                    models.PositiveIntegerField(default=0, verbose_name="do not want to answer"),
                ),
                (
                    "denied",
                    models.PositiveIntegerField(
                        default=0, verbose_name="say there was no such dossier"
                    ),
                ),
                (
                    "answered",
                    models.PositiveIntegerField(default=0, verbose_name="have answered"),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="survey.agency",
                        verbose_name="agency",
                    ),
                ),
                (
                    "check_of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="units",
                        to="survey.backcheck",
                    ),
                ),
            ],
            options={
                "verbose_name": "agency of a call-back check",
                "verbose_name_plural": "agencies of a call-back check",
                "ordering": ["check_of", "agency"],
            },
        ),
        migrations.CreateModel(
            name="BackCheckCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField(verbose_name="place in the draw")),
                (
                    "dossier_code",
                    models.CharField(max_length=60, verbose_name="dossier code"),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="survey.backcheckunit",
                    ),
                ),
            ],
            options={
                "verbose_name": "call of a check",
                "verbose_name_plural": "calls of a check",
                "ordering": ["unit", "place"],
            },
        ),
        migrations.AddConstraint(
            model_name="backcheckunit",
            constraint=models.UniqueConstraint(
                fields=("check_of", "agency"), name="back_check_unit_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="backcheckcall",
            constraint=models.UniqueConstraint(
                fields=("unit", "place"), name="back_check_place_once"
            ),
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop, elidable=False),
    ]
