from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("survey", "0010_counted")]

    operations = [
        migrations.AddField(
            model_name="edition",
            name="answers",
            field=models.JSONField(
                default=dict, editable=False, verbose_name="checksums of the answers"
            ),
        ),
    ]
