"""The history of one thing: what was done to it, to its parts and by request, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from survey.access.kiosks import add_kiosk
from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import AuditEvent, Role
from survey.console.history import read_thing, tells_about
from survey.questionnaires.models import Version, VersionStatus
from tests.survey.accounts.builders import account
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast


@pytest.fixture
def admin(cast: Cast) -> Any:
    return signed_in(account("admin", role=Role.PROVINCE_ADMIN))


def told(thing: str) -> list[str]:
    """Names of the entries that tell of it, the oldest first."""
    kind, pk = read_thing(thing) or ("", 0)
    found = AuditEvent.objects.filter(tells_about(kind, pk)).order_by("pk")
    return [event.action for event in found]


def test_an_office_tells_about_its_counters_and_not_of_another_office(
    cast: Cast, admin: Any
) -> None:
    office, other = cast.land_counter.office_id, cast.commune_counter.office_id
    assert office != other
    admin.post(f"/staff/counters/{cast.land_counter.pk}/close")
    admin.post(f"/staff/counters/{cast.commune_counter.pk}/close")
    assert told(f"office {office}") == ["counter-close"]
    assert told(f"office {other}") == ["counter-close"]
    page = admin.get(f"/staff/places/{office}").content.decode()
    assert f'href="/staff/audit?thing=office%20{office}"' in page
    found = admin.get("/staff/audit", {"thing": f"office {office}"})
    assert [event.action for event, *_ in found.context["lines"]] == ["counter-close"]
    assert f'name="thing" value="office {office}"' in " ".join(found.content.decode().split())
    assert b"?thing=office" in admin.get("/staff/audit", {"thing": f"office {office}"}).content


def test_the_file_has_what_the_page_has(cast: Cast, admin: Any) -> None:
    admin.post(f"/staff/people/{cast.head.pk}/close")
    admin.post(f"/staff/people/{cast.operator.pk}/close")
    sent = admin.get("/staff/audit.csv", {"thing": f"account {cast.head.pk}"})
    lines = b"".join(sent.streaming_content).decode().splitlines()[1:]
    assert len(lines) == 1
    assert "person-close" in lines[0]
    assert f"{cast.head.pk} close" in lines[0]


def test_a_number_is_not_the_beginning_of_another(cast: Cast) -> None:
    for thing in ("1", "12", "1 close", "12 close", "account 1", "account 12"):
        AuditEvent.objects.create(at=timezone.now(), action="person-close", thing=thing)
    found = AuditEvent.objects.filter(tells_about("account", 1))
    assert {event.thing for event in found} == {"1", "1 close", "account 1"}


def test_a_request_belongs_to_what_it_names(cast: Cast) -> None:
    author = signed_in(account("author", role=Role.AUTHOR))
    version = Version.objects.filter(status=VersionStatus.PUBLISHED).order_by("pk").first()
    assert version is not None
    author.post(f"/staff/versions/{version.pk}/ask/retire", {"reason": "Hết hiệu lực"})
    request = ApprovalRequest.objects.get()
    assert request.payload == {"version": version.pk}
    assert told(f"version {version.pk}") == ["retire-questionnaire"]
    assert told(f"version {version.pk + 1}") == []
    ApprovalRequest.objects.filter(pk=request.pk).update(
        payload={"agencies": [cast.land.pk, cast.commune.pk]}
    )
    assert told(f"agency {cast.commune.pk}") == ["retire-questionnaire"]
    assert told(f"agency {cast.province.pk}") == []


def test_a_question_of_a_draft_is_told_with_the_draft(cast: Cast) -> None:
    author = signed_in(account("author", role=Role.AUTHOR))
    version = Version.objects.filter(status=VersionStatus.PUBLISHED).order_by("pk").first()
    assert version is not None
    author.post(f"/staff/versions/{version.pk}/copy")
    draft = Version.objects.get(status=VersionStatus.DRAFT)
    question = draft.questions.order_by("-position").first()
    assert question is not None
    AuditEvent.objects.create(at=timezone.now(), action="question-act", thing=f"{question.pk} up")
    assert told(f"version {draft.pk}") == ["question-act"]
    assert told(f"version {version.pk}") == ["version-change"]


def test_a_tablet_tells_about_its_withdrawal(cast: Cast, admin: Any) -> None:
    kiosk = add_kiosk(counter=cast.land_counter, name="A1", now=timezone.now())[0]
    admin.post(f"/staff/presence/kiosk/{kiosk.pk}/withdraw")
    assert told(f"kiosk {kiosk.pk}") == ["presence-withdraw"]
    assert told(f"screen {kiosk.pk}") == []
    page = admin.get(f"/staff/presence/kiosk/{kiosk.pk}").content.decode()
    assert f"/staff/audit?thing=kiosk%20{kiosk.pk}" in page


def test_only_who_reads_the_trail_sees_the_link(cast: Cast, admin: Any) -> None:
    kiosk, _code = add_kiosk(counter=cast.land_counter, name="A1", now=timezone.now())
    address = f"/staff/presence/kiosk/{kiosk.pk}"
    manager = signed_in(account("manager", role=Role.OFFICE_MANAGER, agency=cast.land))
    page = manager.get(address)
    assert page.status_code == 200
    assert b"audit?thing" not in page.content
    assert b"audit?thing" in admin.get(address).content
    assert manager.get("/staff/audit", {"thing": f"kiosk {kiosk.pk}"}).status_code == 403


@pytest.mark.parametrize("thing", ["", "office", "office x", "office -1", "office ²", "rat 1"])
def test_what_is_no_thing_asks_for_everything(thing: str, cast: Cast, admin: Any) -> None:
    assert read_thing(thing) is None
    assert admin.get("/staff/audit", {"thing": thing}).status_code == 200
    assert admin.get("/staff/audit", {"thing": "office " + "9" * 40}).status_code == 200
