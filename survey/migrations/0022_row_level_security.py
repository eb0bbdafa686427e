"""The second layer of isolation, on PostgreSQL: while a page of officials is answered the session
names the agencies of the account (``hailong.scope``), and rows of others are not there, whatever a
query asks for. Without a scope (citizens, commands, the worker) every row is there.

The owner of the tables is held to it too; superusers and roles with BYPASSRLS are not, and
``manage.py check --database default`` says so. SQLite has one layer only.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

SCOPE = "COALESCE(current_setting('hailong.scope', true), '')"
# In sub-selects: read once for a statement, not once for a row.
FREE = f"(SELECT {SCOPE}) = ''"
IN_SCOPE = f"{{column}} = ANY ((SELECT string_to_array(NULLIF({SCOPE}, ''), ','))::bigint[])"
OWN = {
    "survey_response": "agency_id",
    "survey_readablecomment": "agency_id",
    "survey_commentbatch": "agency_id",
    "survey_case": "handler_id",
    "survey_agencyresult": "agency_id",
    "survey_monthlytotal": "agency_id",
    "survey_improvement": "agency_id",
    "survey_dossierevent": "agency_id",
}
BESIDE = {
    "survey_comment": "SELECT 1 FROM survey_response r WHERE r.id = submission_id",
    "survey_casenote": "SELECT 1 FROM survey_case c WHERE c.id = case_id",
}
"""Rows without an agency of their own are there where the row they belong to is."""
PUBLIC = {"survey_agencyresult": " OR agency_id IS NULL"}
"""The row of the province as a whole is shown to all officials."""


def conditions() -> dict[str, str]:
    """Table -> which of its rows are there."""
    found = {
        table: f"{FREE} OR {IN_SCOPE.format(column=column)}{PUBLIC.get(table, '')}"
        for table, column in OWN.items()
    }
    return found | {table: f"{FREE} OR EXISTS ({sql})" for table, sql in BESIDE.items()}


def switch_on(apps: Any, schema_editor: Any) -> None:
    """One policy a table, for reading and writing alike."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, condition in conditions().items():
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(
            f"CREATE POLICY in_scope ON {table} USING ({condition}) WITH CHECK ({condition})",
            params=None,
        )


def switch_off(apps: Any, schema_editor: Any) -> None:
    """Take the policies away."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in conditions():
        schema_editor.execute(f"DROP POLICY in_scope ON {table}", params=None)
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY", params=None)
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY", params=None)


class Migration(migrations.Migration):
    """Policies; no table changes."""

    dependencies: ClassVar = [("survey", "0021_comments_and_cases")]
    operations: ClassVar = [migrations.RunPython(switch_on, switch_off)]
