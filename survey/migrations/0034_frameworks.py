"""Frameworks of the province."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0033_exclusions"),
    ]

    operations = [
        migrations.CreateModel(
            name="FrameworkFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=60, verbose_name="code")),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                ("title", models.CharField(max_length=300, verbose_name="title")),
                ("text", models.TextField(verbose_name="file")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("kinds", models.JSONField(default=list, verbose_name="kinds of agency")),
                ("valid_from", models.DateField(verbose_name="from")),
                ("valid_to", models.DateField(null=True, verbose_name="until")),
                ("brought_at", models.DateTimeField(verbose_name="brought at")),
                ("published_at", models.DateTimeField(null=True, verbose_name="published at")),
                ("retired_at", models.DateTimeField(null=True, verbose_name="retired at")),
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
                "verbose_name": "framework",
                "verbose_name_plural": "frameworks",
                "ordering": ["code", "-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("code", "version"), name="framework_version_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("published_at", None)),
                        fields=("code",),
                        name="one_draft_of_a_framework",
                    ),
                ],
            },
        ),
    ]
