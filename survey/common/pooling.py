"""Whether what one connection sets, another reads: asked before a session is trusted."""

from __future__ import annotations

import secrets

from django.db import DEFAULT_DB_ALIAS, connection, connections


def sessions_are_shared() -> bool:
    """Whether a pooler lends the session of one connection to another between transactions: then
    the limit of one official would be everybody's, or nobody's. For PostgreSQL.
    """
    mark = secrets.token_hex(8)
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('hailong.pooled', %s, false)", [mark])
        with other.cursor() as cursor:
            cursor.execute("SELECT current_setting('hailong.pooled', true)")
            return bool(cursor.fetchone()[0] == mark)
    finally:
        other.close()
