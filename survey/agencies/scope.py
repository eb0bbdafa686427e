"""Tells PostgreSQL whose rows a page may touch: the second layer under the queries' own scope.

The policies are in migration 0022. On SQLite there is nothing to tell: it has one layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from survey.accounts.models import User
from survey.agencies.queries import visible_agencies

STAFF: Final = "/staff/"
NOBODY: Final = "0"
"""No agency has this number."""


class ScopeMiddleware:
    """While a staff page is answered, the database session knows the account's agencies.

    Strangers get none. Accounts of the whole province are not limited: every row is theirs to read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Name the scope, answer, forget it; a streamed answer is still within it."""
        if connection.vendor != "postgresql" or not request.path.startswith(STAFF):
            return self.get_response(request)
        if request.user.is_authenticated:
            limit_scope(request.user)
        else:
            set_scope(())
        try:
            response = self.get_response(request)
        except BaseException:
            set_scope(None)
            raise
        if response.streaming:
            response._resource_closers.append(  # type: ignore[attr-defined]
                lambda: set_scope(None)
            )
        else:
            set_scope(None)
        return response


def limit_scope(user: User) -> None:
    """Limit this database session to the rows an account may touch."""
    if connection.vendor == "postgresql":
        whole = user.sees_province
        set_scope(None if whole else visible_agencies(user).values_list("pk", flat=True))


def lift_scope() -> None:
    """End the limit of this database session."""
    if connection.vendor == "postgresql":
        set_scope(None)


def set_scope(agencies: Iterable[int] | None) -> None:
    """Limit this database session to the rows of these agencies; None: to nothing."""
    names = "" if agencies is None else ",".join(map(str, agencies)) or NOBODY
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('hailong.scope', %s, false)", [names])


@contextmanager
def also_in_scope(agencies: Iterable[int]) -> Iterator[None]:
    """For a while a staff page may touch rows of these agencies too: where the tables say so, as
    they do of lines another agency answers for. Without a limit nothing changes.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(current_setting('hailong.scope', true), '')")
        before = cursor.fetchone()[0]
    names = {int(name) for name in before.split(",") if name}
    if before:
        set_scope(names.union(agencies))
    try:
        yield
    finally:
        if before:
            set_scope(names)
