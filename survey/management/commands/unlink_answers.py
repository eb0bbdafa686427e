"""``manage.py unlink_answers``: strip settled invitations, break the order of answers by link; to
be run nightly.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from survey.messaging.settling import settle_invitations
from survey.responses.shuffling import shuffle_answers


def unlink(now: datetime) -> tuple[int, int]:
    """Settle what is due, then shuffle; returns how many invitations and answers."""
    settled = 0
    while some := settle_invitations(now):
        settled += some
    return settled, shuffle_answers(now)


class Command(BaseCommand):
    """What a running dispatcher does every night too; harmless at any time."""

    help = "Strip settled invitations and write the answers by link anew in random order."

    def handle(self, *args: Any, **options: Any) -> None:
        settled, moved = unlink(timezone.now())
        self.stdout.write(f"{settled} invitations settled, {moved} answers by link written anew")
