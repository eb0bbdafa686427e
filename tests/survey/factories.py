"""The cast: the land department and a commune of one province, each with a counter, and who works
there.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Model
from django.test import Client

from survey.access.models import CounterCode
from survey.access.posters import issue_code
from survey.accounts.models import Role, User
from survey.agencies.models import Agency, AgencyKind, Counter, Office, ProcedureDomain
from survey.agencies.services import Attributes, found_agency
from survey.common.tokens import derive_ticket
from survey.questionnaires.models import (
    Factor,
    Question,
    Questionnaire,
    Version,
    VersionStatus,
    Wording,
)
from survey.questionnaires.queries import load_form, published_version
from survey.questionnaires.services import ensure_library
from survey.responses.services import AnswerPlace, Submission

LIBRARY_TABLES: tuple[type[Model], ...] = (Questionnaire, Version, Factor, Question, Wording)
NOW = datetime(2026, 8, 15, 3, 20, tzinfo=UTC)
START = date(2025, 7, 1)
PASSWORD = "một mật khẩu đủ dài"


@dataclass
class Cast:
    """Everything a test may need; names are the agencies' own."""

    province: Agency
    land: Agency
    commune: Agency
    land_counter: Counter
    commune_counter: Counter
    code: CounterCode
    commune_code: CounterCode
    analyst: User
    head: User
    operator: User

    def submission(self, seed: str, level: int = 5, **more: Any) -> Submission:
        """A valid short answer about the land department."""
        version = published_version("counter-short")
        assert version is not None
        values = {
            "ticket": derive_ticket(seed),
            "form": load_form(version.pk),
            "answers": {"overall": level},
            "place": AnswerPlace(
                agency_id=self.land.pk,
                office_id=self.land_counter.office_id,
                counter_id=self.land_counter.pk,
            ),
            "channel": "counter",
            "evidence": "E2",
            "language": "vi",
            "now": NOW,
        }
        return Submission(**{**values, **more})


_shelf: dict[type[Model], list[Model]] = {}
"""Rows of the shipped questionnaires as the real loader made them, once in a process."""


def put_up_library() -> None:
    """The shipped questionnaires, published. The real loader makes them for the first test of a
    process; its rows are put back as they are for the others, which takes a tenth of the time.
    """
    if not _shelf:
        ensure_library(now=NOW)
        _shelf.update({model: list(model._default_manager.all()) for model in LIBRARY_TABLES})
        return
    published = {row.pk for row in _shelf[Version] if row.status == VersionStatus.PUBLISHED}  # type: ignore[attr-defined]
    for model in LIBRARY_TABLES:
        rows = [copy(row) for row in _shelf[model]]
        for row in rows:
            if isinstance(row, Version):
                # The database takes no question of a published version.
                row.status = VersionStatus.DRAFT
        model._default_manager.bulk_create(rows)
    Version.objects.filter(pk__in=published).update(status=VersionStatus.PUBLISHED)


def make_cast() -> Cast:
    """Build the cast in the database."""
    put_up_library()
    domains = {
        code: ProcedureDomain.objects.create(code=code, name=name)
        for code, name in {"land": "Đất đai", "civil-status": "Hộ tịch"}.items()
    }
    province = found_agency(
        key="82",
        on=START,
        attributes=Attributes(name="UBND tỉnh Đồng Tháp", kind=AgencyKind.PROVINCE),
    )
    land = found_agency(
        key="h20.01",
        on=START,
        attributes=Attributes(
            name="Sở Nông nghiệp và Môi trường",
            kind=AgencyKind.DEPARTMENT,
            parent=province,
            agency_code="H20.01",
        ),
    )
    commune = found_agency(
        key="28261",
        on=START,
        attributes=Attributes(
            name="UBND phường Mỹ Tho", kind=AgencyKind.COMMUNE, parent=province, unit_code="28261"
        ),
    )
    centre = Office.objects.create(key="centre", name="Trung tâm Phục vụ hành chính công tỉnh")
    hall = Office.objects.create(key="hall", name="Trung tâm Phục vụ hành chính công phường Mỹ Tho")
    first = Counter.objects.create(
        office=centre, agency=land, domain=domains["land"], number=1, name="Quầy 1"
    )
    second = Counter.objects.create(
        office=hall, agency=commune, domain=domains["civil-status"], number=1
    )

    def account(name: str, **more: Any) -> User:
        return User.objects.create_user(username=name, password=PASSWORD, **more)

    return Cast(
        province=province,
        land=land,
        commune=commune,
        land_counter=first,
        commune_counter=second,
        code=issue_code(counter=first, now=NOW),
        commune_code=issue_code(counter=second, now=NOW),
        analyst=account("analyst", role=Role.ANALYST, body="Sở Nội vụ"),
        head=account("head", role=Role.AGENCY_HEAD, agency=land),
        operator=account("operator", role=Role.OPERATOR, is_staff=True, is_superuser=True),
    )


def open_form(client: Client, code: str) -> dict[str, str]:
    """Hidden fields of a freshly opened form, as a browser would send them."""
    page = client.get(f"/s/{code}").content.decode()
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))


def hidden(page: bytes) -> dict[str, str]:
    """Hidden fields of any page."""
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.decode()))


def answer(client: Client, cast: Cast, **fields: Any) -> Any:
    """Open the form and send it with these fields."""
    return client.post(f"/s/{cast.code.code}", {**open_form(client, cast.code.code), **fields})


def receipt_of(response: Any) -> str:
    assert response.status_code == 303
    match = re.match(r"/r/(\w+)[/?]", response.headers["Location"])
    assert match
    return match[1]


def flat(response: Any) -> str:
    """A page as one line: attributes may stand on lines of their own."""
    return " ".join(response.content.decode().split())
