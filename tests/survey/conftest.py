"""One small cast for all tests of the web side."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from survey.citizen.kept_pages import forget_pages
from survey.common import throttling
from survey.common.outage import forget_outage
from survey.public import editions, figures, modelled
from survey.questionnaires import queries
from tests.survey.factories import Cast, make_cast


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of an empty database first: once the cast stands, it stands for all the others. What
    needs no database comes last, as before: browsers leave an event loop behind.
    """
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    names = getattr(item, "fixturenames", ())
    if "cast" in names:
        return 1
    return 0 if "db" in names or item.get_closest_marker("django_db") else 2


@pytest.fixture(scope="session")
def standing_cast(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """The cast, made once: every test runs in a savepoint of this transaction."""
    around = transaction.atomic()
    with django_db_blocker.unblock():
        around.__enter__()
        made = make_cast()
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def cast(standing_cast: Cast, db: None) -> Cast:
    """Two agencies, two counters with codes, published questionnaires, three accounts."""
    return deepcopy(standing_cast)


@pytest.fixture
def citizen() -> Client:
    """A browser that enforces CSRF, so that citizen pages prove they do not need it."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture(autouse=True)
def nobody_guesses() -> None:
    """Failures are counted per process; each test begins with none."""
    throttling.forget()
    forget_outage()
    cache.clear()


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    """Versions are read once per process; a test that was rolled back gives its numbers away."""
    queries._frozen_form.cache_clear()
    queries.wordings.cache_clear()
    forget_pages()
    editions._list_editions.cache_clear()
    figures._lines.cache_clear()
    modelled._few_answers.cache_clear()


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kept snapshots of tests never lie among those of the installation beside them."""
    settings.VAR_DIR = tmp_path_factory.getbasetemp() / "var"
