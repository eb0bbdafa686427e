"""Files that are looked through before they are taken, and their history."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies: ClassVar = [
        ("survey", "0019_releases"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="FileImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("options", models.JSONField(default=dict, verbose_name="options")),
                ("file_name", models.CharField(max_length=200, verbose_name="file name")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("content_sealed", models.BinaryField(null=True, verbose_name="sealed content")),
                ("brought_at", models.DateTimeField(verbose_name="uploaded at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "being checked"),
                            ("faulty", "has faults, not imported"),
                            ("ready", "checked, not imported yet"),
                            ("storing", "being imported"),
                            ("done", "imported"),
                            ("failed", "failed, not imported"),
                            ("cancelled", "discarded"),
                            ("undone", "undone"),
                        ],
                        default="checking",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("found", models.JSONField(default=dict, verbose_name="found")),
                (
                    "digest",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="checksum of what was found"
                    ),
                ),
                ("rows_done", models.PositiveIntegerField(default=0, verbose_name="rows done")),
                ("problem", models.TextField(blank=True, verbose_name="problem")),
                ("stored", models.JSONField(default=dict, verbose_name="stored")),
                ("told_sealed", models.BinaryField(null=True, verbose_name="sealed answer")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                (
                    "brought_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "imported file",
                "verbose_name_plural": "imported files",
                "ordering": ["-brought_at"],
            },
        ),
    ]
