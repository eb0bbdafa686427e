"""The audit trail: one row for whatever staff do, and for what they were refused."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from survey.accounts.models import AuditEvent, User
from survey.common.throttling import client_address

MAX_DETAIL: Final = 300


def record_event(
    request: HttpRequest | None,
    action: str,
    *,
    thing: str = "",
    detail: str = "",
    refused: bool = False,
    user: User | None = None,
    user_name: str = "",
    agency_id: int | None = None,
) -> AuditEvent:
    """Add a row; the middleware adds none of its own for the same request.

    Parameters
    ----------
    request : whose account and address are kept; None for what a command does.
    action : one of ``survey.console.audit.ACTIONS``.
    thing : kind and number of what it was done to, like ``counter 12``.
    detail : what a reader needs beside it; never a password, a phone number or an answer.
    """
    account = user or (getattr(request, "user", None) if request else None)
    if isinstance(account, AnonymousUser):
        account = None
    if request is not None:
        request.recorded = True  # type: ignore[attr-defined]
    return AuditEvent.objects.create(
        at=timezone.now(),
        user=account,
        user_name=(user_name or (account.get_username() if account else ""))[:150],
        agency_id=agency_id or (account.agency_id if account else None),
        action=action,
        thing=thing[:60],
        detail=detail[:MAX_DETAIL],
        refused=refused,
        address=client_address(request)[:45] if request else "",
    )
