"""What one person asks for and another decides: one mechanism for every grave deed.

A request freezes what is asked for: the payload, its hash, and the policy that was in force. Who
asked never decides, whoever they are; where the policy says so, deciders come from another body.
What was approved is what is done: the thing itself is looked at again, and a changed one is
refused. The snapshot of the policy and the denial that ends a request are Nautobot's and PostHog's.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.models import User
from survey.accounts.permissions import holds_role
from survey.common.text import check_words

Payload = Mapping[str, Any]
_TAKEN = gettext_lazy("This cannot be done: something else has taken its place.")


@dataclass(frozen=True)
class Policy:
    """How a request is decided."""

    permission: str
    """Line of ``permissions.RULES`` whose roles decide."""
    min_approvers: int = 1
    other_body: bool = False
    """Deciders work for another body than who asked; both accounts say for which."""
    days: int = 14


@dataclass(frozen=True)
class SensitiveAction:
    """One kind of grave deed."""

    key: str
    label: Any
    asks: str
    """Permission of who may ask for it."""
    policy: Policy
    describe: Callable[[Payload], str]
    """The thing as it is now, for a reader."""
    fingerprint: Callable[[Payload], str]
    """The thing as it is now, in full; another one than at the request is refused."""
    run: Callable[[Payload, datetime], object]
    """Does it; raises ``ValidationError`` where it cannot be done."""


class RequestState(models.TextChoices):
    """What became of a request."""

    WAITING = "waiting", gettext_lazy("waiting")
    DONE = "done", gettext_lazy("approved and done")
    REFUSED = "refused", gettext_lazy("rejected")
    CANCELLED = "cancelled", gettext_lazy("withdrawn")
    EXPIRED = "expired", gettext_lazy("expired")


class ApprovalRequest(models.Model):
    """Something one person asked for, as it was asked for."""

    action = models.CharField(gettext_lazy("action"), max_length=40)
    asks = models.CharField(gettext_lazy("permission"), max_length=40)
    """What who asks has to be allowed, also when it is decided."""
    payload = models.JSONField(gettext_lazy("what"))
    payload_hash = models.CharField(max_length=64)
    subject = models.CharField(gettext_lazy("subject"), max_length=300)
    policy = models.JSONField(gettext_lazy("policy"))
    reason = models.TextField(gettext_lazy("reason"), max_length=1000)
    requester = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=gettext_lazy("requester")
    )
    made_at = models.DateTimeField(gettext_lazy("made at"))
    expires_at = models.DateTimeField(gettext_lazy("valid until"))
    state = models.CharField(
        gettext_lazy("state"),
        max_length=10,
        choices=RequestState.choices,
        default=RequestState.WAITING,
    )
    ended_at = models.DateTimeField(gettext_lazy("ended at"), null=True)

    class Meta:
        verbose_name = gettext_lazy("request for approval")
        verbose_name_plural = gettext_lazy("requests for approval")
        ordering: ClassVar = ["-made_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["action", "payload_hash"],
                condition=Q(state=RequestState.WAITING),
                name="one_waiting_request_for_a_thing",
            )
        ]

    def __str__(self) -> str:
        return self.subject


class ApprovalDecision(models.Model):
    """What one person decided of a request."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="decisions")
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=gettext_lazy("account")
    )
    approved = models.BooleanField(gettext_lazy("approved"))
    comment = models.TextField(gettext_lazy("comment"), max_length=1000, blank=True)
    at = models.DateTimeField(gettext_lazy("at"))

    class Meta:
        verbose_name = gettext_lazy("decision")
        verbose_name_plural = gettext_lazy("decisions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "user"], name="one_decision_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.user_id}"


def hash_payload(action: SensitiveAction, payload: Payload) -> str:
    """SHA-256 of what is asked for and of the thing as it is."""
    frozen = {"action": action.key, "payload": payload, "thing": action.fingerprint(payload)}
    text = json.dumps(frozen, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def request_approval(
    *, action: SensitiveAction, payload: Payload, reason: str, by: User, now: datetime
) -> ApprovalRequest:
    """Ask for something.

    Raises
    ------
    ValidationError
        Who asks may not, gives no reason, or the same waits already.
    """
    if not holds_role(by, action.asks):
        raise ValidationError(_("Your role cannot request this."))
    reason = check_words(reason)
    if not reason:
        raise ValidationError(_("Please give a reason: the person who decides reads it."))
    expire_requests(now)
    try_action(action, payload, now)
    digest = hash_payload(action, payload)
    waiting = ApprovalRequest.objects.filter(action=action.key, state=RequestState.WAITING)
    if waiting.filter(payload_hash=digest).exists():
        raise ValidationError(_("The same request is already waiting for a decision."))
    return ApprovalRequest.objects.create(
        action=action.key,
        asks=action.asks,
        payload=dict(payload),
        payload_hash=digest,
        subject=action.describe(payload)[:300],
        policy=asdict(action.policy),
        reason=reason[:1000],
        requester=by,
        made_at=now,
        expires_at=now + timedelta(days=action.policy.days),
    )


def try_action(action: SensitiveAction, payload: Payload, now: datetime) -> None:
    """Do it and take it back: what can never be done is told to who asks, not to who decides."""
    try:
        with transaction.atomic():
            action.run(payload, now)
            # Left by an error, so that what was to follow the commit is forgotten as well.
            raise _TakenBack
    except _TakenBack:
        return
    except IntegrityError as error:
        raise ValidationError(_TAKEN) from error


class _TakenBack(Exception):
    """It can be done."""


def why_not(request: ApprovalRequest, user: User, now: datetime) -> str:
    """Why somebody may not decide a request, as a sentence; empty when they may."""
    policy = Policy(**request.policy)
    if request.state != RequestState.WAITING:
        return _("This request has been decided.")
    if request.expires_at <= now:
        return _("This request has expired. Please make it again.")
    if request.requester_id == user.pk:
        return _("You cannot decide your own request.")
    if not holds_role(user, policy.permission):
        return _("Your role cannot decide this.")
    asker_is_open = request.requester.is_open(timezone.localdate(now))
    if not asker_is_open or not holds_role(request.requester, request.asks):
        return _("Who requested this may no longer do so. Somebody else has to request it.")
    if policy.other_body and not work_apart(request.requester, user, request.made_at):
        return _("Somebody from another body has to decide this.")
    if any(decision.user_id == user.pk for decision in request.decisions.all()):
        return _("You have already decided this.")
    return ""


def work_apart(one: User, two: User, since: datetime) -> bool:
    """Whether two people worked for different bodies at a moment, by somebody else's word than
    theirs: of an account that names none, or another one since, nobody knows.
    """
    if one.agency_id != two.agency_id:
        return True
    bodies = [_plain(user.body) for user in (one, two)]
    told_by_each_other = one.body_set_by_id == two.pk or two.body_set_by_id == one.pk
    set_later = any(user.body_set_at and user.body_set_at > since for user in (one, two))
    return all(bodies) and bodies[0] != bodies[1] and not told_by_each_other and not set_later


def _plain(text: str) -> str:
    """Letters and digits only: another way to write a body is no other body."""
    return "".join(one for one in unicodedata.normalize("NFKC", text).casefold() if one.isalnum())


@transaction.atomic
def decide_request(
    *,
    action: SensitiveAction,
    request: ApprovalRequest,
    approve: bool,
    comment: str,
    by: User,
    now: datetime,
) -> ApprovalRequest:
    """Approve or turn down; the last approval that is needed does it, in the same transaction.

    Raises
    ------
    ValidationError
        Who decides may not, the thing was changed since, or it cannot be done: nothing happens.
    """
    locked = ApprovalRequest.objects.select_for_update().get(pk=request.pk)
    if sentence := why_not(locked, by, now):
        raise ValidationError(sentence)
    comment = check_words(comment)
    if not approve and not comment:
        raise ValidationError(_("Please say why you reject this."))
    if approve and hash_payload(action, locked.payload) != locked.payload_hash:
        raise ValidationError(
            _("This has been changed since it was requested. Please request it again.")
        )
    locked.decisions.create(user=by, approved=approve, comment=comment[:1000], at=now)
    enough = locked.decisions.filter(approved=True).count() >= locked.policy["min_approvers"]
    if approve and enough:
        try:
            with transaction.atomic():
                action.run(locked.payload, now)
        except IntegrityError as error:
            raise ValidationError(_TAKEN) from error
        _end(locked, RequestState.DONE, now)
    elif not approve:
        _end(locked, RequestState.REFUSED, now)
    return locked


@transaction.atomic
def cancel_request(*, request: ApprovalRequest, by: User, now: datetime) -> None:
    """Take back what one asked for.

    Raises
    ------
    ValidationError
        It is somebody else's, or was decided.
    """
    locked = ApprovalRequest.objects.select_for_update().get(pk=request.pk)
    if locked.requester_id != by.pk:
        raise ValidationError(_("Only the person who made a request can withdraw it."))
    if locked.state != RequestState.WAITING:
        raise ValidationError(_("This request has been decided."))
    _end(locked, RequestState.CANCELLED, now)


def expire_requests(now: datetime) -> int:
    """End requests nobody decided in time; returns how many."""
    old = ApprovalRequest.objects.filter(state=RequestState.WAITING, expires_at__lte=now)
    return old.update(state=RequestState.EXPIRED, ended_at=now)


def _end(request: ApprovalRequest, state: RequestState, now: datetime) -> None:
    request.state, request.ended_at = state, now
    request.save(update_fields=["state", "ended_at"])


def requests_waiting(now: datetime) -> QuerySet[ApprovalRequest]:
    """Requests somebody has to decide."""
    return (
        ApprovalRequest.objects.filter(state=RequestState.WAITING, expires_at__gt=now)
        .select_related("requester__agency")
        .prefetch_related("decisions")
    )
