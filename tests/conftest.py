"""The database of the tests that run in one process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.migrated import migrated_database


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """In memory, filled from the file that has all tables; on PostgreSQL by the migrations."""
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        if connection.vendor != "sqlite":
            made = setup_databases(verbosity=0, interactive=False)
            yield
            teardown_databases(made, verbosity=0)
            return
        before = connection.settings_dict["NAME"]
        _open_in_memory(connection)
        yield
        connection.creation.destroy_test_db(before, verbosity=0)


def _open_in_memory(connection: Any) -> None:
    name = connection.creation._get_test_db_name()
    connection.close()
    connection.settings_dict["NAME"] = name
    connection.ensure_connection()
    with closing(sqlite3.connect(migrated_database())) as source:
        source.backup(connection.connection)
