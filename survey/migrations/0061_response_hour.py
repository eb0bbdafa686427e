"""What came lately is found by its hour, among millions too; nobody waits while it is made."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

INDEX = models.Index(fields=["answered_hour"], name="response_hour")


class AddIndexBeside(migrations.AddIndex):
    """An index that is made while rows are written, where the database can (PostgreSQL)."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        # It waits for whoever reads long, and nobody waits for it; what an interrupted run left is
        # of no use.
        schema_editor.execute("SET lock_timeout = 0")
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.index.name}")
        schema_editor.add_index(model, self.index, concurrently=True)
        schema_editor.execute("RESET lock_timeout")

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.execute("SET lock_timeout = 0")
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.index.name}")
        schema_editor.execute("RESET lock_timeout")


class Migration(migrations.Migration):
    atomic = False

    dependencies: ClassVar = [("survey", "0060_scheduled_exports")]

    operations: ClassVar = [AddIndexBeside(model_name="response", index=INDEX)]
