"""Another kind of matter needs no migration."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0040_holders_and_templates"),
    ]

    operations = [
        migrations.AlterField(
            model_name="followup",
            name="kind",
            field=models.CharField(max_length=12, verbose_name="kind"),
        ),
    ]
