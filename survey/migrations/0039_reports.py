"""Reports, their schedules, templates and packs; on PostgreSQL an agency's pages see its own."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SCOPE = "COALESCE(current_setting('hailong.scope', true), '')"
OWN = f"agency_id = ANY ((SELECT string_to_array(NULLIF({SCOPE}, ''), ','))::bigint[])"
CONDITION = f"(SELECT {SCOPE}) = '' OR {OWN}"
"""As in migration 0022; what is about the whole province is for its accounts alone."""


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in ("survey_report", "survey_reportschedule"):
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({CONDITION}) WITH CHECK ({CONDITION})",
            params=None,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0038_score_editions"),
    ]

    operations = [
        migrations.CreateModel(
            name="QuarterPack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="requested at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("counting", "freezing the answers"),
                            ("computing", "computing"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("problem", models.TextField(blank=True, verbose_name="problem")),
                ("period", models.CharField(max_length=10, verbose_name="period")),
                ("total", models.PositiveIntegerField(default=0, verbose_name="files")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="files made")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="bytes")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
            ],
            options={
                "verbose_name": "pack of a period",
                "verbose_name_plural": "packs of periods",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.JSONField(verbose_name="content")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "agency",
                    models.ForeignKey(
                        null=True,
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
                        related_name="reports",
                        to="survey.edition",
                        verbose_name="figures",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "report",
                "verbose_name_plural": "reports",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ReportTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="file name")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("brought_at", models.DateTimeField(verbose_name="brought at")),
                (
                    "brought_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="brought by",
                    ),
                ),
            ],
            options={
                "verbose_name": "template of reports",
                "verbose_name_plural": "templates of reports",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="ReportSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "interval",
                    models.CharField(
                        choices=[
                            ("month", "every month"),
                            ("quarter", "every quarter"),
                            ("year", "every year"),
                        ],
                        max_length=10,
                        verbose_name="interval",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "agency",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="survey.agency",
                        verbose_name="agency",
                    ),
                ),
                (
                    "last_edition",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="survey.edition",
                        verbose_name="last made for",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="report_schedules",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "schedule of reports",
                "verbose_name_plural": "schedules of reports",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "agency", "interval"), name="report_schedule_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("agency", None)),
                        fields=("owner", "interval"),
                        name="report_schedule_of_the_province_once",
                    ),
                ],
            },
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop),
    ]
