"""Comments come to agencies without numbered lots: a number told the night it came from."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

CONDITION = (
    "(SELECT COALESCE(current_setting('hailong.scope', true), '')) = '' OR agency_id = ANY (("
    "SELECT string_to_array(NULLIF(COALESCE(current_setting('hailong.scope', true), ''), ''), ','"
    "))::bigint[])"
)
"""As in migration 0022."""


def limit_rows(apps: Any, schema_editor: Any) -> None:
    """The policy of the new table."""
    if schema_editor.connection.vendor == "postgresql":
        for sql in (
            "ALTER TABLE survey_commentmark ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE survey_commentmark FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY in_scope ON survey_commentmark USING ({CONDITION}) "
            f"WITH CHECK ({CONDITION})",
        ):
            schema_editor.execute(sql, params=None)


class Migration(migrations.Migration):
    """Two small tables for one."""

    dependencies: ClassVar = [
        ("survey", "0024_alerts"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="CommentNight",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "night of comments",
                "verbose_name_plural": "nights of comments",
            },
        ),
        migrations.RemoveField(
            model_name="readablecomment",
            name="batch",
        ),
        migrations.AddField(
            model_name="readablecomment",
            name="told",
            field=models.BooleanField(default=False, verbose_name="the rated agency may read it"),
        ),
        migrations.CreateModel(
            name="CommentMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "seen",
                    models.PositiveIntegerField(
                        default=0, verbose_name="answers when the newest comment was seen"
                    ),
                ),
                (
                    "ripe",
                    models.PositiveIntegerField(
                        default=0, verbose_name="the same, of those that have waited"
                    ),
                ),
                (
                    "told",
                    models.PositiveIntegerField(
                        default=0, verbose_name="answers behind what was told"
                    ),
                ),
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="survey.agency",
                        verbose_name="agency",
                    ),
                ),
            ],
            options={
                "verbose_name": "mark of comments",
                "verbose_name_plural": "marks of comments",
            },
        ),
        migrations.DeleteModel(
            name="CommentBatch",
        ),
        migrations.RunPython(limit_rows, migrations.RunPython.noop),
    ]
