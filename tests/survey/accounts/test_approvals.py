"""Two people: who asks never decides, and what was approved is what is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from survey.accounts.approvals import (
    ApprovalDecision,
    ApprovalRequest,
    Policy,
    RequestState,
    SensitiveAction,
    cancel_request,
    decide_request,
    request_approval,
)
from survey.accounts.models import Role, User
from survey.agencies.models import ProcedureDomain
from tests.survey.accounts.builders import account
from tests.survey.factories import NOW, Cast

THING = {"value": "as it was"}


class Deed:
    """Something grave that can be seen to be done."""

    def __init__(self) -> None:
        self.thing, self.fails = "as it was", False

    @property
    def done(self) -> int:
        return ProcedureDomain.objects.filter(code__startswith="deed").count()

    def run(self, payload: Mapping[str, Any], now: datetime) -> None:
        if self.fails:
            raise ValidationError("cannot be done")
        ProcedureDomain.objects.create(code=f"deed-{self.done}", name="Việc đã làm")


@pytest.fixture
def deed() -> Deed:
    return Deed()


@pytest.fixture
def action(deed: Deed) -> SensitiveAction:
    return SensitiveAction(
        key="test-deed",
        label="Deed",
        asks="author-questionnaires",
        policy=Policy(permission="decide-requests"),
        describe=lambda payload: f"the thing {payload['value']}",
        fingerprint=lambda payload: deed.thing,
        run=deed.run,
    )


@pytest.fixture
def people(cast: Cast) -> dict[str, User]:
    return {
        "author": account("author", role=Role.AUTHOR),
        "approver": account("approver", role=Role.APPROVER),
        "second": account("second", role=Role.APPROVER),
        "root": cast.operator,
        "analyst": cast.analyst,
    }


def ask(action: SensitiveAction, by: User, reason: str = "vì cần") -> ApprovalRequest:
    return request_approval(action=action, payload=THING, reason=reason, by=by, now=NOW)


def decide(action: SensitiveAction, row: ApprovalRequest, by: User, **more: Any) -> ApprovalRequest:
    values: dict[str, Any] = {"approve": True, "comment": "", "now": NOW + timedelta(hours=1)}
    values |= more
    return decide_request(action=action, request=row, by=by, **values)


def test_one_asks_another_approves_and_it_is_done_once(
    action: SensitiveAction, deed: Deed, people: dict[str, User]
) -> None:
    row = ask(action, people["author"])
    assert (deed.done, row.subject) == (0, "the thing as it was")
    decide(action, row, people["approver"])
    row.refresh_from_db()
    assert (deed.done, row.state) == (1, RequestState.DONE)
    for again in ("approver", "second"):
        with pytest.raises(ValidationError, match="đã được quyết định"):
            decide(action, row, people[again])
    assert deed.done == 1, "a replayed approval does nothing"


REFUSED = {
    "self": ("author", "của chính mình"),
    "superuser": ("root", "Vai trò"),
    "another role": ("analyst", "Vai trò"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nobody_decides_without_the_role_and_never_their_own(
    action: SensitiveAction, deed: Deed, people: dict[str, User], case: str
) -> None:
    row = ask(action, people["author"])
    who, words = REFUSED[case]
    if case == "self":
        User.objects.filter(pk=people["author"].pk).update(role=Role.APPROVER)
        people["author"].refresh_from_db()
    with pytest.raises(ValidationError, match=words):
        decide(action, row, people[who])
    assert deed.done == 0
    assert not ApprovalDecision.objects.exists()


def test_a_role_lost_meanwhile_decides_nothing(
    action: SensitiveAction, deed: Deed, people: dict[str, User]
) -> None:
    row = ask(action, people["author"])
    people["approver"].role = Role.HOTLINE
    people["approver"].save()
    with pytest.raises(ValidationError, match="Vai trò"):
        decide(action, row, people["approver"])
    people["second"].is_active = False
    people["second"].save()
    with pytest.raises(ValidationError, match="Vai trò"):
        decide(action, row, people["second"])
    assert deed.done == 0


def test_another_body_where_the_policy_says_so_frozen_with_the_request(
    action: SensitiveAction, deed: Deed, people: dict[str, User], cast: Cast
) -> None:
    strict = replace(action, policy=replace(action.policy, other_body=True))
    row = ask(strict, people["author"])
    with pytest.raises(ValidationError, match="cơ quan khác"):
        decide(action, row, people["approver"])
    assert row.policy["other_body"] is True, "a policy made mild afterwards changes nothing"


def test_two_approvals_where_two_are_needed_and_one_denial_ends_it(
    action: SensitiveAction, deed: Deed, people: dict[str, User]
) -> None:
    two = replace(action, policy=replace(action.policy, min_approvers=2))
    row = ask(two, people["author"])
    decide(two, row, people["approver"])
    assert deed.done == 0
    with pytest.raises(ValidationError, match="đã quyết định việc này"):
        decide(two, row, people["approver"])
    with pytest.raises(ValidationError, match="lý do từ chối"):
        decide(two, row, people["second"], approve=False)
    decide(two, row, people["second"], approve=False, comment="chưa đúng")
    row.refresh_from_db()
    assert (deed.done, row.state) == (0, RequestState.REFUSED)


def test_a_thing_changed_since_or_a_swapped_payload_is_refused(
    action: SensitiveAction, deed: Deed, people: dict[str, User]
) -> None:
    row = ask(action, people["author"])
    deed.thing = "changed"
    with pytest.raises(ValidationError, match="đã thay đổi"):
        decide(action, row, people["approver"])
    deed.thing = "as it was"
    ApprovalRequest.objects.filter(pk=row.pk).update(payload={"value": "swapped"})
    with pytest.raises(ValidationError, match="đã thay đổi"):
        decide(action, row, people["approver"])
    assert (deed.done, ApprovalDecision.objects.count()) == (0, 0)


def test_what_is_too_old_or_withdrawn_is_not_done(
    action: SensitiveAction, deed: Deed, people: dict[str, User]
) -> None:
    row = ask(action, people["author"])
    late = NOW + timedelta(days=15)
    with pytest.raises(ValidationError, match="quá hạn"):
        decide(action, row, people["approver"], now=late)
    with pytest.raises(ValidationError, match="Chỉ người đề nghị"):
        cancel_request(request=row, by=people["approver"], now=NOW)
    cancel_request(request=row, by=people["author"], now=NOW)
    with pytest.raises(ValidationError, match="đã được quyết định"):
        decide(action, row, people["approver"])
    fresh = ask(action, people["author"])
    assert fresh.pk != row.pk, "asked for again after it ended"
    again = request_approval(
        action=action, payload=THING, reason="x", by=people["author"], now=late
    )
    fresh.refresh_from_db()
    assert (fresh.state, again.state) == (RequestState.EXPIRED, RequestState.WAITING)


def test_what_cannot_be_done_leaves_the_request_waiting(
    action: SensitiveAction, deed: Deed, people: dict[str, User]
) -> None:
    row = ask(action, people["author"])
    deed.fails = True
    with pytest.raises(ValidationError, match="cannot be done"):
        decide(action, row, people["approver"])
    row.refresh_from_db()
    assert (row.state, row.decisions.count()) == (RequestState.WAITING, 0)
    with pytest.raises(ValidationError, match="cannot be done"):
        request_approval(
            action=action, payload={"value": "other"}, reason="x", by=people["author"], now=NOW
        )
    assert ApprovalRequest.objects.count() == 1, "what can never be done is not asked of anybody"


def test_who_lost_the_role_to_ask_is_not_obeyed(
    action: SensitiveAction, deed: Deed, people: dict[str, User]
) -> None:
    row = ask(action, people["author"])
    User.objects.filter(pk=people["author"].pk).update(is_active=False)
    with pytest.raises(ValidationError, match="không còn được"):
        decide(action, row, people["approver"])
    assert deed.done == 0


def test_the_same_is_asked_for_once_at_a_time(
    action: SensitiveAction, people: dict[str, User]
) -> None:
    row = ask(action, people["author"])
    with pytest.raises(ValidationError, match="đang chờ"):
        ask(action, people["author"])
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalRequest.objects.create(
            action=row.action,
            payload={},
            payload_hash=row.payload_hash,
            subject="",
            policy=row.policy,
            reason="",
            requester=people["author"],
            made_at=NOW,
            expires_at=NOW,
        )
    for by, reason, words in (
        (people["approver"], "x", "Vai trò"),
        (people["root"], "x", "Vai trò"),
        (people["author"], "  ", "lý do"),
    ):
        with pytest.raises(ValidationError, match=words):
            ask(action, by, reason)
