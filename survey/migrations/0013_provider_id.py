from __future__ import annotations

from django.db import migrations, models

ONCE = "message_event_once"


class Migration(migrations.Migration):
    dependencies = [("survey", "0012_opening_hours")]

    operations = [
        migrations.RemoveConstraint("messageevent", ONCE),
        migrations.RenameField("outboxmessage", "sid", "provider_id"),
        migrations.RenameField("messageevent", "sid", "provider_id"),
        migrations.RenameField("outboxmessage", "attempt", "claim_count"),
        migrations.RenameField("outboxmessage", "tries", "answered_count"),
        migrations.AddConstraint(
            "messageevent",
            models.UniqueConstraint(fields=["provider_id", "status", "code"], name=ONCE),
        ),
    ]
