"""The one Django app."""

from __future__ import annotations

from django.apps import AppConfig


class SurveyConfig(AppConfig):
    """Rooms share one app and one migration history."""

    name = "survey"
    verbose_name = "Hài Lòng"

    def ready(self) -> None:
        """Register the system checks; what was made readable for others before is closed;
        programs elsewhere are told what happens.
        """
        from survey import checks  # noqa: PLC0415  (needs the app registry)
        from survey.webhooks import services as webhooks  # noqa: PLC0415

        checks.tighten_files()
        webhooks.listen()
