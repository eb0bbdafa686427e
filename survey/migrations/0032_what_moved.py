"""What went over with a change of agencies, so that it can be undone."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0031_methods_of_periods"),
    ]

    operations = [
        migrations.AddField(
            model_name="succession",
            name="moved",
            field=models.JSONField(default=dict, editable=False, verbose_name="what moved"),
        ),
    ]
