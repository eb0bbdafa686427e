"""Runs of the rules of vote integrity, what they found, and what agencies say to it."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SCOPE = "COALESCE(current_setting('hailong.scope', true), '')"
OWN = f"agency_id = ANY ((SELECT string_to_array(NULLIF({SCOPE}, ''), ','))::bigint[])"
PROVINCE = f"(SELECT {SCOPE}) = ''"
POLICIES = {
    "survey_integrityflag": f"{PROVINCE} OR {OWN}",
    "survey_flagreply": f"{PROVINCE} OR {OWN}",
    "survey_integrityrun": PROVINCE,
}
"""As in migration 0022; a run has facts of all agencies."""
MESSAGE = "what was answered to a flag is not changed"


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policies of the new tables, and triggers of the answers."""
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER survey_flagreply_no_{verb.lower()} BEFORE {verb} "
                f"ON survey_flagreply BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
        return
    for table, condition in POLICIES.items():
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({condition}) WITH CHECK ({condition})",
            params=None,
        )
    schema_editor.execute(
        "CREATE TRIGGER survey_flagreply_no_change BEFORE UPDATE OR DELETE ON survey_flagreply "
        "FOR EACH ROW EXECUTE FUNCTION survey_refuse_ledger()",
        params=None,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0048_witnesses"),
    ]

    operations = [
        migrations.CreateModel(
            name="IntegrityRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField(verbose_name="month")),
                (
                    "rules_version",
                    models.PositiveSmallIntegerField(verbose_name="version of the rules"),
                ),
                ("rules_sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("facts", models.JSONField(verbose_name="facts")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
            ],
            options={
                "verbose_name": "check of a month's answers",
                "verbose_name_plural": "checks of a month's answers",
                "ordering": ["-month", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="FlagReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField(verbose_name="month")),
                ("text", models.TextField(max_length=4000, verbose_name="answer of the agency")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="survey.agency",
                        verbose_name="agency",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer to a flag",
                "verbose_name_plural": "answers to flags",
                "ordering": ["made_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="IntegrityFlag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField(verbose_name="month")),
                ("current", models.BooleanField(default=True, verbose_name="current")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("watch", "keep an eye on it"),
                            ("review", "look into it"),
                            ("quarantine", "exclusion proposed"),
                        ],
                        max_length=10,
                        verbose_name="proposal",
                    ),
                ),
                ("families", models.PositiveSmallIntegerField(verbose_name="rules that agree")),
                ("findings", models.JSONField(verbose_name="findings")),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="survey.agency",
                        verbose_name="agency",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="flags",
                        to="survey.integrityrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "flag of an agency",
                "verbose_name_plural": "flags of agencies",
                "ordering": ["-month", "-families", "agency"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "agency"), name="one_flag_a_run")
                ],
            },
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop, elidable=False),
    ]
