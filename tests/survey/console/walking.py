"""What a walk over the staff pages needs: pages with their links and forms, accounts, a scene."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from survey.access.ballots import issue_ballots
from survey.access.kiosks import add_kiosk
from survey.access.screens import enrol_screen
from survey.accounts.api_keys import make_api_key
from survey.accounts.invitations import Invited, invite
from survey.accounts.models import Role, User
from survey.agencies.calendar import Holiday
from survey.agencies.improvements import Improvement
from survey.agencies.models import (
    Counter,
)
from survey.agencies.services import Attributes, dissolve_agency, found_agency
from survey.common.periods import parse_period
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.operations.readiness import RESTORED
from survey.operations.restored import ACCEPTED, mark_restored
from survey.privacy.models import Incident, PrivacyRequest
from survey.privacy.notices import note_texts
from survey.questionnaires.models import (
    Assignment,
    Questionnaire,
)
from survey.reports.models import ExportSchedule, ReportSchedule
from survey.reports.services import make_report
from survey.reports.table_exports import make_scheduled_exports
from survey.responses.cases import open_case
from survey.responses.exclusions import exclude_answers
from survey.responses.reading import prepare_comments
from survey.responses.services import record_response
from survey.scorecards.bridge.frameworks import framework_text
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import publish_framework, save_framework
from survey.scorecards.rounds.group_survey import issue_links
from survey.scorecards.rounds.models import Stage
from survey.scorecards.rounds.queries import framework_scored_by
from survey.scorecards.rounds.services import Deadlines, open_round, publish_round
from survey.transactions.models import SourceSystem
from survey.transactions.services import import_totals
from survey.webhooks.models import WebhookMessage
from survey.webhooks.services import make_webhook, send_test
from tests.survey.console.builders import release
from tests.survey.factories import NOW, Cast
from tests.survey.followup.builders import opened
from tests.survey.integrity.builders import drawn_check, flagged
from tests.survey.messaging.builders import invited
from tests.survey.scorecards.builders import FRAMEWORK, fill, snapshot, surveyed_round
from tests.survey.transactions.builders import csv_file


@dataclass
class Form:
    """A form as a browser would send it."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """Links and forms of a page."""

    def __init__(self, text: str, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._select = self._area = ""
        self.feed(text)

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        if tag in ("a", "link", "img") and (to := given.get("href", given.get("src", ""))):
            self.links.append(urljoin(self.address, to))
        elif tag == "form":
            action = urljoin(self.address, given.get("action", ""))
            self.forms.append(Form(action, given.get("method", "get").lower()))
        elif self.forms:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        if tag == "button":
            form.buttons.append((name, given.get("value", "")))
        elif tag == "input" and given.get("type") == "file":
            form.files.append(name)
        elif tag in ("input", "textarea") and name:
            form.fields[name] = given.get("value", "")
            self._area = name if tag == "textarea" else ""
        elif tag == "select":
            self._select = name
        elif (
            tag == "option"
            and self._select
            and given.get("value")
            and ("selected" in given or not form.fields.get(self._select))
        ):
            form.fields[self._select] = given["value"]


def accounts(cast: Cast) -> dict[str, User]:
    """Accounts of every role, of the province and of one agency."""

    def account(name: str, **more: Any) -> User:
        return User.objects.create_user(username=name, password=None, **more)

    made = {
        "root": cast.operator,
        "operator": account("operator-2", role=Role.OPERATOR),
        "operator-of-one": account("operator-1", role=Role.OPERATOR, agency=cast.land),
        "analyst": cast.analyst,
        "analyst-of-one": account("analyst-1", role=Role.ANALYST, agency=cast.land),
        "head": cast.head,
        "author": account("author", role=Role.AUTHOR),
        "admin": account("admin", role=Role.PROVINCE_ADMIN),
        "admin-of-one": account("admin-1", role=Role.PROVINCE_ADMIN, agency=cast.land),
        "approver": account("approver", role=Role.APPROVER, body="Thanh tra tỉnh"),
        "manager": account("manager", role=Role.OFFICE_MANAGER, agency=cast.land),
        "auditor": account("auditor", role=Role.AUDITOR),
        "hotline": account("hotline", role=Role.HOTLINE),
        "auditor-of-one": account("auditor-1", role=Role.AUDITOR, agency=cast.land),
    }
    assert {user.role for user in made.values()} == set(Role), "a role nobody walks"
    return made


@pytest.fixture
def scene(cast: Cast, tmp_path: Path) -> Iterator[Cast]:
    """One of everything a staff page shows."""
    now = timezone.now()
    fill(cast, good=50, bad=10)
    content = csv_file(
        "2026-07,H20.01,land,counter,600,500", "2026-07,28261,civil-status,counter,40,40"
    )
    import_totals(content=content, file_name="t.csv", by=None, now=NOW)
    edition = release(snapshot(tmp_path))
    make_report(edition=edition, agency=cast.land, by=cast.analyst, now=now)
    for owner in (cast.operator, cast.analyst, cast.head):
        ReportSchedule.objects.create(owner=owner, agency=cast.land, interval="year", made_at=now)
        ExportSchedule.objects.create(
            owner=owner, interval="quarter", kind="csv", made_at=NOW - timedelta(days=400)
        )
    make_scheduled_exports(now)
    Counter.objects.create(office=cast.land_counter.office, agency=cast.land, number=9)
    enrol_screen(counter=cast.land_counter, now=now)
    issue_ballots(counter=cast.land_counter, count=4, now=now)
    add_kiosk(counter=cast.land_counter, name="Máy 1", now=now)
    for agency, author in ((cast.land, cast.analyst), (cast.commune, cast.analyst)):
        Improvement.objects.create(
            agency=agency, said="Chờ lâu", did="Thêm quầy", author=author, done_on=now.date()
        )
    row = record_response(submission=cast.submission("case", 2)).row
    open_case(row=row, now=now)
    record_response(
        submission=cast.submission("words", 2, answers={"overall": 2, "comment": "Chờ lâu"})
    )
    prepare_comments(now - timedelta(days=1))
    prepare_comments(now)
    Assignment.objects.create(
        questionnaire=Questionnaire.objects.get(code="counter-short"),
        office=cast.land_counter.office,
        valid_from=now.date() + timedelta(days=30),
        made_by=cast.analyst,
    )
    ended = found_agency(
        key="ended",
        on=date(2025, 7, 1),
        attributes=Attributes(name="Chi cục cũ", kind="department", parent=cast.province),
    )
    dissolve_agency(agency=ended, on=now.date(), successor=cast.land)
    exclude_answers(
        counter=cast.land_counter,
        begins=now - timedelta(days=60),
        ends=now - timedelta(days=59),
        reason="Mất điện",
        now=now,
    )
    drafts = [
        save_framework(text=framework_text(name), by=cast.analyst, now=now)
        for name in ("766-2022", "arta-csm", "hai-cap-xa")
    ]
    for draft in drafts[1:]:
        publish_framework(framework=draft, now=now)
    open_scoring(drafts[2], cast, now)
    asked = surveyed_round(cast, now)
    asked.scorings.update(stage=Stage.CLOSED)  # its card lacks what the groups have not said
    issue_links(
        scoring_round=asked,
        framework=framework_scored_by(asked),
        group="heads",
        agencies=list(asked.scorings.all()),
        count=5,
        now=now,
    )
    for kind in ("finding", "self-check", "document"):
        opened(cast, kind, due_on=now.date() + timedelta(days=9))
    for owner in (cast.operator, cast.analyst):
        last = now.date() + timedelta(days=9)
        make_api_key(owner=owner, name="Một", scopes=["figures"], expires_on=last, now=now)
        webhook, _secret = make_webhook(
            owner=owner, name="Một", url="https://127.0.0.1:9/", events=["alert.raised"], now=now
        )
        message = send_test(webhook=webhook, now=now)
        WebhookMessage.objects.filter(pk=message.pk).update(dead_at=now, next_at=None)
    flagged(cast.land, month=date(2026, 5, 1))
    for _one in range(2):
        PrivacyRequest.objects.create(
            kind="erase", received_on=now.date(), about="Xóa góp ý", made_by=cast.analyst
        )
        Incident.objects.create(title="Mất máy tính bảng", known_at=now, made_by=cast.analyst)
    note_texts(now)
    drawn_check(cast, month=date(2026, 5, 1))
    Holiday.objects.create(day=now.date() + timedelta(days=90), name="Tết")
    invitation, _token = invited(cast)
    before = now - timedelta(days=2)
    OutboxMessage.objects.filter(invitation=invitation).update(
        state=MessageState.UNKNOWN, attempt_at=before
    )
    invite(who=Invited(name="Người được mời", role=Role.AUDITOR), by=cast.operator, now=now)
    SourceSystem.objects.get_or_create(
        key_id="mot-cua", defaults={"name": "Một cửa", "province": "H20", "secret_sealed": b""}
    )
    yield cast
    forget_restore()


def pretend_restore() -> None:
    """As on a machine that was restored: nothing is published until two people accept it."""
    made = {"at": NOW.isoformat()}
    mark_restored(Path(settings.VAR_DIR), made, "20261127T011000Z", timezone.now())


def forget_restore() -> None:
    """As on any other machine."""
    for name in (RESTORED, ACCEPTED):
        (Path(settings.VAR_DIR) / name).unlink(missing_ok=True)


OWNED: Final = (
    FRAMEWORK.replace('"so-nganh"', '"xa-phuong"')
    .replace('["department"]', '["commune"]')
    .replace('code = "1"', 'code = "1"\nowner = "Sở Nông nghiệp và Môi trường"')
    .replace('code = "2"', 'code = "2"\nowner = "Sở Tư pháp"')
)
"""Of communes, with two lines departments answer for."""


def open_scoring(framework: FrameworkFile, cast: Cast, now: datetime) -> None:
    """Of communes a closed round and one in appraisal; of departments one of each stage."""
    days = Deadlines(*(now.date() + timedelta(days=ahead) for ahead in (5, 10, 15, 20)))
    own = save_framework(text=FRAMEWORK, by=cast.analyst, now=now)
    publish_framework(framework=own, now=now)
    owned = save_framework(text=OWNED, by=cast.analyst, now=now)
    publish_framework(framework=owned, now=now)
    year = str(now.year)
    for row, period, stage in (
        (framework, year, Stage.CLOSED),
        (owned, year, Stage.APPRAISAL),
        (own, year, Stage.SELF),
        (own, f"{year}-Q1", Stage.APPRAISAL),
        (own, f"{year}-Q2", Stage.CLOSED),
    ):
        made = open_round(
            framework=row, period=parse_period(period), deadlines=days, by=cast.analyst, now=now
        )
        made.scorings.update(stage=stage)
    publish_round(
        scoring_round=made,
        decision="1/QĐ-UBND",
        decided_on=now.date(),
        minutes="Thống nhất",
        now=now,
    )


def get(client: Client, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code in (200, 302), (address, answer.status_code)
    return answer


def inside(address: str) -> bool:
    return (
        address.startswith("/staff/")
        and "#" not in address
        and not address.startswith("/staff/sign-")
    )


UNLIKE: Final = {"scorecard": 9, "scoring-round": 9, "follow-up-item": 9}
"""Pages of one name that differ by the state of what they show: more than two of them are looked
at, in whatever order the database gives them.
"""


def pages(client: Client, *, alike: int = 2) -> dict[str, Page]:
    """All pages that can be reached by links, of those of one name the first ``alike``; every link
    works.
    """
    found: dict[str, Page] = {}
    seen: Counted[str] = Counted()
    waiting = ["/staff/"]
    while waiting:
        address = waiting.pop()
        if address in found or not inside(address):
            continue
        name = str(resolve(address.partition("?")[0]).url_name)
        seen[name] += 1
        if seen[name] > max(alike, UNLIKE.get(name, 0)):
            continue
        answer = get(client, address)
        html = answer.headers.get("Content-Type", "").startswith("text/html")
        found[address] = Page(
            answer.content.decode() if html and not answer.streaming else "", address
        )
        waiting += found[address].links
    return found


OWN_ACCOUNT: Final = ("/staff/password", "/staff/second-factor", "/staff/sessions")
"""Pages of the own account, the auditor's too; tests/survey/accounts press their buttons."""


def forms_of(found: dict[str, Page]) -> dict[tuple[str, tuple[str, str]], Form]:
    """Every form and button once, without those of the frame."""
    return {
        (form.action.partition("?")[0], button): form
        for page in found.values()
        for form in page.forms
        if form.method == "post" and inside(form.action) and not form.action.startswith(OWN_ACCOUNT)
        for button in form.buttons or [("", "")]
    }
