"""The one Django app."""

from __future__ import annotations

from django.apps import AppConfig


class SurveyConfig(AppConfig):
    """Rooms share one app and one migration history."""

    name = "survey"
    verbose_name = "Hài Lòng"

    def ready(self) -> None:
        """Register the system checks."""
        from survey import checks  # noqa: F401, PLC0415  (needs the app registry)
