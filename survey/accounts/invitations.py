"""Invitations: a link that opens one account, once; role and scope are decided by who invites."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.models import StaffInvitation, User
from survey.accounts.permissions import may
from survey.common.province import province_name
from survey.common.tokens import keyed_hash, keyed_hashes

INVITATION_TTL: Final = timedelta(days=7)
_TOKEN_BYTES: Final = 24


class InvitationError(ValueError):
    """An invitation that cannot be used; the message says why, to who opened it."""


@dataclass(frozen=True, kw_only=True)
class Invited:
    """What an account will be."""

    name: str
    role: str
    agency_id: int | None = None
    email: str = ""
    body: str = ""
    ends_on: date | None = None


@transaction.atomic
def invite(*, who: Invited, by: User | None, now: datetime) -> tuple[StaffInvitation, str]:
    """A new invitation and its token, told once; an open one to the same e-mail ends.

    Raises
    ------
    django.core.exceptions.ValidationError
        What was asked for can be no account: a field is missing, or a local role has no agency.
    """
    invitation = StaffInvitation(
        **vars(who), invited_by=by, invited_at=now, expires_at=now + INVITATION_TTL
    )
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation.token_hash = keyed_hash("staff-invitation", token)
    invitation.full_clean(exclude=["token_hash", "invited_by", "withdrawn_at", "account"])
    if who.email:
        mine = open_invitations(now).filter(invited_by=by, email__iexact=who.email)
        mine.update(withdrawn_at=now)
    invitation.save()
    return invitation, token


def open_invitations(now: datetime) -> QuerySet[StaffInvitation]:
    """Invitations that may still be used."""
    return StaffInvitation.objects.filter(account=None, withdrawn_at=None, expires_at__gt=now)


def find_invitation(token: str, now: datetime) -> StaffInvitation:
    """The invitation of a link.

    Raises
    ------
    InvitationError
        There is none, it was used, withdrawn, or is too old.
    """
    today = timezone.localdate(now)
    hashes = keyed_hashes("staff-invitation", token)
    rows = StaffInvitation.objects.select_related("agency", "invited_by")
    found = rows.filter(token_hash__in=hashes).first()
    if found is None:
        raise InvitationError(_("There is no such invitation. Please check the link."))
    if found.account_id is not None:
        raise InvitationError(_("This invitation has been used. Please sign in."))
    if found.withdrawn_at is not None:
        raise InvitationError(_("This invitation was withdrawn. Please ask who sent it."))
    inviter = found.invited_by
    if inviter is not None and not (inviter.is_open(today) and may(inviter, "manage-people")):
        raise InvitationError(_("This invitation was withdrawn. Please ask who sent it."))
    if found.expires_at <= now or (found.ends_on is not None and found.ends_on < today):
        raise InvitationError(_("This invitation is too old. Please ask for a new one."))
    return found


def withdraw_invitations_by(person: User, now: datetime) -> int:
    """End what somebody invited whose account is closed or changed; returns how many."""
    return open_invitations(now).filter(invited_by=person).update(withdrawn_at=now)


@transaction.atomic
def accept(*, invitation: StaffInvitation, user_name: str, password: str) -> User:
    """The account of an invitation; of two at once one gets it.

    Raises
    ------
    InvitationError
        Somebody has just used it.
    """
    locked = StaffInvitation.objects.select_for_update().get(pk=invitation.pk)
    if locked.account_id is not None or locked.withdrawn_at is not None:
        raise InvitationError(_("This invitation has been used. Please sign in."))
    user = User(
        username=user_name,
        first_name=locked.name,
        email=locked.email,
        role=locked.role,
        agency_id=locked.agency_id,
        body=locked.body,
        body_set_by=locked.invited_by,
        body_set_at=locked.invited_at,
        ends_on=locked.ends_on,
    )
    user.set_password(password)
    user.save()
    locked.account = user
    locked.save(update_fields=["account"])
    return user


def can_mail() -> bool:
    """Whether this installation has a mail server."""
    return bool(settings.EMAIL_HOST)


def mail_invitation(invitation: StaffInvitation, address: str) -> bool:
    """Send the link; False where the server does not take it: the link is then handed over."""
    text = _(
        "Dear %(name)s,\n\nyou have been invited to open an account (%(role)s).\n\n%(address)s\n\n"
        "The link works once, until %(until)s. Nobody will ask you for your password."
    ) % {
        "name": invitation.name,
        "role": invitation.get_role_display(),
        "address": address,
        "until": invitation.expires_at.strftime("%d/%m/%Y"),
    }
    subject = _("Invitation: citizen satisfaction, %(province)s") % {"province": province_name()}
    try:
        return bool(send_mail(subject, text, None, [invitation.email]))
    except OSError:
        return False
