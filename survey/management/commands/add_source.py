"""Give a case system a key to send dossier events with; the secret is shown once."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from survey.transactions.models import SourceSystem
from survey.transactions.sources import renew_secret


class Command(BaseCommand):
    """``manage.py add_source portal --name "Cổng dịch vụ công" --province H20``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="3 to 40 small letters, digits and hyphens; sent as X-Key")
        parser.add_argument("--name", required=True, help="name of the system")
        parser.add_argument("--province", required=True, help="code of the province, e.g. H20")
        parser.add_argument(
            "--renew", action="store_true", help="a new secret for a key that exists"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["key"]
        if not re.fullmatch(r"[a-z0-9-]{3,40}", key):
            raise CommandError("key: use 3 to 40 small letters, digits and hyphens")
        existing = SourceSystem.objects.filter(key_id=key)
        if existing.exists() != options["renew"]:
            hint = "use --renew for a new secret" if existing.exists() else "leave --renew out"
            raise CommandError(
                f"key {key}: {'exists' if existing.exists() else 'is not known'}; {hint}"
            )
        source = existing.first() or SourceSystem(key_id=key)
        source.name, source.province, source.active = options["name"], options["province"], True
        if source.pk:
            source.save(update_fields=["name", "province", "active"])
        secret = renew_secret(source=source)
        self.stdout.write(f"X-Key: {key}\nsecret: {secret}\nThe secret is not shown again.")
