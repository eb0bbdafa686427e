"""Reminders by mail: to whom something waits, on working days, not the same list every day."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from survey.accounts.models import Role, User
from survey.agencies.calendar import Holiday
from survey.console.reminders import remind_by_mail, tell_item
from survey.console.today import Item, find_items
from survey.imports.models import FileImport, ImportState
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat

TODAY = reverse("console:today")
CHOOSE = reverse("console:reminders")


def moment(day: int, hour: int = 2) -> datetime:
    """A moment of a week that begins on Monday 01/02/2027."""
    return datetime(2027, 2, day, hour, 20, tzinfo=timezone.get_default_timezone())


@pytest.fixture(autouse=True)
def server(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"


@pytest.fixture
def brought(cast: Cast) -> User:
    """An account of an office manager with one file nobody has decided about."""
    user = User.objects.create_user(
        username="nam", first_name="Nam", role=Role.OPERATOR, email="nam@tinh.example"
    )
    bring(user, "t.csv")
    return user


def to_nam() -> list[str]:
    return [str(one.body) for one in mail.outbox if one.to == ["nam@tinh.example"]]


def bring(user: User, name: str) -> None:
    FileImport.objects.create(
        kind="totals",
        file_name=name,
        sha256="0" * 64,
        brought_by=user,
        brought_at=timezone.now(),
        state=ImportState.READY,
    )


def test_a_list_is_told_once_and_again_when_there_is_more(brought: User) -> None:
    assert remind_by_mail(moment(1)) == 1
    assert remind_by_mail(moment(2)) == 0
    (text,) = to_nam()
    assert "Kính gửi Nam" in text
    assert "1 tệp đã kiểm tra" in text
    assert "/staff/today" in text
    bring(brought, "u.csv")
    assert remind_by_mail(moment(3)) == 1
    FileImport.objects.update(state=ImportState.DONE)
    assert remind_by_mail(moment(4)) == 0, "nothing waits"
    FileImport.objects.filter(file_name="t.csv").update(state=ImportState.READY)
    assert remind_by_mail(moment(5)) == 1, "it waits anew"
    brought.refresh_from_db()
    assert brought.reminded_at == moment(5)


def test_an_address_that_is_refused_keeps_nobody_else_from_their_mail(
    brought: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = User.objects.create_user(username="an", role=Role.OPERATOR, email="an@tinh.example")
    bring(other, "v.csv")
    real = EmailBackend.send_messages

    def send(self: Any, messages: Any) -> int:
        if messages[0].to == ["nam@tinh.example"]:
            raise SMTPRecipientsRefused({"nam@tinh.example": (550, b"unknown")})
        return int(real(self, messages))

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    assert remind_by_mail(moment(1)) == 1
    assert [one.to for one in mail.outbox] == [["an@tinh.example"]]


def test_a_fault_of_one_account_keeps_nobody_else_from_their_mail(
    brought: User, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.operator.email = "x@tinh.example"
    cast.operator.save()

    def find(user: User) -> list[Item]:
        if user == cast.operator:
            raise RuntimeError
        return find_items(user)

    monkeypatch.setattr("survey.console.reminders.find_items", find)
    assert remind_by_mail(moment(1)) == 1


def test_what_is_due_soon_is_not_called_late() -> None:
    with override("vi"):
        assert tell_item(Item("ngày nữa", "/x", 6, late=True, countdown=True)).endswith("(sắp tới)")
        assert tell_item(Item("Chưa công bố.", "/x", late=True)) == "- Chưa công bố (trễ hạn)"


def test_what_is_late_is_told_again_after_a_week(brought: User, cast: Cast) -> None:
    cast.analyst.email = "nam@tinh.example"
    cast.analyst.save()
    User.objects.filter(pk=brought.pk).update(email="")
    told = [remind_by_mail(moment(day)) for day in (1, 2, 5, 8, 9)]
    assert told == [1, 0, 0, 1, 0], "figures of the last quarter are not released: late"
    assert "(trễ hạn)" in to_nam()[0]


@pytest.mark.parametrize("day", [6, 7])
def test_nobody_is_written_to_at_weekends(brought: User, day: int) -> None:
    assert remind_by_mail(moment(day)) == 0


def test_nobody_is_written_to_on_holidays(brought: User) -> None:
    Holiday.objects.create(day=moment(1).date(), name="Tết")
    assert remind_by_mail(moment(1)) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"email": ""},
        {"is_active": False},
        {"wants_reminders": False},
        {"ends_on": moment(1).date() - timedelta(days=1)},
    ],
    ids=lambda values: next(iter(values)),
)
def test_who_is_not_written_to(brought: User, values: dict[str, Any]) -> None:
    User.objects.filter(pk=brought.pk).update(**values)
    assert remind_by_mail(moment(1)) == 0


def test_without_a_mail_server_nothing_is_tried_or_offered(brought: User, settings: Any) -> None:
    assert "Không gửi thư nhắc việc cho tôi" in flat(signed_in(brought).get(TODAY))
    settings.EMAIL_HOST = ""
    assert remind_by_mail(moment(1)) == 0
    assert "thư nhắc việc" not in flat(signed_in(brought).get(TODAY))


def test_a_server_that_fails_is_tried_again_the_next_night(
    brought: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, messages: Any) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        assert remind_by_mail(moment(1)) == 0
    assert remind_by_mail(moment(2)) == 1


def test_everybody_turns_their_own_mails_off_and_on(brought: User, cast: Cast) -> None:
    client = signed_in(brought)
    told = flat(client.post(CHOOSE, {"wanted": "0"}, follow=True))
    assert "Hệ thống sẽ không gửi thư nhắc việc" in told
    brought.refresh_from_db()
    assert not brought.wants_reminders
    cast.head.refresh_from_db()
    assert cast.head.wants_reminders
    client.post(CHOOSE, {"wanted": "1"})
    brought.refresh_from_db()
    assert brought.wants_reminders
