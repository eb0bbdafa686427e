"""Methods of the province, chosen from a period on, and compared."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0030_event_facts"),
    ]

    operations = [
        migrations.CreateModel(
            name="MethodChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="from")),
                ("methods", models.JSONField(verbose_name="methods")),
                ("target_operator", models.CharField(max_length=2, verbose_name="comparison")),
                (
                    "target_value",
                    models.DecimalField(decimal_places=2, max_digits=5, verbose_name="target"),
                ),
                ("chosen_at", models.DateTimeField(verbose_name="approved at")),
            ],
            options={
                "verbose_name": "choice of methods",
                "verbose_name_plural": "choices of methods",
                "ordering": ["-valid_from", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="MethodComparison",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("method", models.CharField(max_length=60, verbose_name="method")),
                ("method_sha256", models.CharField(max_length=64, verbose_name="method checksum")),
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
                ("rows", models.JSONField(default=list, verbose_name="rows")),
                ("problem", models.TextField(blank=True, verbose_name="problem")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="survey.edition",
                        verbose_name="edition",
                    ),
                ),
            ],
            options={
                "verbose_name": "comparison of methods",
                "verbose_name_plural": "comparisons of methods",
                "ordering": ["-asked_at"],
            },
        ),
        migrations.CreateModel(
            name="MethodFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=60, verbose_name="code")),
                ("version", models.PositiveSmallIntegerField(verbose_name="method version")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("text", models.TextField(verbose_name="file")),
                ("sha256", models.CharField(max_length=64, unique=True, verbose_name="SHA-256")),
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
                "verbose_name": "method of the province",
                "verbose_name_plural": "methods of the province",
                "ordering": ["code", "-version"],
                "constraints": [
                    models.UniqueConstraint(fields=("code", "version"), name="method_version_once")
                ],
            },
        ),
    ]
