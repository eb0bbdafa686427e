"""Comments become readable, by topic; cases have an owner, a deadline, an outcome and notes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import survey.responses.models

SHIPPED = Path(__file__).parents[1] / "responses" / "topics.toml"


def ship_topics(apps: Any, schema_editor: Any) -> None:
    """The shipped lists of phrases, to be changed on their page."""
    topics = apps.get_model("survey", "Topic").objects
    for topic in tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["topic"]:
        topics.get_or_create(
            code=topic["code"],
            defaults={
                "name": topic["name"],
                "words": topic["words"].strip(),
                "inspectorate": topic.get("inspectorate", False),
            },
        )


class Migration(migrations.Migration):
    """Four tables, and columns of cases."""

    dependencies: ClassVar = [
        ("survey", "0020_file_imports"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Topic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=20, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("words", models.TextField(max_length=20000, verbose_name="phrases, one a line")),
                (
                    "inspectorate",
                    models.BooleanField(
                        default=False,
                        verbose_name="goes to the inspectorate, not to the rated agency",
                    ),
                ),
            ],
            options={
                "verbose_name": "topic",
                "verbose_name_plural": "topics",
                "ordering": ["pk"],
            },
        ),
        migrations.AddField(
            model_name="case",
            name="answer",
            field=models.TextField(
                blank=True, max_length=2000, verbose_name="what 1022 tells the citizen"
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="deadline",
            field=models.DateField(null=True, verbose_name="deadline"),
        ),
        migrations.AddField(
            model_name="case",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("solved", "put right"),
                    ("explained", "explained"),
                    ("unfounded", "not confirmed"),
                    ("forwarded", "handed to another body"),
                ],
                max_length=10,
                verbose_name="outcome",
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="dealt with by",
            ),
        ),
        migrations.CreateModel(
            name="CaseNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("opened", "opened from a comment"),
                            ("assigned", "assigned"),
                            ("noted", "note"),
                            ("closed", "closed"),
                            ("reopened", "reopened"),
                        ],
                        max_length=10,
                        verbose_name="step",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("text", models.TextField(blank=True, max_length=2000, verbose_name="note")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="survey.case",
                        verbose_name="case",
                    ),
                ),
            ],
            options={
                "verbose_name": "note on a case",
                "verbose_name_plural": "notes on cases",
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="CommentBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("answers", models.PositiveIntegerField(verbose_name="answers until then")),
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
                "verbose_name": "batch of comments",
                "verbose_name_plural": "batches of comments",
            },
        ),
        migrations.CreateModel(
            name="ReadableComment",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        default=survey.responses.models.random_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "ripe",
                    models.BooleanField(default=False, verbose_name="has waited a night and a day"),
                ),
                ("text", models.TextField(verbose_name="masked text")),
                ("folded", models.TextField(verbose_name="text for searching")),
                ("topics", models.TextField(default=" ", verbose_name="topics")),
                (
                    "reserved",
                    models.BooleanField(default=False, verbose_name="for the inspectorate"),
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
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="survey.commentbatch",
                        verbose_name="batch",
                    ),
                ),
                (
                    "comment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="readable",
                        to="survey.comment",
                        verbose_name="comment",
                    ),
                ),
            ],
            options={
                "verbose_name": "readable comment",
                "verbose_name_plural": "readable comments",
            },
        ),
        migrations.AddConstraint(
            model_name="commentbatch",
            constraint=models.UniqueConstraint(
                fields=("agency", "number"), name="comment_batch_once"
            ),
        ),
        migrations.AddIndex(
            model_name="readablecomment",
            index=models.Index(fields=["agency", "ripe"], name="readable_agency_ripe"),
        ),
        migrations.RunPython(ship_topics, migrations.RunPython.noop),
    ]
