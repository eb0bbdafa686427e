"""When a file was asked to be taken: what is stored is dated by it."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies: ClassVar = [
        ("survey", "0025_marks_of_comments"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="fileimport",
            name="taken_at",
            field=models.DateTimeField(null=True, verbose_name="import requested at"),
        ),
    ]
