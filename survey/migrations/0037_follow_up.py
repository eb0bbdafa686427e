"""What is followed up; on PostgreSQL an agency's pages see its own, and what was sent to it."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SCOPE = "COALESCE(current_setting('hailong.scope', true), '')"
FREE = f"(SELECT {SCOPE}) = ''"
OWN = f"agency_id = ANY ((SELECT string_to_array(NULLIF({SCOPE}, ''), ','))::bigint[])"
SENT = "EXISTS (SELECT 1 FROM survey_addressee a WHERE a.follow_up_id = survey_followup.id)"
"""As in migration 0022. The addressees a reader can see are those of its own scope."""
BESIDE = "EXISTS (SELECT 1 FROM survey_{table} p WHERE p.id = {column})"
CONDITIONS = {
    "survey_addressee": f"{FREE} OR {OWN}",
    "survey_followup": f"{FREE} OR {OWN} OR {SENT}",
    "survey_followupstep": f"{FREE} OR " + BESIDE.format(table="followup", column="follow_up_id"),
    "survey_followupfile": f"{FREE} OR " + BESIDE.format(table="followupstep", column="step_id"),
    "survey_reading": f"{FREE} OR " + BESIDE.format(table="addressee", column="addressee_id"),
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
        ("survey", "0036_evidence"),
    ]

    operations = [
        migrations.CreateModel(
            name="FollowUp",
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
                            ("finding", "finding"),
                            ("task", "task"),
                            ("inspection", "inspection"),
                            ("self-check", "self-check"),
                            ("initiative", "initiative or model"),
                            ("dialogue", "dialogue with citizens"),
                            ("document", "directive or notice"),
                            ("target", "target"),
                            ("award", "award"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("details", models.JSONField(default=dict, verbose_name="details")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "not begun"),
                            ("doing", "under way"),
                            ("reported", "reported, waiting for the check"),
                            ("returned", "sent back"),
                            ("checked", "accepted, waiting for the re-check"),
                            ("closed", "finished"),
                            ("stopped", "stopped"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("due_on", models.DateField(null=True, verbose_name="until")),
                ("opened_at", models.DateTimeField(verbose_name="opened at")),
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
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="opened by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="dealt with by",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="survey.followup",
                        verbose_name="comes from",
                    ),
                ),
            ],
            options={
                "verbose_name": "matter followed up",
                "verbose_name_plural": "matters followed up",
                "ordering": ["-opened_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Addressee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                    "follow_up",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addressees",
                        to="survey.followup",
                        verbose_name="document",
                    ),
                ),
            ],
            options={
                "verbose_name": "addressee",
                "verbose_name_plural": "addressees",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="FollowUpStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("move", models.CharField(max_length=12, verbose_name="step")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "not begun"),
                            ("doing", "under way"),
                            ("reported", "reported, waiting for the check"),
                            ("returned", "sent back"),
                            ("checked", "accepted, waiting for the re-check"),
                            ("closed", "finished"),
                            ("stopped", "stopped"),
                        ],
                        max_length=10,
                        verbose_name="state after it",
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=5000, verbose_name="explanation")),
                ("data", models.JSONField(default=dict, verbose_name="figures")),
                (
                    "of_agency",
                    models.BooleanField(default=False, verbose_name="by the agency itself"),
                ),
                ("made_at", models.DateTimeField(verbose_name="at")),
                (
                    "follow_up",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="survey.followup",
                        verbose_name="matter",
                    ),
                ),
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
                "verbose_name": "step of a matter",
                "verbose_name_plural": "steps of matters",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="FollowUpFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="file name")),
                ("suffix", models.CharField(max_length=5, verbose_name="kind of file")),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="survey.followupstep",
                        verbose_name="step",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a matter",
                "verbose_name_plural": "files of matters",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("read_at", models.DateTimeField(verbose_name="read at")),
                (
                    "addressee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="readings",
                        to="survey.addressee",
                        verbose_name="addressee",
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="read by",
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmation of reading",
                "verbose_name_plural": "confirmations of reading",
                "ordering": ["read_at"],
            },
        ),
        migrations.AddIndex(
            model_name="followup",
            index=models.Index(fields=["agency", "state"], name="follow_up_of_an_agency"),
        ),
        migrations.AddIndex(
            model_name="followup",
            index=models.Index(fields=["kind", "state", "due_on"], name="follow_up_by_deadline"),
        ),
        migrations.AddConstraint(
            model_name="addressee",
            constraint=models.UniqueConstraint(
                fields=("follow_up", "agency"), name="addressee_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.UniqueConstraint(fields=("addressee", "reader"), name="read_once"),
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop),
    ]
