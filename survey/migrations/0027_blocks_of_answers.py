"""Comments are told by blocks of answers; replaced posters keep the day they were last used."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns."""

    dependencies: ClassVar = [
        ("survey", "0026_taken_files"),
    ]

    operations: ClassVar = [
        migrations.RemoveField(
            model_name="commentmark",
            name="ripe",
        ),
        migrations.RemoveField(
            model_name="commentmark",
            name="seen",
        ),
        migrations.RemoveField(
            model_name="commentmark",
            name="told",
        ),
        migrations.AddField(
            model_name="commentmark",
            name="answers",
            field=models.PositiveIntegerField(
                default=0, verbose_name="answers when the last block ended"
            ),
        ),
        migrations.AddField(
            model_name="countercode",
            name="scanned_on",
            field=models.DateField(
                blank=True, null=True, verbose_name="answered by it after it was replaced"
            ),
        ),
        migrations.AddField(
            model_name="readablecomment",
            name="closed",
            field=models.BooleanField(default=False, verbose_name="its block of answers has ended"),
        ),
    ]
