"""Offices and domains ask a questionnaire of their own from a day on, at every entrance."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.access.queries import find_landing
from survey.accounts.models import Role, User
from survey.agencies.models import Office, ProcedureDomain
from survey.common.periods import parse_period
from survey.questionnaires.faults import find_faults
from survey.questionnaires.files import write_questionnaire
from survey.questionnaires.models import Assignment, Question, Questionnaire, Version
from survey.questionnaires.queries import find_first_form, published_version, question_texts
from survey.questionnaires.services import (
    LIBRARY,
    draft_from_text,
    publish_version,
    retire_version,
)
from survey.responses.models import Response
from survey.scorecards.bridge.snapshots import take_snapshot
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, Cast, answer, flat, hidden, open_form
from tests.survey.messaging.builders import invited

TODAY = timezone.localdate()
NEW = reverse("console:assignment-new")


@pytest.fixture
def author(cast: Cast) -> User:
    return User.objects.create_user(username="author", role=Role.AUTHOR)


@pytest.fixture
def own(cast: Cast) -> Version:
    """A published questionnaire with words of its own."""
    text = (LIBRARY / "counter-short.toml").read_text(encoding="utf-8")
    text = text.replace('code = "counter-short"', 'code = "truong-hoc"', 1)
    short = published_version("counter-short")
    assert short is not None
    words = short.wordings.get(slot="question.overall", language="vi").text
    text = text.replace(words, "Ông/Bà thấy nhà trường phục vụ thế nào?")
    return publish_version(version=draft_from_text(text=text), now=NOW)


def assign(author: User, own: Version, **sent: object) -> Client:
    client = signed_in(author)
    data = {"questionnaire": own.questionnaire_id, "on": f"{TODAY:%d/%m/%Y}", **sent}
    assert client.post(NEW, data).status_code == 302
    return client


def test_from_its_day_on_a_counter_asks_what_was_assigned_and_stores_that_version(
    citizen: Client, cast: Cast, author: User, own: Version
) -> None:
    page = f"/s/{cast.code.code}"
    assert "nhà trường" not in flat(citizen.get(page))
    opened_before = open_form(citizen, cast.code.code)
    staff = assign(author, own, office=cast.land_counter.office_id)
    assert "nhà trường" in flat(citizen.get(page))
    assert "nhà trường" not in flat(citizen.get(f"/s/{cast.commune_code.code}"))
    assert answer(citizen, cast, overall="5").status_code == 303
    assert Response.objects.get().version == own
    sent = citizen.post(page, {**opened_before, "overall": "4"})
    assert sent.status_code == 303, "what was opened before is taken as it was asked"
    assert Response.objects.exclude(version=own).get().version.questionnaire.code == "counter-short"
    assert "Trung tâm Phục vụ" in flat(staff.get(reverse("console:version", args=[own.pk])))


def test_who_names_more_goes_first_and_of_equals_the_later_day(
    cast: Cast, author: User, own: Version
) -> None:
    short = published_version("counter-short")
    assert short is not None
    land = ProcedureDomain.objects.get(code="land")
    office = cast.land_counter.office

    def make(version: Version, days: int, **where: object) -> None:
        Assignment.objects.create(
            questionnaire=version.questionnaire,
            valid_from=TODAY + timedelta(days=days),
            made_by=author,
            **where,
        )

    def find(office: Office | None, domain: ProcedureDomain | None) -> int | None:
        return find_first_form(
            office_id=office.pk if office else None,
            domain_id=domain.pk if domain else None,
            today=TODAY,
        )

    make(own, -1, domain=land)
    assert find(office, land) == find(None, land) == own.pk
    assert find(office, None) == short.pk
    make(short, -9, office=office)
    assert find(office, land) == short.pk, "the office goes before the domain, though older"
    make(own, -8, office=office, domain=land)
    assert find(office, land) == own.pk
    make(short, 1, office=office, domain=land)
    assert find(office, land) == own.pk, "tomorrow is not today"
    make(short, 0, office=office, domain=land)
    assert find(office, land) == short.pk
    landing = find_landing(cast.code.code, TODAY)
    assert landing is not None
    assert landing.version_id == short.pk


def test_a_link_asks_by_domain_and_a_retired_questionnaire_leaves_the_short_form(
    citizen: Client, cast: Cast, author: User, own: Version
) -> None:
    land = ProcedureDomain.objects.get(code="land")
    assign(author, own, domain=land.pk)
    _made, token = invited(cast)
    assert "nhà trường" in flat(citizen.get(f"/{token}"))
    data = {**hidden(citizen.get(f"/{token}").content), "overall": "4"}
    assert citizen.post(f"/s/{token}", data).status_code == 303
    assert Response.objects.get().version == own
    retire_version(version=own, now=timezone.now())
    _made, token = invited(cast, phone="+84912345679", code="H20.01.05-261110-0002")
    assert "nhà trường" not in flat(citizen.get(f"/{token}"))


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "office"),
        ({"on": "01/01/2020"}, "on"),
        ({"on": "31/02/2027"}, "on"),
        ({"questionnaire": "999999"}, "questionnaire"),
        ({"office": "x"}, "office"),
    ],
)
def test_what_cannot_be_assigned_is_told_at_its_field(
    cast: Cast, author: User, own: Version, sent: dict[str, str], field: str
) -> None:
    office = {} if not sent else {"office": cast.land_counter.office_id}
    data = {"questionnaire": own.questionnaire_id, "on": f"{TODAY:%d/%m/%Y}", **office, **sent}
    page = signed_in(author).post(NEW, data)
    assert page.status_code == 422
    assert f'id="id_{field}_error"' in flat(page)
    assert not Assignment.objects.exists()


def test_an_extension_cannot_be_chosen_and_what_began_stays(
    cast: Cast, author: User, own: Version
) -> None:
    block = Questionnaire.objects.get(code="service-block")
    client = signed_in(author)
    data = {"office": cast.land_counter.office_id, "on": f"{TODAY:%d/%m/%Y}"}
    assert client.post(NEW, {**data, "questionnaire": block.pk}).status_code == 422
    assign(author, own, office=cast.land_counter.office_id)
    later = f"{TODAY + timedelta(days=3):%d/%m/%Y}"
    assign(author, own, office=cast.commune_counter.office_id, on=later)
    begun, planned = Assignment.objects.order_by("valid_from")
    for row in (begun, planned):
        client.post(reverse("console:assignment-withdraw", args=[row.pk]))
    assert list(Assignment.objects.all()) == [begun]
    assert signed_in(cast.head).get(NEW).status_code == 403


def test_what_an_office_asks_changes_no_word_and_no_figure_of_the_province(
    citizen: Client, cast: Cast, author: User, own: Version, tmp_path: Path
) -> None:
    assert question_texts("vi")["overall"] != "Ông/Bà thấy nhà trường phục vụ thế nào?"
    text = write_questionnaire(own).replace('code = "truong-hoc"', 'code = "odd"', 1)
    odd = draft_from_text(text=text)
    Question.objects.create(
        version=odd,
        factor=odd.factors.get(position=1),
        code="like",
        kind="multiple-choice",
        position=90,
        options=["a", "b"],
    )
    Question.objects.create(
        version=odd, factor=odd.factors.get(position=1), code="A1", kind="yes-no", position=91
    )
    assert any("A1" in fault for fault in find_faults(odd)), "the code is read as a level"
    odd.questions.filter(code="A1").delete()
    for language in ("vi", "en", "km"):
        for slot in ("question.like", "option.like.a", "option.like.b"):
            odd.wordings.create(slot=slot, language=language, text="x")
    publish_version(version=odd, now=NOW)
    assign(author, odd, office=cast.land_counter.office_id)
    sent = {**open_form(citizen, cast.code.code), "overall": "5", "like": ["a", "b"]}
    assert citizen.post(f"/s/{cast.code.code}", sent).status_code == 303
    assert Response.objects.get().answers["like"] == ["a", "b"]
    period = parse_period(str(TODAY.year))
    taken = take_snapshot(period=period, folder=tmp_path / "s", now=timezone.now(), province="x")
    assert taken.manifest["responses"] == 1


def test_a_questionnaire_that_became_an_extension_is_asked_by_nobody(
    citizen: Client, cast: Cast, author: User, own: Version
) -> None:
    assign(author, own, office=cast.land_counter.office_id)
    short = published_version("counter-short")
    assert short is not None
    Version.objects.create(questionnaire=own.questionnaire, number=9, extends=short.questionnaire)
    retire_version(version=own, now=NOW)
    Version.objects.filter(number=9).update(status="published")
    assert "nhà trường" not in flat(citizen.get(f"/s/{cast.code.code}"))


def test_nobody_chooses_what_they_are_asked(
    citizen: Client, cast: Cast, author: User, own: Version
) -> None:
    later = f"{TODAY + timedelta(days=90):%d/%m/%Y}"
    assign(author, own, office=cast.commune_counter.office_id, on=later)
    sent = {**open_form(citizen, cast.code.code), "overall": "4", "form": str(own.pk)}
    citizen.post(f"/s/{cast.code.code}", sent)
    assert Response.objects.get().version != own
