"""Every staff page as every role: every link is followed, every form sent, and the database says
what was done.
"""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Max
from django.test import Client, TestCase
from django.urls import resolve, reverse
from django.utils import timezone

from survey.access.ballots import BallotBatch, BallotCount, issue_ballots
from survey.access.kiosks import add_kiosk
from survey.access.models import CounterCode, Kiosk, Screen, Slip
from survey.access.screens import enrol_screen
from survey.accounts.approvals import ApprovalDecision, ApprovalRequest, request_approval
from survey.accounts.invitations import Invited, invite
from survey.accounts.models import AuditEvent, Role, StaffInvitation, User
from survey.accounts.permissions import WRITES_NOTHING
from survey.agencies.calendar import Holiday, OfficeHours
from survey.agencies.improvements import Improvement
from survey.agencies.models import (
    Agency,
    AgencyVersion,
    Counter,
    Office,
    ProcedureDomain,
)
from survey.agencies.services import Attributes, dissolve_agency, found_agency
from survey.console.methods import periods_ahead
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.imports.models import FileImport, ImportState
from survey.messaging.models import KnownNumber, MessageTemplate, SamplingRule, Sender
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.questionnaires.models import (
    Assignment,
    Factor,
    Question,
    Questionnaire,
    Version,
    Wording,
)
from survey.questionnaires.queries import published_version
from survey.questionnaires.services import LIBRARY
from survey.responses.case_work import CaseNote
from survey.responses.cases import Case, open_case
from survey.responses.exclusions import exclude_answers
from survey.responses.models import Response
from survey.responses.reading import prepare_comments
from survey.responses.services import record_response
from survey.responses.topics import Topic
from survey.scorecards.bridge.methods import method_text, summarise_method
from survey.scorecards.models import Computation, MethodComparison, MethodFile
from survey.transactions.models import DossierEvent, MonthlyTotal, SourceSystem
from survey.transactions.services import import_totals
from tests.survey.citizen.builders import dump
from tests.survey.console.builders import release
from tests.survey.factories import NOW, Cast, hidden
from tests.survey.messaging.builders import invited, raw
from tests.survey.scorecards.builders import fill, snapshot
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
        "approver": account("approver", role=Role.APPROVER),
        "manager": account("manager", role=Role.OFFICE_MANAGER, agency=cast.land),
        "auditor": account("auditor", role=Role.AUDITOR),
        "hotline": account("hotline", role=Role.HOTLINE),
        "auditor-of-one": account("auditor-1", role=Role.AUDITOR, agency=cast.land),
    }
    assert {user.role for user in made.values()} == set(Role), "a role nobody walks"
    return made


@pytest.fixture
def scene(cast: Cast, tmp_path: Path) -> Cast:
    """One of everything a staff page shows."""
    now = timezone.now()
    fill(cast, good=50, bad=10)
    content = csv_file(
        "2026-07,H20.01,land,counter,600,500", "2026-07,28261,civil-status,counter,40,40"
    )
    import_totals(content=content, file_name="t.csv", by=None, now=NOW)
    release(snapshot(tmp_path))
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
    Holiday.objects.create(day=now.date() + timedelta(days=90), name="Tết")
    made, _token = invited(cast)
    before = now - timedelta(days=2)
    OutboxMessage.objects.filter(invitation=made).update(
        state=MessageState.UNKNOWN, attempt_at=before
    )
    invite(who=Invited(name="Người được mời", role=Role.AUDITOR), by=cast.operator, now=now)
    SourceSystem.objects.get_or_create(
        key_id="mot-cua", defaults={"name": "Một cửa", "province": "H20", "secret_sealed": b""}
    )
    return cast


def upload(name: str, action: str) -> SimpleUploadedFile:
    """A file nobody has brought before."""
    n = FileImport.objects.count()
    if action.endswith("/agencies"):
        return made_file(
            "name,kind,agency_code,unit_code,parent_code,valid_from",
            f"Sở {n},department,H9.{n},,82,",
        )
    if action.endswith("/offices"):
        head = "office,address,office_phone,counter_number,counter_name,agency_code,domain_code"
        return made_file(head, f"Nơi {n},,,1,,H20.01,land")
    if action.endswith("/staff"):
        return made_file("full_name,role,agency_code,email,ends_on", f"Người {n},auditor,H20.01,,")
    if action.endswith("/totals"):
        year, month = divmod(2025 * 12 + 6 + MonthlyTotal.objects.count() + n, 12)
        return SimpleUploadedFile(
            "t.csv", csv_file(f"{year}-{month + 1:02d},H20.01,land,counter,77,70")
        )
    if name == "method-upload":
        own = method_text("overall").replace(
            'id = "overall"', f'id = "m{MethodFile.objects.count()}"'
        )
        return SimpleUploadedFile("m.toml", own.encode())
    if name == "questionnaire-upload":
        text = (LIBRARY / "counter-short.toml").read_text(encoding="utf-8")
        own = text.replace('code = "counter-short"', f'code = "own-{Version.objects.count()}"', 1)
        return SimpleUploadedFile("q.toml", own.encode())
    columns = raw(dossier_code=f"H20.01.05-261110-{DossierEvent.objects.count():04d}", phone="")
    text = ",".join(columns) + "\n" + ",".join(columns.values()) + "\n"
    return SimpleUploadedFile("e.csv", text.encode())


def made_file(head: str, row: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("f.csv", f"{head}\r\n{row}\r\n".encode())


CHANGED: Final[dict[str, Callable[[], Any]]] = {
    "import-kind": lambda: FileImport.objects.count(),
    "import-decide": lambda: [
        (row.state, row.told_sealed is None) for row in FileImport.objects.order_by("pk")
    ],
    "improvements": lambda: Improvement.objects.count(),
    "improvement-approve": lambda: Improvement.objects.exclude(approved_at=None).count(),
    "comment-case": lambda: Case.objects.count(),
    "case-act": lambda: CaseNote.objects.count(),
    "topic": lambda: sorted(Topic.objects.values_list("words", flat=True)),
    "message-setting-new": lambda: (
        Sender.objects.count()
        + MessageTemplate.objects.count()
        + SamplingRule.objects.count()
        + KnownNumber.objects.count()
        + SourceSystem.objects.count()
    ),
    "message-setting": lambda: [
        *Sender.objects.order_by("pk").values_list("daily_budget", flat=True),
        *SamplingRule.objects.order_by("pk").values_list("share", flat=True),
        *SourceSystem.objects.order_by("pk").values_list("name", flat=True),
        *MessageTemplate.objects.order_by("pk").values_list("active", flat=True),
    ],
    "message-setting-delete": lambda: KnownNumber.objects.count() + SamplingRule.objects.count(),
    "source-secret": lambda: [bytes(s.secret_sealed) for s in SourceSystem.objects.all()],
    "sender": lambda: Sender.objects.exclude(paused_at=None).count(),
    "messages-decide": lambda: OutboxMessage.objects.filter(state=MessageState.UNKNOWN).count(),
    "code-change": lambda: sorted(CounterCode.objects.values_list("code", "status")),
    "code-issue": lambda: CounterCode.objects.count(),
    "presence-device": lambda: [
        *Screen.objects.order_by("pk").values_list("closes", flat=True),
        *Kiosk.objects.order_by("pk").values_list("closes", flat=True),
    ],
    "presence-withdraw": lambda: (
        Screen.objects.filter(revoked_at=None).count()
        + Kiosk.objects.filter(revoked_at=None).count()
    ),
    "presence-add": lambda: Screen.objects.count() + Kiosk.objects.count() + Slip.objects.count(),
    "ballots-print": lambda: BallotBatch.objects.count(),
    "ballot-count": lambda: BallotCount.objects.count(),
    "calls": lambda: Response.objects.filter(evidence="E6").count(),
    "printing-act": lambda: [
        *CounterCode.objects.order_by("pk").values_list("pk", "status"),
        AuditEvent.objects.filter(action="print-posters").count(),
    ],
    "exclusions": lambda: ApprovalRequest.objects.count(),
    "exclusion-lift": lambda: ApprovalRequest.objects.count(),
    "method-upload": lambda: MethodFile.objects.count(),
    "method-compare": lambda: MethodComparison.objects.count(),
    "method-ask": lambda: ApprovalRequest.objects.count(),
    "office-hours": lambda: [*OfficeHours.objects.values_list("weekday", "opens", "closes")],
    "holidays": lambda: Holiday.objects.count(),
    "holiday-delete": lambda: Holiday.objects.count(),
    "questionnaire-new": lambda: Version.objects.count(),
    "questionnaire-upload": lambda: Version.objects.count(),
    "version-change": lambda: Version.objects.count(),
    "factor-new": lambda: Factor.objects.count(),
    "question-new": lambda: Question.objects.count(),
    "question": lambda: sorted(Wording.objects.values_list("text", flat=True)),
    "question-act": lambda: [*Question.objects.order_by("pk").values_list("pk", "position")],
    "version-words": lambda: sorted(Wording.objects.values_list("text", flat=True)),
    "assignment-new": lambda: Assignment.objects.count(),
    "assignment-withdraw": lambda: Assignment.objects.count(),
    "version-ask": lambda: ApprovalRequest.objects.count(),
    "edition-ask": lambda: ApprovalRequest.objects.count(),
    "period-compute": lambda: Computation.objects.count(),
    "approval-decide": lambda: ApprovalDecision.objects.count(),
    "approval-cancel": lambda: ApprovalRequest.objects.filter(state="cancelled").count(),
    "office-new": lambda: Office.objects.count(),
    "office": lambda: sorted(Office.objects.values_list("address", flat=True)),
    "counter-add": lambda: Counter.objects.count(),
    "counter-close": lambda: Counter.objects.filter(closed_on=None).count(),
    "agency-new": lambda: Agency.objects.count(),
    "unit": lambda: AgencyVersion.objects.count(),
    "unit-merge": lambda: ApprovalRequest.objects.count(),
    "unit-dissolve": lambda: ApprovalRequest.objects.count(),
    "unit-split": lambda: ApprovalRequest.objects.count(),
    "unit-undo": lambda: ApprovalRequest.objects.count(),
    "invite": lambda: StaffInvitation.objects.count(),
    "invitation-withdraw": lambda: StaffInvitation.objects.filter(withdrawn_at=None).count(),
    "person": lambda: sorted(User.objects.values_list("username", "ends_on")),
    "person-close": lambda: User.objects.filter(is_active=False).count(),
    "verify": lambda: CounterCode.objects.exclude(checked_at=None).count(),
}
"""What each form changes: asked before and after it is sent."""


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
        if seen[name] > alike:
            continue
        answer = get(client, address)
        html = answer.headers.get("Content-Type", "").startswith("text/html")
        found[address] = Page(
            answer.content.decode() if html and not answer.streaming else "", address
        )
        waiting += found[address].links
    return found


def send(client: Client, form: Form, button: tuple[str, str]) -> Any:
    name = str(resolve(form.action.partition("?")[0]).url_name)
    data: dict[str, Any] = dict(form.fields)
    if "said" in data:
        data |= {
            "said": "Chờ lâu",
            "did": "Mở thêm quầy",
            "done_on": timezone.localdate().strftime("%d/%m/%Y"),
        }
    if "count" in data:
        data["count"] = "3"
    if name == "invite":
        data |= {"name": "Người mới", "role": Role.AUDITOR, "agency": data["agency"]}
    data |= of_places(name, data, button)
    data |= of_messages(form.action, data)
    if name == "person":
        data["ends_on"] = (timezone.localdate() + timedelta(days=30)).strftime("%d/%m/%Y")
    if "level_1" in data:
        data |= {"level_4": "2", "opened_on": timezone.localdate().strftime("%d/%m/%Y")}
    if "overall" in data:
        data["ticket"] = hidden(client.get(form.action).content).get("ticket", "")
    data |= {file: upload(name, form.action) for file in form.files}
    data |= {button[0]: button[1]} if button[0] else {}
    with TestCase.captureOnCommitCallbacks(execute=True):
        return client.post(form.action, data)


OWN_ACCOUNT: Final = ("/staff/password", "/staff/second-factor", "/staff/sessions")
"""Pages of the own account, the auditor's too; tests/survey/accounts press their buttons."""


def takes_something_away(item: tuple[tuple[str, tuple[str, str]], Form]) -> int:
    """Forms after which others would have nothing left to work on come last; a question goes
    before its draft.
    """
    action = item[0][0]
    whole = action.endswith(("/delete", "/close", "/withdraw", "/discard", "/undo"))
    return 2 if whole else int(action.endswith("/remove"))


def ends_what_others_need(action: str) -> bool:
    """Whether approving would take away what the rest of the walk stands on; tests/.../test_places
    approves such requests.
    """
    row = ApprovalRequest.objects.get(pk=resolve(action).kwargs["pk"])
    return row.action in (
        "merge-agencies",
        "dissolve-agency",
        "split-agency",
        "undo-agency-change",
        "withdraw-edition",
    )


def today() -> str:
    return timezone.localdate().strftime("%d/%m/%Y")


def next_free_day() -> date:
    """A day nobody has entered as a holiday."""
    last = Holiday.objects.order_by("-day").values_list("day", flat=True).first()
    return (last or timezone.localdate()) + timedelta(days=1)


def of_places(name: str, data: dict[str, Any], button: tuple[str, str]) -> dict[str, Any]:
    """What a person would type into forms of places, questionnaires and approvals."""
    later = timezone.localdate() + timedelta(days=AgencyVersion.objects.count())
    typed: dict[str, dict[str, Any]] = {
        "office-new": {"name": "Nơi mới"},
        "office": {"address": f"Số {Office.objects.count()}/{Counter.objects.count()}"},
        "agency-new": {"name": f"Cơ quan {Agency.objects.count()}"},
        "unit": {"on": later.strftime("%d/%m/%Y")},
        "assignment-new": {
            "questionnaire": str(Questionnaire.objects.get(code="counter-short").pk),
            "office": str(Office.objects.order_by("pk")[0].pk),
            "on": (timezone.localdate() + timedelta(days=9)).strftime("%d/%m/%Y"),
        },
        "unit-split": {"name": "Phần một", "second_name": "Phần hai", "on": today()},
        "unit-merge": {"name": "Cơ quan hợp nhất"},
        "topic": {"words": f"chờ lâu\ncụm từ {timezone.now()}"},
        "presence-device": {
            "opens": "07:00",
            "closes": "17:45" if str(data.get("closes", "")).startswith("17:30") else "17:30",
            "days": ["1", "2"],
        },
        "case-act": {"text": "Ghi chú", "answer": "Đã xin lỗi", "outcome": "solved"},
        "factor-new": {"code": f"F{Factor.objects.count()}", "text": "Nhóm mới"},
        "question-new": {
            "code": f"q{Question.objects.count()}",
            "kind": "yes-no",
            "text": "Câu mới?",
            "when": "",
        },
        "question": {"text": f"Câu {timezone.now()}"},
        "method-compare": {"method": summarise_method("ikm").sha256},
        "method-ask": {
            "methods": [summarise_method("overall").sha256],
            "main": summarise_method("overall").sha256,
            "first": periods_ahead(timezone.localdate())[1].first.isoformat(),
            "value": f"{ApprovalRequest.objects.count() % 100}",
        },
        "printing-act": {"all": "1", "sure": "1", "paper": "A4"},
        "exclusions": {
            "code": CounterCode.objects.order_by("pk")[0].code,
            "first": "01/07/2026",
            "last": "02/07/2026",
        },
        "office-hours": {
            "6-0-opens": "08:00",
            "6-0-closes": f"10:{(OfficeHours.objects.aggregate(n=Max('pk'))['n'] or 0) % 60:02d}",
        },
        "holidays": {
            "first": next_free_day().strftime("%d/%m/%Y"),
            "name": "Tết",
        },
        "questionnaire-new": {"code": f"phieu-{Version.objects.count()}"},
        "version-words": {"title:vi": f"Phiếu {Wording.objects.count()} {timezone.now()}"},
    }
    found = typed.get(name, {})
    if data.get("kind") == "province":
        found["parent"] = ""
    if "reason" in data:
        found["reason"] = "Lý do"
    if "comment" in data and name == "approval-decide":
        found["comment"] = "Ý kiến"
    return found


def of_messages(action: str, data: dict[str, Any]) -> dict[str, Any]:
    """What a person would type into the settings of messages."""
    n, what = SourceSystem.objects.count() + KnownNumber.objects.count(), action.split("/")[-2:]
    if "/messages/settings/" not in action:
        return {}
    kind = what[0]
    by = getattr(Sender.objects.filter(pk=data.get("sender") or 0).first(), "name", "")
    number = f"0912{timezone.now().microsecond:06d}"
    unused = ProcedureDomain.objects.exclude(pk__in=SamplingRule.objects.values("domain")).first()
    rule = {"domain": str(unused.pk)} if unused and what[1] == "new" else {}
    typed: dict[str, dict[str, Any]] = {
        "sender": {
            "name": f"UBND{Sender.objects.count()}{n}"[:11],
            "rate": "5",
            "opens": "08:00",
            "closes": "20:00",
            "price": "700",
            "daily_budget": str(1000 + n + Sender.objects.count()),
        }
        if what[1] == "new"
        else {"daily_budget": f"{timezone.now():%H%M%S}"},
        "text": {"text": f"{by}: Ho so {{ma}} da co ket qua. {{link}} Hoi 1022", "active": "on"},
        "rule": {"share": "0.5", "monthly": "", **rule},
        "number": {"number": number},
        "source": {"key_id": f"mc-{n}", "name": f"Một cửa {timezone.now()}", "province": "H20"},
    }
    return typed.get(kind, {})


def forms_of(found: dict[str, Page]) -> dict[tuple[str, tuple[str, str]], Form]:
    """Every form and button once, without those of the frame."""
    return {
        (form.action.partition("?")[0], button): form
        for page in found.values()
        for form in page.forms
        if form.method == "post" and inside(form.action) and not form.action.startswith(OWN_ACCOUNT)
        for button in form.buttons or [("", "")]
    }


@pytest.mark.long
def test_every_form_and_link_of_every_page_works_for_every_role(scene: Cast, db: None) -> None:
    sent: set[str] = set()
    users = accounts(scene)
    block = published_version("service-block")
    assert block is not None
    request_approval(
        action=SENSITIVE_ACTIONS["retire-questionnaire"],
        payload={"version": block.pk},
        reason="x",
        by=users["author"],
        now=timezone.now(),
    )
    for role, user in users.items():
        client = Client()
        # Others before may have closed or changed the account: that is one of the forms.
        user.is_active = True
        user.save()
        client.force_login(user)
        whole = role in ("root", "author", "approver")
        forms = forms_of(pages(client, alike=99 if whole else 2))
        if user.role in WRITES_NOTHING:
            assert forms == {}, f"{role} is offered something to write"
        for (action, button), form in sorted(forms.items(), key=takes_something_away):
            name = str(resolve(action).url_name)
            if button == ("decision", "approve") and ends_what_others_need(action):
                button = ("decision", "refuse")
            before = CHANGED[name]()
            answer = send(client, form, button)
            if name == "counter-close":
                assert CHANGED[name]() != before or role not in ("root", "operator")
                Counter.objects.update(closed_on=None)
                before = object()
            assert answer.status_code in (200, 302, 303), (role, action, answer.status_code)
            body = b"" if answer.streaming else answer.content
            assert b"error-text" not in body, (role, action, body.decode(errors="replace")[-3000:])
            if button[0] != "preview":
                sent.add(name)
            if role in ("root", "operator") and button[0] != "preview":
                assert CHANGED[name]() != before or name in REPEATED, (role, action)
        sent |= decide_files(client, user)
    assert sent == set(CHANGED), "a form no role was offered, or one this test does not know"


def decide_files(client: Client, user: User) -> set[str]:
    """Take, open and undo what the account has just brought, button by button."""
    sent = set()
    for row in FileImport.objects.filter(brought_by=user, state=ImportState.READY):
        address = reverse("console:import", args=[row.pk])
        for _step in range(4):
            forms = Page(get(client, address).content.decode(), address).forms
            chosen = next((form for form in forms if "/imports/" in form.action), None)
            if chosen is None:
                break
            before = CHANGED["import-decide"]()
            assert send(client, chosen, ("", "")).status_code in (200, 302)
            assert CHANGED["import-decide"]() != before, (user.username, chosen.action)
            sent.add(str(resolve(chosen.action).url_name))
    return sent


TRAIL: Final = ("survey_auditevent", "survey_staffsession")
"""What was refused is in the audit trail."""
REPEATED: Final = frozenset(
    {
        "verify",
        "sender",
        "improvement-approve",
        "case-act",
        "comment-case",
        "message-setting",
        "message-setting-new",
        "messages-decide",
        "unit-merge",
        "unit-dissolve",
        "unit-split",
        "unit-undo",
        "exclusions",
        "exclusion-lift",
        "method-ask",
        "printing-act",
    }
)
"""Done before in this walk by another role: there is nothing left to change; or refused with a
sentence: nothing merges with what stands above or below it.
"""


@pytest.mark.long
def test_the_auditor_writes_nothing_by_any_address(scene: Cast) -> None:
    users = accounts(scene)
    operator = Client()
    operator.force_login(users["root"])
    forms = forms_of(pages(operator, alike=99))
    readers = {name: user for name, user in users.items() if user.role in WRITES_NOTHING}
    assert {user.role for user in readers.values()} == WRITES_NOTHING
    for role, user in readers.items():
        client = Client()
        client.force_login(user)
        before = dump(without=TRAIL)
        for (_action, button), form in forms.items():
            assert send(client, form, button).status_code in (403, 404, 405), (role, form.action)
        assert dump(without=TRAIL) == before
