"""Signing in: which accounts may, and what the audit trail keeps of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from survey.accounts.audit import record_event
from survey.accounts.models import User


class StaffBackend(ModelBackend):
    """Passwords of open accounts; asked at every request, so who was closed is out at the next."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is open today."""
        return user is not None and user.is_open(timezone.localdate())


@receiver(user_logged_in, dispatch_uid="audit-signed-in")
def _note_signed_in(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is not None and request.META.get("REMOTE_ADDR"):
        record_event(request, "sign-in", user=user)


@receiver(user_logged_out, dispatch_uid="audit-signed-out")
def _note_signed_out(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if request is not None and user is not None and request.META.get("REMOTE_ADDR"):
        record_event(request, "sign-out", user=user)


@receiver(user_login_failed, dispatch_uid="audit-refused")
def _note_refused(credentials: dict[str, Any], request: HttpRequest | None, **kwargs: Any) -> None:
    if request is not None:
        name = str(credentials.get("username", ""))
        record_event(request, "sign-in", user_name=name, refused=True)
