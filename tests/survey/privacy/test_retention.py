"""What is older than its days is gone by the night, everything else stays, and the log holds."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.access.models import KioskUse, ScreenUse
from survey.access.screens import enrol_screen
from survey.accounts.models import StaffSession
from survey.integrity.models import IntegrityRun
from survey.integrity.services import seal_day
from survey.integrity.verifying import verify_ledger
from survey.messaging.outbox.models import MessageEvent, OutboxMessage
from survey.nightly import STEPS
from survey.privacy.models import RetentionRun
from survey.privacy.retention import RULES, apply_schedule
from survey.privacy.schedule import SHIPPED, ScheduleError, load_schedule
from survey.responses.cases import Case, open_case
from survey.responses.models import AnswerDay, Comment, Response
from survey.responses.services import record_response
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat
from tests.survey.messaging.builders import invited

pytestmark = pytest.mark.django_db
NOW = datetime(2029, 3, 15, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


def ago(code: str, days: int) -> datetime:
    """A moment so many days older (or younger) than the days of an entry."""
    kept = next(entry.days for entry in load_schedule() if entry.code == code)
    return NOW - timedelta(days=kept + days)


def comment_of(cast: Cast, name: str, at: datetime) -> Comment:
    answers = {"overall": 2, "comment": f"Chờ lâu {name}"}
    row = record_response(submission=cast.submission(name, now=at, answers=answers)).row
    return Comment.objects.get(submission=row)


def test_every_entry_has_its_rule_and_every_rule_an_entry() -> None:
    assert [entry.code for entry in load_schedule()] == list(RULES)
    texts = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert all(8 <= len(entry) <= 9 for entry in texts["entries"])
    assert "keep_to_schedule" in [step.__name__ for step in STEPS]


def test_comments_go_after_two_years_and_the_log_still_holds(cast: Cast) -> None:
    old = comment_of(cast, "old", ago("comments", 32))
    young = comment_of(cast, "young", ago("comments", -40))
    seal_day(NOW)
    run = apply_schedule(NOW)
    assert run.erased["comments"] == 1
    assert [row.pk for row in Comment.objects.all()] == [young.pk]
    assert Response.objects.filter(pk=old.submission_id).exists(), "the rating stays"
    assert [one for one in verify_ledger().faults if "put in" not in one] == []


def test_words_of_ended_cases_go_and_open_ones_stay(cast: Cast) -> None:
    rows = []
    for name in ("closed", "open", "young"):
        row = record_response(submission=cast.submission(name, 2)).row
        case = open_case(row=row, now=NOW)
        assert case is not None
        rows.append(case)
    Case.objects.update(text="Cán bộ A", reasons=["R1"])
    Case.objects.filter(pk=rows[0].pk).update(closed_on=ago("cases", 1).date())
    Case.objects.filter(pk=rows[2].pk).update(closed_on=ago("cases", -1).date())
    assert apply_schedule(NOW).erased["cases"] == 1
    assert [case.text for case in Case.objects.order_by("pk")] == ["", "Cán bộ A", "Cán bộ A"]
    assert apply_schedule(NOW).erased["cases"] == 0


def test_minutes_of_devices_and_of_facts_go_after_ninety_days(cast: Cast) -> None:
    screen, _address = enrol_screen(counter=cast.land_counter, now=NOW)
    for days in (1, -1):
        slot = ago("device-minutes", days)
        ScreenUse.objects.create(screen=screen, slot=slot, count=1)
        KioskUse.objects.create(counter=cast.land_counter, slot=slot, count=1)
        IntegrityRun.objects.create(
            month=slot.date().replace(day=1),
            rules_version=1,
            rules_sha256="0" * 64,
            facts={"version": 1, "facts": [{"unit": "a", "slots": [[1, 2, 3, 4]]}]},
            made_at=slot,
        )
    erased = apply_schedule(NOW).erased
    assert (erased["device-minutes"], erased["integrity-minutes"]) == (2, 1)
    assert (ScreenUse.objects.count(), KioskUse.objects.count()) == (1, 1)
    facts = [run.facts["facts"][0]["slots"] for run in IntegrityRun.objects.order_by("made_at")]
    assert facts == [[], [[1, 2, 3, 4]]]


def test_numbers_reports_days_and_sessions_go(cast: Cast) -> None:
    invited(cast)
    OutboxMessage.objects.update(to_sealed=b"x", body_sealed=b"y", not_after=ago("phones", 1))
    message = OutboxMessage.objects.get()
    for days in (1, -1):
        at = ago("message-events", days)
        MessageEvent.objects.create(message=message, provider_id=f"SM{days}", status="sent", at=at)
        AnswerDay.objects.create(key_hash=f"{days}" * 20, day=ago("answer-days", days).date())
        StaffSession.objects.create(
            session_key=f"k{days}", session_data="", expire_date=ago("sessions", days)
        )
    erased = apply_schedule(NOW).erased
    assert {name: erased[name] for name in ("phones", "message-events", "answer-days")} == {
        "phones": 1,
        "message-events": 1,
        "answer-days": 1,
    }
    message.refresh_from_db()
    assert (message.to_sealed, message.body_sealed) == (None, None)
    assert StaffSession.objects.filter(session_key="k-1").exists()
    assert not StaffSession.objects.filter(session_key="k1").exists()
    again = apply_schedule(NOW).erased
    assert set(again.values()) == {0}


def test_the_command_and_the_page_tell_what_was_erased(
    cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    auditor = signed_in(cast.operator)
    page = flat(auditor.get(reverse("console:retention")))
    assert "Góp ý bằng chữ" in page
    comment_of(cast, "old", timezone.now() - timedelta(days=800))
    call_command("apply_retention")
    assert "       1 Góp ý bằng chữ (730 days)" in capsys.readouterr().out
    assert RetentionRun.objects.get().erased["comments"] == 1
    assert '<td data-label="Đã xóa gần đây" class="number"> 1 </td>' in flat(
        auditor.get(reverse("console:retention"))
    )


def test_a_fault_of_one_kind_keeps_none_of_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_before: datetime) -> int:
        raise ValueError("broken")

    comment_of(cast, "old", timezone.now() - timedelta(days=800))
    monkeypatch.setitem(RULES, "phones", broken)
    with pytest.raises(CommandError, match="some data was not erased"):
        call_command("apply_retention")
    run = RetentionRun.objects.get()
    assert "phones" not in run.erased
    assert run.erased["comments"] == 1


def set_schedule(settings: LazySettings, folder: Path, text: str) -> None:
    path = folder / "schedule.toml"
    path.write_text(text)
    settings.RETENTION_SCHEDULE = str(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[entries]]\ncode = "nothing"\ndays = 3', "'nothing' is no entry"),
        ('[[entries]]\ncode = "comments"\ndays = 9999', "comments: at most 730 days"),
        ('[[entries]]\ncode = "comments"\ndays = 0', "entry 1 needs code and days"),
        ('[[entries]]\ncode = "comments"\ndays = "x"', "entry 1 needs code and days"),
        ("entries = 3", "entries must be tables"),
        ('entries = ["a"]', "entries must be tables"),
        ('[[entries]]\ncode = "answer-days"\ndays = 5', "answer-days: at least 31 days"),
        ("[[", "schedule.toml"),
    ],
)
def test_a_schedule_with_a_fault_erases_nothing(
    cast: Cast, settings: LazySettings, tmp_path: Path, text: str, told: str
) -> None:
    comment_of(cast, "old", timezone.now() - timedelta(days=800))
    set_schedule(settings, tmp_path, text)
    with pytest.raises(ScheduleError, match=told):
        apply_schedule(NOW)
    with pytest.raises(CommandError, match="nothing was erased"):
        call_command("apply_retention")
    assert Comment.objects.count() == 1
    page: Any = signed_in(cast.operator).get(reverse("console:retention"))
    assert page.status_code == 200
    assert "không đọc được" in flat(page)


def test_a_province_keeps_for_a_shorter_time(
    cast: Cast, settings: LazySettings, tmp_path: Path, client: Client
) -> None:
    comment_of(cast, "old", NOW - timedelta(days=120))
    assert apply_schedule(NOW).erased["comments"] == 0
    set_schedule(settings, tmp_path, '[[entries]]\ncode = "comments"\ndays = 60')
    assert apply_schedule(NOW).erased["comments"] == 1
