"""Who wants reminders by mail, and what was told last."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("survey", "0056_cut_offs"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="user",
            name="reminded_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="reminded_of",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="user",
            name="wants_reminders",
            field=models.BooleanField(default=True, verbose_name="reminders by mail"),
        ),
    ]
