"""The state of two indexes names renamed columns; the database renamed them itself in 0013."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies: ClassVar = [("survey", "0057_reminders")]

    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(model_name="outboxmessage", name="outbox_final"),
                migrations.RemoveIndex(model_name="outboxmessage", name="outbox_to_redact"),
                migrations.AddIndex(
                    model_name="outboxmessage",
                    index=models.Index(
                        fields=["sender", "-final_at"],
                        condition=Q(final_at__isnull=False, answered_count__gt=0),
                        name="outbox_final",
                    ),
                ),
                migrations.AddIndex(
                    model_name="outboxmessage",
                    index=models.Index(
                        fields=["final_at"],
                        condition=Q(
                            provider_id__isnull=False, final_at__isnull=False, redacted_at=None
                        ),
                        name="outbox_to_redact",
                    ),
                ),
            ]
        )
    ]
