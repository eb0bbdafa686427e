"""One small cast for all tests of the web side."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.survey.factories import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """Two agencies, two counters with codes, published questionnaires, three accounts."""
    return make_cast()


@pytest.fixture
def citizen() -> Client:
    """A browser that enforces CSRF, so that citizen pages prove they do not need it."""
    return Client(enforce_csrf_checks=True)
