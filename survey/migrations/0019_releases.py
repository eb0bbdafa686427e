"""Editions are released by two people; those of finished periods shown so far stay shown."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

from survey.common.periods import parse_period


def release_shown(apps: Any, schema_editor: Any) -> None:
    """What everybody has seen was released when it was made."""
    editions = apps.get_model("survey", "Edition").objects
    for pk, period, made_at in editions.values_list("pk", "period", "made_at"):
        if timezone.localdate(made_at) > parse_period(period).last:
            editions.filter(pk=pk).update(released_at=made_at)


class Migration(migrations.Migration):
    """Times of release and withdrawal, and computations by button."""

    dependencies: ClassVar = [("survey", "0018_approvals")]
    operations: ClassVar = [
        migrations.AddField(
            "edition",
            "released_at",
            models.DateTimeField("released at", editable=False, null=True),
        ),
        migrations.AddField(
            "edition",
            "withdrawn_at",
            models.DateTimeField("withdrawn on", editable=False, null=True),
        ),
        migrations.RunPython(release_shown, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Computation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", models.CharField(max_length=10, verbose_name="period")),
                ("method", models.CharField(max_length=60, verbose_name="method")),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="survey.edition",
                        verbose_name="edition",
                    ),
                ),
            ],
            options={
                "verbose_name": "computation",
                "verbose_name_plural": "computations",
                "ordering": ["-asked_at"],
            },
        ),
    ]
