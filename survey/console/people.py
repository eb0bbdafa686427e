"""Staff pages for accounts: who there is, inviting, changing role and scope, closing."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.asking_again import asks_again
from survey.accounts.audit import record_event
from survey.accounts.invitations import (
    can_mail,
    invite,
    mail_invitation,
    open_invitations,
    withdraw_invitations_by,
)
from survey.accounts.models import Role, StaffInvitation, StaffSession, User
from survey.accounts.permissions import requires
from survey.accounts.second_factor import has_second_factor, needs_second_factor
from survey.agencies.models import Agency
from survey.agencies.queries import agency_names, visible_agencies
from survey.common.text import fold_accents
from survey.console.layout import page, staff_page
from survey.console.people_forms import AccountForm, InvitationForm

PEOPLE_PER_PAGE = 50


def people_in_scope(user: User) -> QuerySet[User]:
    """Accounts an administrator may see and change: those of the branch, no operator of last
    resort.
    """
    found = User.objects.select_related("agency")
    if not user.is_superuser:
        found = found.filter(is_superuser=False)
    return found if user.sees_province else found.filter(agency__in=visible_agencies(user))


@require_safe
@staff_page
@requires("manage-people")
def people(request: HttpRequest) -> HttpResponse:
    """Accounts, by part of a name and by role, and the invitations still open."""
    user = cast("User", request.user)
    wanted, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    found = people_in_scope(user).order_by("-is_active", "username")
    if role in Role.values:
        found = found.filter(role=role)
    matching = [account for account in found if is_meant(account, wanted)]
    part = Paginator(matching, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    names = agency_names(Agency.objects.filter(pk__in={account.agency_id for account in part}))
    context = {
        "part": part,
        "wanted": wanted,
        "query": urlencode({"q": wanted, "role": role}),
        "role": role,
        "roles": Role.choices,
        "lines": [_line(account, names) for account in part],
        "invitations": _find_invitations(user),
    }
    return page(request, "people.html", context)


def is_meant(account: User, wanted: str) -> bool:
    """Whether a name, user name or e-mail holds what was typed, with or without accents."""
    words = (account.get_full_name(), account.username, account.email)
    return fold_accents(wanted) in fold_accents(" ".join(words))


def _line(account: User, names: dict[int, str]) -> dict[str, Any]:
    missing = needs_second_factor(account) and not has_second_factor(account)
    return {
        "account": account,
        "agency": names.get(account.agency_id or 0, ""),
        "open": account.is_open(timezone.localdate()),
        "missing": missing,
    }


def _find_invitations(user: User) -> QuerySet[StaffInvitation]:
    found = open_invitations(timezone.now()).select_related("agency").order_by("expires_at")
    return found if user.sees_province else found.filter(agency__in=visible_agencies(user))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("manage-people")
@asks_again
def invite_person(request: HttpRequest) -> HttpResponse:
    """Invite somebody; the link goes by mail, or is shown once to be handed over."""
    user = cast("User", request.user)
    form = InvitationForm(request.POST or None, user=user)
    if request.method != "POST" or not form.is_valid():
        return page(
            request, "invite.html", {"form": form}, status=422 if request.method == "POST" else 200
        )
    invitation, token = invite(who=form.invited(), by=user, now=timezone.now())
    address = settings.PUBLIC_URL + reverse("console:invitation", args=[token])
    mailed = can_mail() and bool(invitation.email) and mail_invitation(invitation, address)
    record_event(
        request,
        "invite-person",
        thing=f"invitation {invitation.pk}",
        detail=f"{invitation.name}: {invitation.role}",
        agency_id=invitation.agency_id,
    )
    context = {
        "form": InvitationForm(user=user),
        "invitation": invitation,
        "address": "" if mailed else address,
    }
    return page(request, "invite.html", context)


@require_POST
@staff_page
@requires("manage-people")
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """An invitation that was not meant so."""
    found = _find_invitations(cast("User", request.user)).filter(pk=pk)
    if not found.update(withdrawn_at=timezone.now()):
        raise Http404
    messages.success(request, _("The invitation has been withdrawn. Its link no longer works."))
    return redirect("console:people")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("manage-people")
@asks_again
def change_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Role, scope and last day of somebody else's account; who is changed signs in again."""
    user = cast("User", request.user)
    account = people_in_scope(user).filter(pk=pk).first()
    if account is None:
        raise Http404
    if request.method == "POST" and account.pk == user.pk:
        messages.error(request, _("You cannot change your own role. Please ask a colleague."))
        return redirect("console:people")
    form = AccountForm(request.POST or None, instance=account, user=user)
    if request.method == "POST" and form.is_valid():
        before = User.objects.get(pk=pk)
        if before.body != account.body:
            account.body_set_by, account.body_set_at = user, timezone.now()
        form.save()
        withdraw_invitations_by(account, timezone.now())
        record_event(
            request,
            "change-person",
            thing=f"account {account.pk}",
            detail=_difference(before, account),
            agency_id=account.agency_id,
        )
        messages.success(request, _("Saved. The person signs in again with the new scope."))
        return redirect("console:people")
    context = {
        "form": form,
        "account": account,
        "mine": account.pk == user.pk,
        "open": account.is_open(timezone.localdate()),
    }
    sent = request.method == "POST"
    return page(request, "person.html", context, status=422 if sent else 200)


def _difference(before: User, after: User) -> str:
    fields = ("role", "agency", "body", "ends_on", "first_name", "email")
    changed = [
        f"{name}: {getattr(before, name)} → {getattr(after, name)}"
        for name in fields
        if getattr(before, name) != getattr(after, name)
    ]
    return "; ".join(changed)


@require_POST
@staff_page
@requires("manage-people")
@asks_again
@transaction.atomic
def close_person(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Close an account, out at the next request; or open it again."""
    user = cast("User", request.user)
    account = people_in_scope(user).filter(pk=pk).first()
    if account is None:
        raise Http404
    if account.pk == user.pk:
        messages.error(request, _("You cannot close your own account. Please ask a colleague."))
        return redirect("console:people")
    account.is_active = action == "open"
    account.save(update_fields=["is_active"])
    if not account.is_active:
        StaffSession.objects.filter(user=account).delete()
        withdraw_invitations_by(account, timezone.now())
        messages.success(request, _("The account is closed and signed out everywhere."))
    else:
        messages.success(request, _("The account is open again."))
    return redirect("console:people")
