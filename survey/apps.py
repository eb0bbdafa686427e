"""The one Django app."""

from __future__ import annotations

from django.apps import AppConfig


class SurveyConfig(AppConfig):
    """Rooms share one app and one migration history."""

    name = "survey"
    verbose_name = "Hài Lòng"

    def ready(self) -> None:
        """Register the system checks; what was made readable for others before is closed."""
        from survey import checks  # noqa: PLC0415  (needs the app registry)

        checks.tighten_files()
