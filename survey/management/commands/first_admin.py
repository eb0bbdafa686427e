"""Open the first door of a new installation: a link by which one person becomes administrator."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from survey.accounts.audit import record_event
from survey.accounts.invitations import Invited, invite
from survey.accounts.models import Role, User


class Command(BaseCommand):
    """``manage.py first_admin --name "Nguyễn Văn A"``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", default="Quản trị cấp tỉnh", help="whose account it will be")
        parser.add_argument(
            "--again", action="store_true", help="although there is an administrator already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        admins = User.objects.filter(role=Role.PROVINCE_ADMIN, agency=None, is_active=True)
        if admins.exists() and not options["again"]:
            raise CommandError(
                f"there is an administrator already ({admins[0].username}), who invites others on "
                "the page People; add --again if nobody can sign in any more"
            )
        who = Invited(name=options["name"], role=Role.PROVINCE_ADMIN)
        invitation, token = invite(who=who, by=None, now=timezone.now())
        record_event(
            None,
            "invite-person",
            thing=f"invitation {invitation.pk}",
            detail=f"{invitation.name}: {invitation.role} (first_admin)",
        )
        address = settings.PUBLIC_URL + reverse("console:invitation", args=[token])
        self.stdout.write(
            f"Open this link once, until {invitation.expires_at:%d/%m/%Y}:\n{address}"
        )
