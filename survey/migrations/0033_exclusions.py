"""Answers two people take out of every figure."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0032_what_moved"),
    ]

    operations = [
        migrations.CreateModel(
            name="Exclusion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("begins", models.DateTimeField(verbose_name="from")),
                ("ends", models.DateTimeField(verbose_name="until")),
                ("reason", models.TextField(max_length=1000, verbose_name="reason")),
                ("made_at", models.DateTimeField(verbose_name="approved at")),
                ("lifted_at", models.DateTimeField(null=True, verbose_name="lifted at")),
                (
                    "counter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="survey.counter",
                        verbose_name="counter",
                    ),
                ),
            ],
            options={
                "verbose_name": "exclusion of answers",
                "verbose_name_plural": "exclusions of answers",
                "ordering": ["-made_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("begins__lt", models.F("ends"))),
                        name="exclusion_has_a_span",
                    )
                ],
            },
        ),
    ]
