"""What the night erased, by the schedule of retention."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0050_bodies"),
    ]

    operations = [
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("erased", models.JSONField(verbose_name="erased")),
            ],
            options={
                "verbose_name": "application of the retention schedule",
                "verbose_name_plural": "applications of the retention schedule",
                "ordering": ["-made_at", "-pk"],
            },
        ),
    ]
