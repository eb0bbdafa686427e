"""``manage.py unlink_answers``: strip settled invitations, break the order of answers by link; to be run nightly."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from survey.dispatch.settling import settle_invitations
from survey.responses.shuffling import shuffle_answers


class Command(BaseCommand):
    """What the dispatcher's upkeep does too; harmless at any time."""

    help = "Strip settled invitations and write the answers by link anew in random order."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        settled, moved = settle_invitations(now), shuffle_answers(now)
        self.stdout.write(f"{settled} invitations settled, {moved} answers by link written anew")
