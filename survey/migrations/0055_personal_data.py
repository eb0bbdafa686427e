"""Requests about personal data, texts citizens were shown, incidents."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = (
    "survey_privacyrequest",
    "survey_consenttext",
    "survey_incident",
    "survey_incidentstep",
)
ADDED_ONLY = ("survey_consenttext", "survey_incidentstep")
PROVINCE = "(SELECT COALESCE(current_setting('hailong.scope', true), '')) = ''"
"""As in migration 0022: of the province only."""
MESSAGE = "texts that were shown and steps that were done are not changed"


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables, and triggers of what is only added."""
    if schema_editor.connection.vendor == "sqlite":
        for table in ADDED_ONLY:
            for verb in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} "
                    f"ON {table} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                )
        return
    for table in TABLES:
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({PROVINCE}) WITH CHECK ({PROVINCE})",
            params=None,
        )
    for table in ADDED_ONLY:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION survey_refuse_ledger()",
            params=None,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0054_back_checks"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=8, verbose_name="language")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("text", models.TextField(verbose_name="text")),
                ("shown_from", models.DateTimeField(verbose_name="shown from")),
            ],
            options={
                "verbose_name": "text on data protection",
                "verbose_name_plural": "texts on data protection",
                "ordering": ["language", "-shown_from", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_drill", models.BooleanField(default=True, verbose_name="exercise")),
                ("title", models.CharField(max_length=200, verbose_name="what happened")),
                ("known_at", models.DateTimeField(verbose_name="known since")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident",
                "verbose_name_plural": "incidents",
                "ordering": ["-known_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="IncidentStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=20, verbose_name="step")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("done_at", models.DateTimeField(verbose_name="done at")),
                (
                    "done_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="done by",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="survey.incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of an incident",
                "verbose_name_plural": "steps of incidents",
                "ordering": ["done_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "code"), name="incident_step_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
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
                            ("view", "see or copy the data"),
                            ("correct", "correct the data"),
                            ("erase", "erase the data"),
                            ("withdraw", "withdraw a consent"),
                            ("restrict", "restrict the processing"),
                            ("object", "object to the processing"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("received_on", models.DateField(verbose_name="received on")),
                ("about", models.TextField(max_length=1000, verbose_name="what is asked")),
                (
                    "reply_to",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="where the answer goes"
                    ),
                ),
                (
                    "by_processor",
                    models.BooleanField(
                        default=False,
                        verbose_name="a contractor has to act too (SMS provider, hosting)",
                    ),
                ),
                ("answered_on", models.DateField(null=True, verbose_name="first answer on")),
                (
                    "extended_days",
                    models.PositiveSmallIntegerField(default=0, verbose_name="extended by days"),
                ),
                (
                    "extended_because",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="reason of the extension"
                    ),
                ),
                ("closed_on", models.DateField(null=True, verbose_name="closed on")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("done", "done as asked"),
                            ("partly", "done in part"),
                            ("nothing", "no data of this person are held"),
                            ("refused", "refused"),
                        ],
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "answer",
                    models.TextField(blank=True, max_length=2000, verbose_name="what was done"),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "request about personal data",
                "verbose_name_plural": "requests about personal data",
                "ordering": ["-received_on", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_on", None), ("outcome", "")),
                            models.Q(
                                ("closed_on__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="privacy_request_closed_with_outcome",
                    )
                ],
            },
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop, elidable=False),
    ]
