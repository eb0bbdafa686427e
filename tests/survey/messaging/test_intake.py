"""Events from files, who is asked, the sample, and what is counted."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from survey.common.encryption import encrypt, phone_hash
from survey.messaging import event_intake as followups
from survey.messaging.event_intake import FILE_FIELDS, import_events, ingest_events
from survey.messaging.models import (
    FunnelCount,
    Invitation,
    KnownNumber,
    MessageTemplate,
    PhoneLedger,
    SampleDraw,
    SamplingRule,
)
from survey.messaging.outbox.models import OutboxMessage
from survey.messaging.overview import busy_numbers, funnel
from survey.transactions.models import (
    DossierEvent,
    IntakeCount,
    MonthlyTotal,
    SourceSystem,
    TotalsImport,
)
from survey.transactions.reading import FileError
from tests.survey.factories import Cast
from tests.survey.messaging.builders import as_csv, invited, many, raw
from tests.survey.messaging.messages import NOON, event, sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(cast: Cast) -> SourceSystem:
    sealed = encrypt("a secret", "source/portal")
    return SourceSystem.objects.create(
        key_id="portal", name="Cổng dịch vụ công", secret_sealed=sealed, province="H20"
    )


def as_xlsx(*events: dict[str, Any]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(FILE_FIELDS))
    for one in events:
        sheet.append([one.get(name, "") for name in FILE_FIELDS])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def take(events: list[dict[str, str]]) -> dict[str, int]:
    return dict(ingest_events(events=events, source=None, now=NOON, province="H20").counts)


@pytest.mark.parametrize("kind", ["csv", "semicolons", "xlsx", "numbers"])
def test_files_of_either_kind_give_the_same_events(source: SourceSystem, kind: str) -> None:
    sender()
    good, bad = raw(), raw(dossier_code="H20.01.05-261110-0002", domain_code="magic")
    files = {
        "csv": as_csv(good, bad),
        "semicolons": as_csv(good, bad, separator=";"),
        "xlsx": as_xlsx(good, bad),
        # A spreadsheet that took the phone for a number lost its zero; a time may be a real one.
        "numbers": as_xlsx({**good, "phone": 912345678, "time": NOON.replace(tzinfo=None)}, bad),
    }
    name = "e.xlsx" if kind in ("xlsx", "numbers") else "e.csv"
    for again in (False, True):
        report = import_events(content=files[kind], file_name=name, source=source, now=NOON)
        assert report.counts["repeated" if again else "invited"] == 1
        assert [row for row, _ in report.faults] == [3]
        assert "domain_code" in report.faults[0][1]
    assert DossierEvent.objects.get().province == "H20"
    assert IntakeCount.objects.get(source="portal", outcome="refused:unknown-domain").count == 2


def test_a_file_that_is_none_stores_nothing(source: SourceSystem) -> None:
    for content, name in (
        (b"", "a.csv"),
        (b"x,y\n1,2", "a.csv"),
        (b"PK\x03\x04broken", "a.xlsx"),
        (b"x", "a.pdf"),
    ):
        with pytest.raises(FileError):
            import_events(content=content, file_name=name, source=source, now=NOON)
    assert not DossierEvent.objects.exists()
    assert not IntakeCount.objects.exists()


def test_the_command_says_what_became_of_every_row(
    source: SourceSystem, tmp_path: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender()
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    path = tmp_path / "e.csv"
    path.write_bytes(as_csv(raw(time="2026-11-16T11:00:00+07:00")))
    call_command("import_events", path, "--source", "portal")
    assert "công dân đã được mời" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no such case system"):
        call_command("import_events", path, "--source", "other")
    path.write_bytes(as_csv(raw(event="lost")))
    with pytest.raises(CommandError, match="1 rows were not taken"):
        call_command("import_events", path, "--source", "portal")


def test_an_event_whose_invitation_fails_comes_again_whole(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender()

    def fail(**_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(followups, "queue_invitation", fail)
        with pytest.raises(RuntimeError):
            take([raw()])
    assert not DossierEvent.objects.exists()
    assert take([raw()])["invited"] == 1


def test_staff_are_never_asked_and_a_number_behind_many_dossiers_shows(cast: Cast) -> None:
    sender()
    KnownNumber.objects.create(phone_hash=phone_hash("+84912345678"), kind="staff")
    assert take([raw()])["not-invited:staff-number"] == 1
    forty = [raw(dossier_code=f"H20.01.05-261111-{k:04d}", phone="0987654321") for k in range(40)]
    assert take(forty) == {"stored": 40, "invited": 1, "not-invited:again": 39}
    assert busy_numbers(NOON) == {cast.land.pk: 1}
    assert PhoneLedger.objects.get(phone_hash=phone_hash("+84987654321")).dossiers == 40
    assert busy_numbers(NOON + timedelta(days=31)) == {}
    KnownNumber.objects.create(phone_hash=phone_hash("+84987654321"), kind="agent")
    assert busy_numbers(NOON) == {}


def test_the_admin_keeps_the_hash_of_a_number_only(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.operator)
    for number, count in (("0912 345 678", 1), ("+84912345678", 1), ("02343822822", 1)):
        client.post("/admin/survey/knownnumber/add/", {"kind": "staff", "number": number})
        assert KnownNumber.objects.count() == count
    assert KnownNumber.objects.get().phone_hash == phone_hash("+84912345678")


@pytest.mark.long
@pytest.mark.slow
def test_the_narrowest_rule_draws_and_the_draw_can_be_repeated(cast: Cast) -> None:
    sender()
    SamplingRule.objects.create(share=0.0)
    rule = SamplingRule.objects.create(agency=cast.land, share=0.25, seed="s")
    counts = take(many(200))
    assert 30 <= counts["invited"] <= 70
    draws = SampleDraw.objects.filter(rule=rule)
    assert draws.count() == 200
    assert sum(row.chosen for row in draws) == counts["invited"]
    numbers = {row.event.dossier_code: row.number for row in draws.select_related("event")}
    SampleDraw.objects.all().delete()
    OutboxMessage.objects.all().delete()
    Invitation.objects.all().delete()
    DossierEvent.objects.all().delete()
    take(many(200))
    assert {
        row.event.dossier_code: row.number for row in SampleDraw.objects.select_related("event")
    } == numbers
    assert take(
        [raw(agency_code="28261", phone="0905000111", dossier_code="H20.99-261110-0001")]
    ) == {
        "stored": 1,
        "not-invited:not-drawn": 1,
    }


def test_a_number_a_month_becomes_a_share_of_the_month_before(cast: Cast) -> None:
    sender()
    file = TotalsImport.objects.create(file_name="t", sha256="0", rows=1, imported_at=NOON)
    domain = event(cast, code="H20.01.05-261001-0001").domain
    MonthlyTotal.objects.create(
        agency=cast.land,
        domain=domain,
        channel="online",
        month=date(2026, 10, 1),
        completed=400,
        on_time=1,
        source=file,
    )
    SamplingRule.objects.create(agency=cast.land, monthly=100)
    take(many(40))
    assert set(SampleDraw.objects.values_list("probability", flat=True)) == {0.25}


def test_a_rule_is_a_share_or_a_number_and_there_is_one_for_everything() -> None:
    for values in ({}, {"share": 0.5, "monthly": 10}):
        with pytest.raises(ValidationError):
            SamplingRule(**values).full_clean()
    SamplingRule.objects.create(share=1.0)
    with pytest.raises(ValidationError):
        SamplingRule(share=0.5).full_clean()


def test_steps_are_summed_per_agency_without_the_link(cast: Cast) -> None:
    _made, token = invited(cast)
    citizen = Client()
    for step in ("opened", "opened", "started", "finished", ""):
        assert citizen.post(f"/s/{token}/step", {"step": step}).status_code == 204
    assert citizen.get(f"/s/{token}/step").status_code == 405
    assert citizen.post("/s/000000000000/step", {"step": "opened"}).status_code == 204
    # However often a page says so, a link counts once.
    assert set(FunnelCount.objects.values_list("step", "count")) == {
        ("invited", 1),
        ("opened", 1),
        ("started", 1),
    }
    (row,) = funnel(NOON - timedelta(days=90), NOON + timedelta(days=90)).values()
    assert (row["closed"], row["invited"], row["opened"], row["started"]) == (1, 1, 1, 1)


def test_what_is_no_text_in_use_invites_nobody_but_keeps_the_event(cast: Cast) -> None:
    sender()
    MessageTemplate.objects.update(active=False)
    assert take([raw()]) == {"stored": 1, "not-invited:no-template": 1}
