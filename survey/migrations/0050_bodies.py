"""For which body somebody works: exclusions are decided by another one."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0049_integrity_flags"),
    ]

    operations = [
        migrations.AddField(
            model_name="staffinvitation",
            name="body",
            field=models.CharField(blank=True, max_length=120, verbose_name="works for"),
        ),
        migrations.AddField(
            model_name="user",
            name="body",
            field=models.CharField(
                blank=True,
                help_text="Where the person works: some requests are decided by another body only.",
                max_length=120,
                verbose_name="works for",
            ),
        ),
    ]
