"""What stands above matters of many agencies, and the template a report was made with."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0039_reports"),
    ]

    operations = [
        migrations.AddField(
            model_name="followup",
            name="holds_others",
            field=models.BooleanField(
                default=False, verbose_name="stands above one for each agency"
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="template_sha256",
            field=models.CharField(blank=True, max_length=64, verbose_name="template checksum"),
        ),
    ]
