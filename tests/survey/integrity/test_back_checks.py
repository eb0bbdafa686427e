"""Call-back checks: who is drawn, who may call, what is stored and what is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import Role, User
from survey.integrity.back_check_table import build_table
from survey.integrity.back_checks import Outcome, announce_check, draw_checks, record_outcome
from survey.integrity.models import BackCheck, BackCheckCall, BackCheckUnit, LedgerHead
from survey.integrity.services import seal_entries
from survey.nightly import STEPS
from survey.privacy.retention import apply_schedule
from survey.questionnaires.queries import published_short_form
from survey.responses.models import Evidence, Response
from survey.responses.services import record_response
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat
from tests.survey.integrity.builders import drawn_check, flagged
from tests.survey.messaging.messages import event

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
JULY = date(2026, 7, 1)


def person(name: str, role: str, body: str) -> User:
    return User.objects.create_user(username=name, role=role, body=body)


def tell_dossiers(cast: Cast, count: int) -> list[str]:
    codes = [f"H20.01-{number:04d}" for number in range(count)]
    for code in codes:
        event(cast, code, happened_at=datetime(2026, 7, 9, 3, 0, tzinfo=UTC), channel="counter")
    return codes


def sign_head(size: int, moment: datetime) -> LedgerHead:
    return LedgerHead.objects.create(size=size, root=f"{size:064x}", note="n", made_at=moment)


def announce(cast: Cast, by: User | None = None) -> BackCheck:
    by = by or person("announcer", Role.ANALYST, "Sở Nội vụ")
    return announce_check(month=JULY, per_agency=10, by_lot=5, by=by, now=NOW)


def test_the_first_head_signed_after_the_announcement_draws_and_anybody_can_again(
    cast: Cast,
) -> None:
    codes = tell_dossiers(cast, 30)
    flagged(cast.land)
    sign_head(5, NOW - timedelta(minutes=1))
    check = announce(cast)
    assert draw_checks(NOW) == 0, "a head from before says nothing"
    head = sign_head(9, NOW + timedelta(hours=1))
    sign_head(12, NOW + timedelta(hours=2))
    assert draw_checks(NOW + timedelta(hours=3)) == 1
    check.refresh_from_db()
    assert check.seed == f"9:{head.root}"
    order = sorted(codes, key=lambda code: sha256(f"{check.seed}|{code}".encode()).hexdigest())
    calls = BackCheckCall.objects.filter(unit__check_of=check)
    assert list(calls.values_list("dossier_code", flat=True)) == order[:10]
    assert draw_checks(NOW + timedelta(hours=4)) == 0, "once"
    assert draw_checks in STEPS


def test_agencies_come_in_by_a_flag_or_by_lot(cast: Cast) -> None:
    tell_dossiers(cast, 12)
    july = datetime(2026, 7, 9, 3, 0, tzinfo=UTC)
    for number in range(3):
        seen = cast.submission(f"a{number}", 5 - number, now=july)
        record_response(submission=replace(seen, evidence=Evidence.POSTER))
    check = announce(cast)
    sign_head(9, NOW + timedelta(hours=1))
    draw_checks(NOW + timedelta(hours=2))
    assert not check.units.exists(), "posters prove nothing: no counted answer, no flag"
    BackCheck.objects.all().delete()
    for number in range(3):
        seen = cast.submission(f"b{number}", 5 - number, now=july)
        record_response(submission=replace(seen, evidence=Evidence.RECEIPT))
    check = announce(cast, User.objects.get(username="announcer"))
    draw_checks(NOW + timedelta(hours=2))
    unit = check.units.get()
    assert (unit.cause, unit.dossiers, unit.counted, unit.satisfied) == ("lot", 12, 3, 2)


def test_a_month_is_announced_once_and_when_it_is_over(cast: Cast) -> None:
    check = announce(cast)
    for month in (JULY, date(2026, 8, 1), date(1, 1, 1), date(9999, 12, 1)):
        with pytest.raises(ValidationError):
            announce_check(month=month, per_agency=10, by_lot=0, by=check.announced_by, now=NOW)
    assert BackCheck.objects.count() == 1


def store(
    call: BackCheckCall, by: User, level: int | None = None, *, pressed: bool = False
) -> None:
    version = published_short_form()
    assert version is not None
    record_outcome(
        call=call,
        outcome=Outcome.ANSWERED if level else Outcome.DENIED,
        answers={"overall": level} if level else {},
        pressed=pressed,
        version_id=version,
        by=by,
        now=NOW,
    )


def test_only_another_body_calls_and_each_outcome_is_stored_once(cast: Cast) -> None:
    check = drawn_check(cast)
    call = BackCheckCall.objects.all()[0]
    colleague = person("colleague", Role.APPROVER, "Sở nội vụ")
    inspector = person("inspector", Role.APPROVER, "Thanh tra tỉnh")
    late = person("late", Role.APPROVER, "Mặt trận")
    late.body_set_at = check.announced_at + timedelta(days=1)
    for by in (colleague, late, person("nobody", Role.HOTLINE, "")):
        with pytest.raises(ValidationError):
            store(call, by, 5)
    store(call, inspector, 5)
    with pytest.raises(ValidationError):
        store(call, inspector, 1)
    row = Response.objects.get()
    assert (row.evidence, row.answers["overall"], row.agency) == ("E4", 5, cast.land)
    assert (row.marks or {}) == {"back_check": str(check.pk), "pressed": "no"}
    local = timezone.localtime(row.answered_hour)
    assert (local.day, local.hour) == (1, 12), "with its hour it could be joined to the call"


def test_answers_by_telephone_stand_beside_the_counted_ones(cast: Cast) -> None:
    """50 of 60 as counted; by telephone 6 of 20, three of whom were told what to choose, and 4 of
    24 never had a dossier there.
    """
    check = drawn_check(cast, calls=24)
    inspector = person("inspector", Role.APPROVER, "Thanh tra tỉnh")
    calls = list(BackCheckCall.objects.all())
    page = reverse("console:back-check", args=[check.pk])
    for number, call in enumerate(calls):
        (line,) = build_table(check)
        assert (line.called, line.denied, line.pressed) == (None, None, None), (
            "between two looks lies one answer"
        )
        level = None if number >= 20 else 5 if number < 6 else 2
        store(call, inspector, level, pressed=number in (7, 8, 9))
    (line,) = build_table(check)
    assert (line.reached, line.waiting, line.pressed) == (24, 0, 3)
    assert line.called is not None
    assert line.counted is not None
    assert line.denied is not None
    assert line.shift is not None
    assert (line.called.value, round(line.counted.value, 1)) == (30.0, 83.3)
    assert round(line.denied.value, 1) == 16.7
    assert line.shift.verdict.value == "worse"
    assert "Qua điện thoại, người dân ít hài lòng hơn" in flat(signed_in(cast.analyst).get(page))


def test_nothing_says_who_of_the_called_has_answered(cast: Cast) -> None:
    drawn_check(cast)
    inspector = person("inspector", Role.APPROVER, "Thanh tra tỉnh")
    first, second, _third = BackCheckCall.objects.all()
    store(first, inspector, 5)
    store(second, inspector)
    assert BackCheckCall.objects.count() == 1, "who was called is not in the table any more"
    unit = BackCheckUnit.objects.get()
    assert (unit.answered, unit.denied, unit.unreached) == (1, 1, 0)
    assert Response.objects.get().channel == "counter", "the same of all"


def test_few_answers_are_not_told(cast: Cast) -> None:
    check = drawn_check(cast, calls=9)
    inspector = person("inspector", Role.APPROVER, "Thanh tra tỉnh")
    for call in BackCheckCall.objects.all():
        store(call, inspector, 1, pressed=True)
    (line,) = build_table(check)
    assert (line.called, line.pressed, line.shift) == (None, None, None)


def test_the_pages_announce_call_and_compare(cast: Cast) -> None:
    analyst = signed_in(person("analyst-2", Role.ANALYST, "Sở Nội vụ"))
    page = reverse("console:back-checks")
    sent = {"month": "07/2026", "per_agency": "10", "by_lot": "3"}
    assert analyst.post(page, {**sent, "per_agency": "9"}).status_code == 422
    assert analyst.post(page, sent).status_code == 302
    assert analyst.post(page, sent).status_code == 422, "announced before"
    assert BackCheck.objects.get().seed == ""
    hotline = signed_in(person("hotline-2", Role.HOTLINE, "Trung tâm 1022"))
    assert hotline.post(page, sent).status_code == 403
    BackCheck.objects.all().delete()
    check = drawn_check(cast)
    call = BackCheckCall.objects.all()[0]
    address = reverse("console:back-check-call", args=[call.pk])
    assert call.dossier_code in flat(hotline.get(reverse("console:back-check", args=[check.pk])))
    assert hotline.post(address, {"outcome": "answered"}).status_code == 422
    assert hotline.post(address, {"outcome": "x"}).status_code == 422
    answered = {"outcome": "answered", "overall": "4", "pressed": "no"}
    assert hotline.post(address, answered).status_code == 302
    assert Response.objects.get(evidence=Evidence.AUDIT).answers["overall"] == 4
    assert hotline.post(address, answered).status_code == 404, "stored before"
    colleague = signed_in(person("hotline-3", Role.HOTLINE, "Sở Nội vụ"))
    other = reverse("console:back-check-call", args=[BackCheckCall.objects.all()[1].pk])
    assert colleague.get(other).status_code == 404
    assert colleague.post(other, answered).status_code == 404


def test_everybody_can_read_the_seed(cast: Cast, client: Client) -> None:
    check = drawn_check(cast)
    assert check.seed in flat(client.get("/ket-qua/quy-tac/"))


def test_codes_of_old_checks_are_erased(cast: Cast) -> None:
    drawn_check(cast)
    apply_schedule(timezone.now() + timedelta(days=89))
    assert BackCheckCall.objects.count() == 3
    apply_schedule(timezone.now() + timedelta(days=91))
    assert not BackCheckCall.objects.exists()


def test_answers_by_telephone_are_sealed_like_those_by_link(cast: Cast) -> None:
    """Alone in a batch an answer would tell its call."""
    drawn_check(cast)
    inspector = person("inspector", Role.APPROVER, "Thanh tra tỉnh")
    store(BackCheckCall.objects.all()[0], inspector, 3)
    seal_entries(NOW, is_day_over=True)
    assert not Response.objects.filter(leaf__isnull=False).exists()
