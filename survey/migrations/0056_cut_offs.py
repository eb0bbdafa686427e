"""When periods were cut off, and when they will be."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = ("survey_cutoff", "survey_cutoffplan", "survey_periodclosing")
PROVINCE = "(SELECT COALESCE(current_setting('hailong.scope', true), '')) = ''"
"""As in migration 0022: of the province only."""
MESSAGE = "a cut-off is not changed: the next one takes its place"


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables, and triggers of what is only added."""
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER survey_cutoff_no_{verb.lower()} BEFORE {verb} "
                f"ON survey_cutoff BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
        return
    for table in TABLES:
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        # Everybody reads when a period was cut off: figures of heads rest on it too.
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({PROVINCE}) WITH CHECK ({PROVINCE})",
            params=None,
        )
        schema_editor.execute(
            f"CREATE POLICY readable ON {table} FOR SELECT USING (true)", params=None
        )
    schema_editor.execute(
        "CREATE TRIGGER survey_cutoff_no_change BEFORE UPDATE OR DELETE ON survey_cutoff "
        "FOR EACH ROW EXECUTE FUNCTION survey_refuse_ledger()",
        params=None,
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("survey", "0055_personal_data"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="computation",
            name="anew",
            field=models.CharField(
                blank=True, max_length=1000, verbose_name="reason to cut off again"
            ),
        ),
        migrations.CreateModel(
            name="CutOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", models.CharField(max_length=10, verbose_name="period")),
                ("first", models.DateField(verbose_name="first day")),
                ("last", models.DateField(verbose_name="last day")),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                ("reason", models.CharField(blank=True, max_length=1000, verbose_name="reason")),
                (
                    "snapshot_sha256",
                    models.CharField(max_length=64, verbose_name="snapshot checksum"),
                ),
                ("made_at", models.DateTimeField(verbose_name="cut off at")),
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
            ],
            options={
                "verbose_name": "cut-off of a period",
                "verbose_name_plural": "cut-offs of periods",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="computation",
            name="cut_off",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="survey.cutoff",
                verbose_name="cut-off of a period",
            ),
        ),
        migrations.CreateModel(
            name="PeriodClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", models.CharField(max_length=10, unique=True, verbose_name="period")),
                ("since", models.DateTimeField(verbose_name="since")),
            ],
            options={
                "verbose_name": "period being cut off",
                "verbose_name_plural": "periods being cut off",
                "ordering": ["since"],
            },
        ),
        migrations.CreateModel(
            name="CutOffPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", models.CharField(max_length=10, unique=True, verbose_name="period")),
                ("day", models.DateField(verbose_name="cut-off on")),
                (
                    "planned_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="planned by",
                    ),
                ),
            ],
            options={
                "verbose_name": "planned cut-off",
                "verbose_name_plural": "planned cut-offs",
                "ordering": ["day"],
            },
        ),
        migrations.AddConstraint(
            model_name="cutoff",
            constraint=models.UniqueConstraint(
                fields=("period", "number"), name="cut_off_number_once_in_a_period"
            ),
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop, elidable=False),
    ]
