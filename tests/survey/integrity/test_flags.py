"""The rules on the database: what is added up and kept, who sees it, and the agency's answer."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.access.models import Dispute, KioskUse, Slip
from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import Role, User
from survey.common.periods import parse_period
from survey.integrity.gathering import gather_month
from survey.integrity.models import FlagReply, IntegrityFlag, IntegrityRun
from survey.integrity.running import is_complete, recompute, run_integrity, run_last_month
from survey.nightly import STEPS
from survey.questionnaires.content import Answers
from survey.questionnaires.queries import load_form, published_extension
from survey.responses.models import Response
from survey.responses.services import Further, record_batch
from survey.scorecards.bridge.stuffing import open_rules, pack_facts, unpack_facts
from survey.transactions.models import Channel
from survey.transactions.services import import_totals
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat
from tests.survey.integrity.builders import DRAWN, flagged
from tests.survey.scorecards.builders import fill
from tests.survey.transactions.builders import csv_file

pytestmark = pytest.mark.django_db
MONTH = date(2026, 7, 1)


@pytest.fixture
def analyst(cast: Cast) -> Client:
    return signed_in(cast.analyst)


@pytest.fixture
def head(cast: Cast) -> Client:
    return signed_in(cast.head)


NOON = datetime(2026, 7, 9, 5, 0, tzinfo=UTC)


def dossiers(completed: int) -> None:
    content = csv_file(f"2026-07,H20.01,land,counter,{completed},{completed}")
    import_totals(content=content, file_name="t.csv", by=None, now=NOON)


def dispute(cast: Cast, count: int) -> None:
    """Slips whose holders say that somebody else has used the code."""
    for number in range(count):
        slip = Slip.objects.create(
            code_hash=f"{number:064d}",
            agency=cast.land,
            channel=Channel.COUNTER,
            issued_at=NOON,
            expires_at=NOON + timedelta(days=30),
        )
        Dispute.objects.create(slip=slip, on=NOON.date())


def varied(cast: Cast, name: str, *, day: int, **more: Any) -> Any:
    """A full answer at the counter on three levels, the same every time."""
    version = published_extension("counter-short")
    assert version is not None
    form = load_form(version.pk)
    levels: Answers = {code: 5 - number % 3 for number, code in enumerate(form.questions)}
    place = cast.submission("x").place
    return cast.submission(
        name, 4, now=NOON.replace(day=day), place=place, further=Further(form, levels), **more
    )


def test_facts_are_added_up_of_answers_slots_slips_and_comments(cast: Cast) -> None:
    fill(cast, good=10, bad=5, now=NOON)
    same = {"overall": 4, "comment": "Cán bộ hướng dẫn tận tình lắm"}
    submissions = [varied(cast, f"v{k}", day=day) for k, day in enumerate((9, 9, 10))]
    submissions += [cast.submission(f"w{k}", 4, now=NOON, answers=same) for k in range(3)]
    submissions += [
        cast.submission(f"m{k}", 5, now=NOON, evidence="E1", marks={"flag": "over"})
        for k in range(4)
    ]
    submissions.append(cast.submission("open", 5, now=NOON, evidence="E0"))
    record_batch(submissions=submissions)
    slot = NOON.replace(minute=20)
    KioskUse.objects.create(counter=cast.land_counter, slot=slot, count=7)
    dossiers(20)
    dispute(cast, 2)
    (found,) = gather_month(parse_period("2026-07"), {})
    assert (found.unit, found.answers, found.dossiers, found.marked) == ("h20.01", 25, 20, 4)
    assert found.tied == 21
    assert found.hard == {"H1": 1, "H8": 2}
    assert found.top_counter == (10, 18)
    assert found.rich == ((3, 1),)
    assert found.shared == 1, "one varied answer is the same on two days"
    assert found.slots == ((cast.land_counter.pk, 9, 74, 7),)
    assert found.same_comment == 3


def test_a_run_keeps_what_it_saw_and_gives_it_again(
    cast: Cast, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fill(cast, good=10, bad=5, now=NOON)
    dispute(cast, 2)
    call_command("run_integrity", "--period", "2026-07", "--facts", str(tmp_path / "facts.json"))
    assert "quarantine" in capsys.readouterr().out
    run = IntegrityRun.objects.get()
    flag = run.flags.get()
    assert (flag.agency, flag.level, flag.month) == (cast.land, "quarantine", MONTH)
    assert [one["rule"] for one in flag.findings] == ["H8"]
    assert recompute(run).is_same
    assert recompute(run).flags == 1
    kept = json.loads((tmp_path / "facts.json").read_text())
    assert unpack_facts(kept) == unpack_facts(run.facts)
    Dispute.objects.all().delete()
    again = run_integrity(MONTH, timezone.now())
    assert not again.flags.exists()
    assert not IntegrityFlag.objects.filter(current=True).exists(), "the newest look counts"
    assert IntegrityFlag.objects.count() == 1, "what was seen before is kept"
    assert recompute(run).is_same, "from its own facts, whatever the database says now"
    capsys.readouterr()
    call_command("run_integrity", "--period", "2026-07", "--check")
    assert capsys.readouterr().out.count(": the same") == 2
    with pytest.raises(CommandError, match="2026-13"):
        call_command("run_integrity", "--period", "2026-13")
    with pytest.raises(CommandError, match="no month of it has been over"):
        call_command("run_integrity", "--period", "2099")


def test_a_later_look_takes_nothing_back_that_is_no_longer_known(cast: Cast) -> None:
    """Numbers of telephones and tablets, and ten minutes, are erased or run on."""
    fill(cast, good=40, bad=5, now=NOON)
    first = run_integrity(MONTH, timezone.now())
    (row,) = unpack_facts(first.facts)
    seen = replace(row, phone=33, gaps=9, slots=((1, 2, 3, 20),), hard={"H5": 4})
    IntegrityRun.objects.filter(pk=first.pk).update(facts=pack_facts([seen]))
    again = run_integrity(MONTH, timezone.now())
    (found,) = unpack_facts(again.facts)
    assert (found.phone, found.gaps, found.slots) == (33, 9, ((1, 2, 3, 20),))
    assert [one["rule"] for one in again.flags.get().findings] == ["H5"]


def test_a_month_that_is_not_over_is_not_looked_at(cast: Cast) -> None:
    assert not is_complete(date(2026, 7, 1), date(2026, 8, 2))
    assert is_complete(date(2026, 7, 1), date(2026, 8, 3))
    assert not is_complete(date(2026, 7, 1), date(2026, 7, 31))


def test_months_before_are_the_past_of_a_month(cast: Cast) -> None:
    fill(cast, good=30, bad=10, now=NOON - timedelta(days=35))
    fill(cast, good=40, bad=0, channel="postal", now=NOON)
    run = run_integrity(MONTH, timezone.now())
    facts = unpack_facts(run.facts)
    assert [(row.month, row.answers) for row in facts] == [("2026-06", 40), ("2026-07", 40)]


def test_the_night_looks_at_the_month_that_is_over_once(cast: Cast) -> None:
    fill(cast, good=10, bad=5, now=NOON)
    run_last_month(datetime(2026, 8, 2, 3, tzinfo=UTC))
    assert not IntegrityRun.objects.exists(), "tablets may still bring answers"
    run_last_month(datetime(2026, 8, 4, 3, tzinfo=UTC))
    run_last_month(datetime(2026, 8, 5, 3, tzinfo=UTC))
    assert IntegrityRun.objects.get().month == MONTH
    assert "run_last_month" in [step.__name__ for step in STEPS]


def test_every_finding_is_told_in_words_and_bars(cast: Cast, analyst: Client) -> None:
    flag = flagged(cast.land)
    page = flat(analyst.get(reverse("console:integrity-flag", args=[flag.pk])))
    assert page.count('class="bars"') == len(DRAWN)
    for told in ("18 phiếu", "13,1% (21 trên 160)", "60,0% (90 trên 150)", "0,3", "60,0% (30"):
        assert told in page, told
    listed = flat(analyst.get(reverse("console:integrity")))
    assert "Dồn dập" in listed
    assert "F6b" in listed, "the rules stand below"


def test_heads_see_their_own_flags_of_months_that_are_over_and_answer(
    cast: Cast, head: Client, analyst: Client
) -> None:
    own, other = flagged(cast.land), flagged(cast.commune)
    current = flagged(cast.land, month=timezone.localdate().replace(day=1))
    listed = flat(head.get(reverse("console:integrity")))
    assert f"/integrity/{own.pk}" in listed
    assert f"/integrity/{other.pk}" not in listed
    assert f"/integrity/{current.pk}" not in listed
    for flag in (other, current):
        assert head.get(reverse("console:integrity-flag", args=[flag.pk])).status_code == 404
    address = reverse("console:integrity-flag", args=[own.pk])
    assert head.post(address, {"text": ""}).status_code == 422
    assert head.post(address, {"text": "Đoàn học sinh đến làm thẻ"}, follow=True).status_code == 200
    reply = FlagReply.objects.get()
    assert (reply.agency, reply.month, reply.user.agency) == (cast.land, MONTH, cast.land)
    assert "Đoàn học sinh" in flat(analyst.get(address))
    assert analyst.post(address, {"text": "x"}).status_code == 403
    with pytest.raises(IntegrityError), transaction.atomic():
        FlagReply.objects.update(text="y")
    with pytest.raises(IntegrityError), transaction.atomic():
        FlagReply.objects.all().delete()
    superseded = flagged(cast.land, current=False)
    assert analyst.get(reverse("console:integrity-flag", args=[superseded.pk])).status_code == 404


def test_everybody_reads_the_rules(client: Client, db: None) -> None:
    page = flat(client.get("/ket-qua/quy-tac/"))
    assert "F6b Khối phiếu chép lại" in page
    assert page.count("<dt>") == len(open_rules().rules)
    assert "Copied blocks" in flat(client.get("/ket-qua/en/quy-tac/"))
    assert '<dl lang="vi">' in flat(client.get("/ket-qua/km/quy-tac/"))


def test_a_month_is_looked_at_from_the_page(cast: Cast, analyst: Client, head: Client) -> None:
    fill(cast, good=10, bad=5, now=NOON)
    run = reverse("console:integrity-run")
    assert analyst.post(run, {"month": "13/2026"}).status_code == 422
    assert analyst.post(run, {"month": "07/2199"}).status_code == 422
    assert not IntegrityRun.objects.exists()
    assert analyst.post(run, {"month": "07/2026"}, follow=True).status_code == 200
    assert IntegrityRun.objects.get().month == MONTH
    assert head.post(run, {"month": "07/2026"}).status_code == 403


@pytest.mark.parametrize(
    ("asks", "decides", "done"),
    [
        ("Sở Nội vụ", "Thanh tra tỉnh", 1),
        ("Sở Nội vụ", " sở  NỘI vụ ", 0),
        ("Sở Nội vụ", "Sở Nội vụ.", 0),
        ("Sở Nội vụ", unicodedata.normalize("NFD", "Sở Nội vụ"), 0),
        ("Sở Nội vụ", "", 0),
    ],
)
def test_exclusions_are_decided_by_another_body(
    cast: Cast, analyst: Client, asks: str, decides: str, done: int
) -> None:
    record_batch(submissions=[cast.submission("a", 5, now=NOON)])
    User.objects.filter(pk=cast.analyst.pk).update(body=asks)
    approver = signed_in(
        User.objects.create_user(username="approver", role=Role.APPROVER, body=decides)
    )
    sent = {
        "code": cast.code.code,
        "first": "09/07/2026",
        "first_hour": "0",
        "last": "09/07/2026",
        "last_hour": "23",
        "reason": "x",
    }
    analyst.post(reverse("console:exclusions"), sent, follow=True)
    row = ApprovalRequest.objects.get()
    decision = reverse("console:approval-decide", args=[row.pk])
    approver.post(decision, {"decision": "approve"}, follow=True)
    row.refresh_from_db()
    assert (row.state == "done") is bool(done)
    assert Response.objects.count() == 1


def test_nobody_makes_another_body_of_a_colleague_for_an_own_request(cast: Cast) -> None:
    """An administrator who asks cannot have said where the decider works, and nobody moves after
    the request.
    """
    admin = User.objects.create_user(
        username="admin", role=Role.PROVINCE_ADMIN, body="Văn phòng UBND"
    )
    colleague = User.objects.create_user(
        username="colleague", role=Role.APPROVER, body="Văn phòng UBND"
    )
    change = {"first_name": "x", "role": Role.APPROVER, "body": "Thanh tra tỉnh", "agency": ""}
    address = reverse("console:person", args=[colleague.pk])
    signed_in(admin).post(address, {**change, "email": "", "ends_on": ""}, follow=True)
    colleague.refresh_from_db()
    assert (colleague.body, colleague.body_set_by) == ("Thanh tra tỉnh", admin)
    sent = {"first": "09/07/2026", "first_hour": "0", "last": "09/07/2026", "last_hour": "23"}
    sent |= {"code": cast.code.code, "reason": "x"}
    signed_in(admin).post(reverse("console:exclusions"), sent, follow=True)
    row = ApprovalRequest.objects.get()
    decision = reverse("console:approval-decide", args=[row.pk])
    signed_in(colleague).post(decision, {"decision": "approve"}, follow=True)
    row.refresh_from_db()
    assert row.state == "waiting"
    other = User.objects.create_user(username="other", role=Role.PROVINCE_ADMIN)
    User.objects.filter(pk=colleague.pk).update(body_set_by=other, body_set_at=timezone.now())
    signed_in(colleague).post(decision, {"decision": "approve"}, follow=True)
    row.refresh_from_db()
    assert row.state == "waiting", "moved after the request"
    User.objects.filter(pk=colleague.pk).update(body_set_at=row.made_at - timedelta(days=1))
    signed_in(colleague).post(decision, {"decision": "approve"}, follow=True)
    row.refresh_from_db()
    assert row.state == "done"
