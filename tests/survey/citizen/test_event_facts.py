"""What the event of a dossier tells decides what is asked, and for whom the dossier was is kept."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from survey.common.encryption import encrypt
from survey.messaging.event_intake import import_events, ingest_events
from survey.questionnaires.assignments import assign_questionnaire
from survey.questionnaires.services import publish_version
from survey.questionnaires.shipped import draft_from_template
from survey.responses.answers import AnswersRefused
from survey.responses.models import Response
from survey.responses.services import record_response
from survey.transactions.models import DossierEvent, SourceSystem
from tests.survey.factories import Cast, hidden
from tests.survey.messaging.builders import as_csv, invited, raw
from tests.survey.messaging.messages import event, sender

ENDINGS = [("late", True), ("on-time", False), ("early", False), ("", False)]


def answer(token: str, level: int = 2) -> tuple[Client, str, str]:
    """A rating by a link, and the page after it."""
    client = Client()
    form = client.get(f"/s/{token}").content.decode()
    sent = {**hidden(form.encode()), "overall": str(level)}
    page = client.post(f"/s/{token}", sent)
    return client, page["Location"], client.get(page["Location"]).content.decode()


def portal() -> SourceSystem:
    sealed = encrypt("a secret", "source/portal")
    return SourceSystem.objects.create(
        key_id="portal", name="Cổng dịch vụ công", secret_sealed=sealed, province="H20"
    )


@pytest.fixture
def late_form(cast: Cast) -> None:
    """The form for late dossiers, asked in the domain of the land department."""
    made = draft_from_template(template="late-dossier", code="tre-hen", title="")
    form = publish_version(version=made, now=timezone.now())
    assign_questionnaire(
        questionnaire=form.questionnaire,
        office=None,
        domain=cast.land_counter.domain,
        on=timezone.localdate(),
        by=cast.analyst,
        today=timezone.localdate(),
    )


@pytest.mark.parametrize(("timing", "asked"), ENDINGS)
def test_the_apology_is_asked_about_when_the_event_says_late(
    cast: Cast, late_form: None, timing: str, asked: bool
) -> None:
    _invitation, token = invited(cast, timing=timing)
    _client, _address, page = answer(token)
    assert ('name="apology"' in page) is asked


def test_the_answer_about_the_apology_is_stored_with_the_rating(
    cast: Cast, late_form: None
) -> None:
    _invitation, token = invited(cast, timing="late", applicant="business")
    client, address, page = answer(token)
    sent = {**hidden(page.encode()), "apology": "no", "reasons": "late"}
    client.post(address, sent)
    row = Response.objects.order_by("-revision").first()
    assert row is not None
    assert row.answers == {"overall": 2, "apology": "no", "reasons": ["late"]}
    assert row.marks is None, "what tells whose answer it is stands where the receipt leads alone"


def test_a_form_that_asks_nothing_about_it_keeps_no_timing(cast: Cast) -> None:
    _invitation, token = invited(cast, timing="late")
    answer(token)
    assert Response.objects.get().marks is None


@pytest.mark.parametrize(("applicant", "asked"), [("", True), ("citizen", False)])
def test_for_whom_is_asked_only_where_the_event_does_not_tell(
    cast: Cast, applicant: str, asked: bool
) -> None:
    _invitation, token = invited(cast, applicant=applicant)
    client, address, page = answer(token, level=5)
    assert ('name="applicant"' in page) is asked
    sent = {**hidden(page.encode()), "applicant": "business"}
    client.post(address, sent)
    row = Response.objects.order_by("-revision").first()
    assert row is not None
    assert row.answers.get("applicant") == ("business" if asked else None)
    assert row.marks is None


def many_events(cast: Cast, count: int, applicant: str) -> None:
    for number in range(count):
        event(cast, f"H20.01.05-261110-9{number:03d}", applicant=applicant)


@pytest.mark.parametrize(("others", "kept"), [(9, "business"), (8, None)])
def test_for_whom_a_dossier_was_stands_in_the_row_where_ten_are_alike(
    cast: Cast, others: int, kept: str | None
) -> None:
    many_events(cast, others, "business")
    _invitation, token = invited(cast, applicant="business")
    answer(token, level=5)
    assert (Response.objects.get().marks or {}).get("applicant") == kept


def test_a_changed_rating_keeps_what_does_not_hang_on_it(cast: Cast, late_form: None) -> None:
    _invitation, token = invited(cast, timing="late", applicant="citizen")
    client, address, page = answer(token)
    client.post(address, {**hidden(page.encode()), "apology": "yes", "reasons": "late"})
    change = address.split("/more")[0] + "/change"
    sent = {**hidden(client.get(change).content), "overall": "4"}
    assert client.post(change, sent).status_code == 303
    row = Response.objects.order_by("-revision").first()
    assert row is not None
    assert row.answers == {"overall": 4, "apology": "yes"}
    forged = {**hidden(client.get(change).content), "overall": "4", "applicant": "business"}
    assert client.post(change, forged).status_code == 303
    newest = Response.objects.order_by("-revision").first()
    assert newest is not None
    assert "applicant" not in newest.answers


def test_at_a_counter_for_whom_is_one_tap_on_the_second_page(cast: Cast) -> None:
    client = Client()
    form = client.get(f"/s/{cast.code.code}").content.decode()
    assert 'name="applicant"' not in form
    page = client.post(f"/s/{cast.code.code}", {**hidden(form.encode()), "overall": "5"})
    second = client.get(page["Location"]).content.decode()
    assert re.search(r'type="radio"[^>]*name="applicant"', second)


def test_no_entrance_stores_an_answer_the_event_does_not_allow(cast: Cast, late_form: None) -> None:
    with pytest.raises(AnswersRefused):
        record_response(
            submission=cast.submission(
                "x",
                answers={"overall": 5, "applicant": "citizen"},
                facts={"event-applicant": "business"},
            )
        )


def test_files_with_and_without_the_column_are_taken(cast: Cast) -> None:
    system = portal()
    sender()
    lines = [line.rsplit(b",", 1)[0] for line in as_csv(raw(phone="")).split(b"\r\n")]
    for content, expected in (
        (b"\r\n".join(lines), ""),
        (as_csv(raw(dossier_code="H20.01.05-261110-0002", applicant="business")), "business"),
    ):
        report = import_events(
            content=content, file_name="e.csv", source=system, now=timezone.now()
        )
        assert report.faults == []
        newest = DossierEvent.objects.order_by("-pk").first()
        assert newest is not None
        assert newest.applicant == expected


def test_an_applicant_nobody_knows_is_refused_by_name(cast: Cast) -> None:
    report = ingest_events(
        events=[raw(applicant="ghost")], source=portal(), now=timezone.now(), province="H20"
    )
    assert [message.partition(":")[0] for _place, message in report.faults] == ["applicant"]
    assert not DossierEvent.objects.exists()
