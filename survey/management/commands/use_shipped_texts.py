"""Put the shipped texts of invitation and reminder into use for a sender."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from survey.messaging.message_text import text_size
from survey.messaging.models import Sender
from survey.messaging.shipped_texts import use_shipped_texts


class Command(BaseCommand):
    """``manage.py use_shipped_texts "UBND DTHAP"``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sender", help="name of the sender, as registered with the carriers")

    def handle(self, *args: Any, **options: Any) -> None:
        sender = Sender.objects.filter(name=options["sender"]).first()
        if sender is None:
            known = ", ".join(Sender.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"no sender {options['sender']!r}; known: {known}")
        try:
            made = use_shipped_texts(sender)
        except ValueError as error:
            raise CommandError(f"no shipped text fits one part: {error}") from error
        for template in made:
            size = text_size(template.text)
            self.stdout.write(f"{template.kind} {template.version} ({size.units}): {template.text}")
