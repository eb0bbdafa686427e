"""What happens that programs elsewhere want to hear of: a room tells it, whoever listens."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

happened = Signal()
"""Sent inside the transaction that does it, with ``event`` and ``data``."""


class Event(models.TextChoices):
    """What can be told; the names are part of the interface and never change."""

    EDITION = "edition.published", _("figures of a period were published")
    CASE = "case.handed_over", _("a rating was handed over at the citizen's wish")
    IMPORT = "import.finished", _("a file was imported, or its import failed")
    ALERT = "alert.raised", _("a counter needs somebody's attention")
    TEST = "webhook.test", _("a test, sent by hand")


def tell(event: Event, **data: Any) -> None:
    """Tell that something happened; ``data`` has names and numbers of things, no answer and no
    person.
    """
    happened.send(sender=Event, event=event, data=data)
