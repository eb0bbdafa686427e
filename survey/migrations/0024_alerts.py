"""What is wrong at counters, found once a night."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies: ClassVar = [
        ("survey", "0023_assignments"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Alert",
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
                            ("silent", "nobody answers here although many are served"),
                            ("unchecked", "nobody has checked the poster for 30 days"),
                            ("tablet", "the tablet has not reported for 48 hours"),
                            ("old-poster", "a replaced poster still hangs: people scan it"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=60, verbose_name="detail")),
                ("since", models.DateField(verbose_name="since")),
                (
                    "counter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="survey.counter",
                        verbose_name="counter",
                    ),
                ),
            ],
            options={
                "verbose_name": "alert",
                "verbose_name_plural": "alerts",
                "ordering": ["since", "counter"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "counter", "detail"), name="alert_once")
                ],
            },
        ),
    ]
