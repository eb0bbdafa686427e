"""Tables made by schedules and one-time links; on PostgreSQL an agency's pages see its own."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SCOPE = "COALESCE(current_setting('hailong.scope', true), '')"
AGENCIES = f"ANY ((SELECT string_to_array(NULLIF({SCOPE}, ''), ','))::bigint[])"
CONDITIONS = {
    "survey_keptexport": f"scope_id = {AGENCIES}",
    "survey_exportschedule": (
        f"EXISTS (SELECT 1 FROM survey_user u WHERE u.id = owner_id AND u.agency_id = {AGENCIES})"
    ),
    "survey_exportlink": "EXISTS (SELECT 1 FROM survey_keptexport e WHERE e.id = export_id)",
}
"""As in migration 0022: without a scope every row is there."""


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, own in CONDITIONS.items():
        condition = f"(SELECT {SCOPE}) = '' OR {own}"
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({condition}) WITH CHECK ({condition})",
            params=None,
        )


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("survey", "0059_group_survey"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="KeptExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("xlsx", "XLSX"),
                            ("csv", "CSV for Excel"),
                            ("plain", "CSV for programs"),
                            ("json", "JSON"),
                            ("parquet", "Parquet"),
                            ("sav", "SPSS"),
                        ],
                        max_length=10,
                        verbose_name="kind of file",
                    ),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="survey.edition",
                        verbose_name="figures",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept_exports",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="survey.agency",
                        verbose_name="scope",
                    ),
                ),
            ],
            options={
                "verbose_name": "table made by a schedule",
                "verbose_name_plural": "tables made by schedules",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ExportLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lookup", models.CharField(max_length=64, unique=True, verbose_name="keyed hash")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("expires_at", models.DateTimeField(verbose_name="valid until")),
                ("used_at", models.DateTimeField(null=True, verbose_name="used at")),
                (
                    "export",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="survey.keptexport",
                        verbose_name="table",
                    ),
                ),
            ],
            options={
                "verbose_name": "one-time link of a table",
                "verbose_name_plural": "one-time links of tables",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="ExportSchedule",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("xlsx", "XLSX"),
                            ("csv", "CSV for Excel"),
                            ("plain", "CSV for programs"),
                            ("json", "JSON"),
                            ("parquet", "Parquet"),
                            ("sav", "SPSS"),
                        ],
                        max_length=10,
                        verbose_name="kind of file",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="export_schedules",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "schedule of exports",
                "verbose_name_plural": "schedules of exports",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "interval", "kind"), name="export_schedule_once"
                    )
                ],
            },
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop, elidable=False),
    ]
