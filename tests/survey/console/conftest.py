"""Fixtures that several tests of the staff pages share."""

from __future__ import annotations

from tests.survey.console.walking import scene

__all__ = ["scene"]
