"""For whom a dossier is, and by which rule a questionnaire is asked."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0027_blocks_of_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="dossierevent",
            name="applicant",
            field=models.CharField(
                blank=True,
                choices=[("citizen", "citizen"), ("business", "business or organisation")],
                default="",
                max_length=8,
                verbose_name="applicant",
            ),
        ),
        # By hand: Django would make the table of SQLite anew, and the triggers that keep published
        # versions as they are would be gone.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE survey_version ADD COLUMN legal_basis varchar(300) "
                    "DEFAULT '' NOT NULL",
                    "ALTER TABLE survey_version DROP COLUMN legal_basis",
                )
            ],
            state_operations=[
                migrations.AddField(
                    model_name="version",
                    name="legal_basis",
                    field=models.CharField(
                        blank=True, default="", max_length=300, verbose_name="legal basis"
                    ),
                )
            ],
        ),
    ]
