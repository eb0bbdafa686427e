"""Every staff page as every role: every link is followed, every form sent, and the database says
what was done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Max
from django.test import Client, TestCase
from django.urls import resolve, reverse
from django.utils import timezone

from survey.access.ballots import BallotBatch, BallotCount
from survey.access.models import CounterCode, Kiosk, Screen, Slip
from survey.accounts.api_keys import ApiKey
from survey.accounts.approvals import ApprovalDecision, ApprovalRequest, request_approval
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
from survey.console.methods import periods_ahead
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.followup.models import FollowUp, FollowUpStep, Reading
from survey.followup.states import MOVES
from survey.imports.models import FileImport, ImportState
from survey.integrity.models import BackCheck, BackCheckCall, FlagReply, IntegrityRun
from survey.messaging.models import KnownNumber, MessageTemplate, SamplingRule, Sender
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.privacy.models import Incident, IncidentStep, PrivacyRequest
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
from survey.reports.docx import SHIPPED_TEMPLATE
from survey.reports.models import (
    ExportLink,
    ExportSchedule,
    QuarterPack,
    Report,
    ReportSchedule,
    ReportTemplate,
)
from survey.responses.case_work import CaseNote
from survey.responses.cases import Case
from survey.responses.cut_offs import CutOffPlan
from survey.responses.models import Response
from survey.responses.topics import Topic
from survey.scorecards.bridge.frameworks import framework_text
from survey.scorecards.bridge.methods import method_text, summarise_method
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import publish_framework, save_framework
from survey.scorecards.models import Computation, MethodComparison, MethodFile
from survey.scorecards.rounds.group_survey import GroupBallot
from survey.scorecards.rounds.models import (
    AgencyScoring,
    HandOver,
    LineOwner,
    ScoreEntry,
    ScoringRound,
    Stage,
)
from survey.transactions.models import DossierEvent, MonthlyTotal, SourceSystem
from survey.webhooks.models import Webhook, WebhookMessage
from tests.survey.citizen.builders import dump
from tests.survey.console.walking import (
    Form,
    Page,
    accounts,
    forget_restore,
    forms_of,
    get,
    pages,
    pretend_restore,
)
from tests.survey.factories import Cast, hidden
from tests.survey.messaging.builders import raw
from tests.survey.transactions.builders import csv_file


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
    evidence = f"%PDF-1.7 {timezone.now()}"
    of_scoring = {
        **dict.fromkeys(("scorecard", "follow-up-new", "follow-up-step"), evidence),
        "framework-upload": own_framework(),
    }
    if name in (*of_scoring, "report-template"):
        content = of_scoring[name].encode() if name in of_scoring else SHIPPED_TEMPLATE.read_bytes()
        return SimpleUploadedFile("b.toml", content)
    if name == "questionnaire-upload":
        text = (LIBRARY / "counter-short.toml").read_text(encoding="utf-8")
        own = text.replace('code = "counter-short"', f'code = "own-{Version.objects.count()}"', 1)
        return SimpleUploadedFile("q.toml", own.encode())
    columns = raw(dossier_code=f"H20.01.05-261110-{DossierEvent.objects.count():04d}", phone="")
    text = ",".join(columns) + "\n" + ",".join(columns.values()) + "\n"
    return SimpleUploadedFile("e.csv", text.encode())


def seen_draft() -> str:
    """Checksum of the draft of the scene as it stands: pages were read before it was changed."""
    return str(FrameworkFile.objects.filter(published_at=None).earliest("pk").sha256)


def own_framework() -> str:
    """A shipped framework under an id nobody has used."""
    own = f"bo-{timezone.now().timestamp():.6f}".replace(".", "-")
    return framework_text("766-2022").replace('id = "766-2022"', f'id = "{own}"')


def choose_owners(data: dict[str, Any]) -> dict[str, str]:
    """The land department answers for everything, but for the last line every other time."""
    names = sorted(key for key in data if key.startswith("owner"))
    land = str(Agency.objects.get(key="h20.01").pk)
    if not names:
        return {}
    return {**dict.fromkeys(names, land), names[-1]: "" if data.get(names[-1]) == land else land}


def read_draft(text: str) -> str:
    """Checksum of the draft a text is about, if there is one."""
    code = text.partition('id = "')[2].partition('"')[0]
    draft = FrameworkFile.objects.filter(code=code, published_at=None).first()
    return draft.sha256 if draft else ""


def unscored_framework() -> int:
    """A published framework without a round; the scene has one, others are made."""
    found = FrameworkFile.objects.filter(rounds=None).exclude(published_at=None).first()
    if found is not None:
        return found.pk
    user = User.objects.get(username="analyst")
    row = save_framework(text=own_framework(), by=user, now=timezone.now())
    return publish_framework(framework=row, now=timezone.now()).pk


def made_file(head: str, row: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("f.csv", f"{head}\r\n{row}\r\n".encode())


CHANGED: Final[dict[str, Callable[[], Any]]] = {
    "accept-restore": lambda: ApprovalRequest.objects.filter(action="accept-restore").count(),
    "import-kind": lambda: FileImport.objects.count(),
    "import-decide": lambda: [
        (row.state, row.told_sealed is None) for row in FileImport.objects.order_by("pk")
    ],
    "improvements": lambda: Improvement.objects.count(),
    "improvement-approve": lambda: Improvement.objects.exclude(approved_at=None).count(),
    "comment-case": lambda: Case.objects.count(),
    "case-act": lambda: CaseNote.objects.count(),
    "follow-up-new": lambda: FollowUp.objects.count(),
    "follow-up-step": lambda: FollowUpStep.objects.count() + Reading.objects.count(),
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
    "integrity-run": lambda: IntegrityRun.objects.count(),
    "integrity-flag": lambda: FlagReply.objects.count(),
    "privacy": lambda: PrivacyRequest.objects.count(),
    "privacy-request": lambda: [*PrivacyRequest.objects.order_by("pk").values()],
    "incidents": lambda: Incident.objects.count(),
    "incident": lambda: IncidentStep.objects.count(),
    "back-checks": lambda: BackCheck.objects.count(),
    "back-check-call": lambda: BackCheckCall.objects.count(),
    "exclusions": lambda: ApprovalRequest.objects.count(),
    "exclusion-lift": lambda: ApprovalRequest.objects.count(),
    "scoring": lambda: ScoringRound.objects.count(),
    "scoring-act": lambda: [
        ApprovalRequest.objects.count(),
        *ScoringRound.objects.order_by("pk").values_list("self_due", flat=True),
    ],
    "line-owners": lambda: [*LineOwner.objects.values_list("name", "agency")],
    "owned-line": lambda: ScoreEntry.objects.count(),
    "scorecard": lambda: ScoreEntry.objects.count(),
    "reports": lambda: Report.objects.count(),
    "report-schedule": lambda: ReportSchedule.objects.count(),
    "report-schedule-end": lambda: ReportSchedule.objects.count(),
    "report-template": lambda: ReportTemplate.objects.count(),
    "api-keys": lambda: ApiKey.objects.count(),
    "webhooks": lambda: Webhook.objects.count(),
    "webhook-renew": lambda: [*Webhook.objects.values_list("old_until", flat=True)],
    "webhook-end": lambda: Webhook.objects.filter(ended_at=None).count(),
    "webhook-test": lambda: WebhookMessage.objects.count(),
    "webhook-resend": lambda: [*WebhookMessage.objects.values_list("attempts", "dead_at")],
    "api-key-revoke": lambda: ApiKey.objects.filter(revoked_at=None).count(),
    "exports": lambda: ApprovalRequest.objects.count(),
    "packs": lambda: QuarterPack.objects.count(),
    "scorecard-correct": lambda: ApprovalRequest.objects.count(),
    "framework-new": lambda: FrameworkFile.objects.count(),
    "framework-edit": lambda: [*FrameworkFile.objects.order_by("pk").values_list("sha256")],
    "framework-upload": lambda: FrameworkFile.objects.count(),
    "export-schedule": lambda: ExportSchedule.objects.count(),
    "export-schedule-end": lambda: ExportSchedule.objects.count(),
    "export-link": lambda: ExportLink.objects.count(),
    "group-survey": lambda: GroupBallot.objects.count(),
    "group-survey-end": lambda: GroupBallot.objects.filter(state="open").count(),
    "framework-begin": lambda: FrameworkFile.objects.count(),
    **dict.fromkeys(
        (
            "framework-copy",
            "framework-head",
            "framework-line",
            "framework-line-new",
            "framework-line-act",
        ),
        lambda: [*FrameworkFile.objects.order_by("pk").values_list("sha256", "brought_at")],
    ),
    "framework-act": lambda: ApprovalRequest.objects.count() - FrameworkFile.objects.count(),
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
    "period-plan": lambda: list(CutOffPlan.objects.values_list("period", "day")),
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


def takes_something_away(item: tuple[tuple[str, tuple[str, str]], Form]) -> int:
    """Forms after which others would have nothing left to work on come last; a question, or a line
    of a framework, goes before its draft.
    """
    action = item[0][0]
    whole = action.endswith(("/delete", "/close", "/withdraw", "/discard", "/undo", "/end"))
    part = action.endswith("/remove") or "/line/" in action
    return 2 if whole and not part else int(whole or action.endswith("/remove"))


def put_back(name: str, action: str, button: str) -> None:
    """What the buttons before have made of a matter: each is pressed where it stands."""
    if name == "follow-up-step" and button in MOVES:
        row = FollowUp.objects.filter(pk=resolve(action).kwargs["pk"])
        row.update(state=MOVES[button].sources[0])
    if name == "accept-restore":
        pretend_restore()


def appraise_again() -> None:
    """Roles before may have finished the appraisal; who answers for its lines comes later."""
    rows = AgencyScoring.objects.filter(scoring_round__framework__code="xa-phuong")
    HandOver.objects.filter(scoring__in=rows).delete()
    rows.update(stage=Stage.APPRAISAL)


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


KEPT: Final = (
    "d-source",
    "d-what",
    "d-index",
    "d-form",
    "d-measure",
    "d-operator",
    "d-pilot",
    "d-others",
)
"""Choices of what is followed up: what a page offers first."""


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
        "follow-up-new": {
            "title": "Việc mới",
            "due_on": later.strftime("%d/%m/%Y"),
            **{key: "Nội dung" for key in data if key.startswith("d-")},
            **{key: today() for key in data if key.startswith("d-") and key.endswith("_on")},
            **{key: data[key] for key in KEPT if str(data.get(key, "")).strip()},
            "d-people": "12",
            "d-year": "2025",
            "d-score": "83,54",
            "d-rank": "46",
            "d-ranked": "63",
            "d-value": "90",
        },
        "webhooks": {
            "name": "Kho dữ liệu",
            "url": "https://127.0.0.1:9/nghe",
            "events": ["edition.published"],
        },
        "api-keys": {"name": f"Phần mềm {ApiKey.objects.count()}", "scopes": ["figures"]},
        "exports": {"purpose": f"Kiểm tra trọng số lần {ApprovalRequest.objects.count()}"},
        "reports": {"agency": str(Agency.objects.get(key="h20.01").pk)},
        "follow-up-step": {
            "text": "Nội dung",
            "answer-0": "yes",
            "answer-1": "no",
            "note-0": "x",
            "note-1": "x",
            "verdict": "fixed",
        },
        "factor-new": {"code": f"F{Factor.objects.count()}", "text": "Nhóm mới"},
        "question-new": {
            "code": f"q{Question.objects.count()}",
            "kind": "yes-no",
            "text": "Câu mới?",
            "when": "",
        },
        "question": {"text": f"Câu {timezone.now()}"},
        "scoring": {"framework": str(unscored_framework()) if name == "scoring" else ""},
        "scoring-act": {
            "self_due": f"01/{1 + AuditEvent.objects.count() % 12:02d}/2098",
            "appraisal_due": "01/01/2099",
            "answer_due": "02/01/2099",
            "second_due": "03/01/2099",
            "decision": "1/QĐ-UBND",
            "decided_on": today(),
            "minutes": f"Biên bản {timezone.now()}",
        },
        "scorecard": {
            "1:part": "1",
            "1:whole": f"{10 + ScoreEntry.objects.count()}",
            "2:number": "1",
            "2:note": "Một văn bản",
            "seen": str(ScoreEntry.objects.aggregate(n=Max("pk"))["n"] or 0),
            "1:note": "Còn thiếu",
            "5:number": "1",
        },
        "line-owners": choose_owners(data),
        "owned-line": {
            key: str(ScoreEntry.objects.aggregate(n=Max("pk"))["n"] or 0)
            if key.endswith(":seen")
            else f"Đã xem {ScoreEntry.objects.count()}"
            for key in data
            if key.endswith((":note", ":seen"))
        },
        "scorecard-correct": {
            "1:part": "1",
            "1:whole": f"{10 + ApprovalRequest.objects.count()}",
            "2:number": f"{1 + ApprovalRequest.objects.count()}",
            "5:number": f"0,{10 + ApprovalRequest.objects.count() % 90}",
        },
        "framework-new": {"text": own_framework()},
        "framework-begin": {
            "id": f"bo-{FrameworkFile.objects.count()}",
            "title_vi": "Bộ mới",
            "source": "1/QĐ-UBND",
            "valid_from": today(),
        },
        "group-survey": {"count": "5", "agencies": []},
        "framework-head": {"source": f"Quyết định {timezone.now()}", "seen": seen_draft()},
        "framework-line": {
            "title": f"Dòng {timezone.now()}",
            "seen": seen_draft(),
            "parent": "",
            "applies_to": [],
        },
        "framework-line-act": {"seen": seen_draft()},
        "framework-line-new": {
            "seen": seen_draft(),
            "code": f"N{FrameworkFile.objects.count()}-{timezone.now():%M%S%f}",
            "title": "Dòng mới",
            "parent": "",
            "applies_to": [],
            "maximum": "1",
            "input": "choice",
            "rule": "",
            "options": "co | Có | 100\nkhong | Không | 0",
        },
        "framework-edit": {
            "text": f"{data.get('text', '')}# {timezone.now()}\n",
            "replaces": read_draft(str(data.get("text", ""))),
        },
        "method-compare": {"method": summarise_method("ikm").sha256},
        "method-ask": {
            "methods": [summarise_method("overall").sha256],
            "main": summarise_method("overall").sha256,
            "first": periods_ahead(timezone.localdate())[1].first.isoformat(),
            "value": f"{ApprovalRequest.objects.count() % 100}",
        },
        "period-plan": {
            "period": "2098-Q1",
            "day": f"{1 + AuditEvent.objects.count() % 28:02d}/05/2098",
        },
        "printing-act": {"all": "1", "sure": "1", "paper": "A4"},
        "integrity-run": {"month": "07/2026"},
        "privacy": {"about": "Xem dữ liệu", "reply_to": "Quầy 3"},
        "privacy-request": {"days": "5", "because": "Phải hỏi bên xử lý", "answer": "Đã xóa"},
        "incidents": {"title": f"Diễn tập {Incident.objects.count()}"},
        "incident": {"note": "Đã khóa"},
        "back-checks": {
            "month": f"{BackCheck.objects.count() + 1:02d}/2024",
            "per_agency": "36",
            "by_lot": "5",
        },
        "back-check-call": {"outcome": "unreached"},
        "integrity-flag": {"text": "Đã kiểm tra tại quầy"},
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


@pytest.mark.slow
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
        appraise_again()
        whole = role in ("root", "author", "approver")
        pretend_restore()
        forms = forms_of(pages(client, alike=99 if whole else 2))
        forget_restore()
        if user.role in WRITES_NOTHING:
            assert forms == {}, f"{role} is offered something to write"
        for (action, button), form in sorted(forms.items(), key=takes_something_away):
            name = str(resolve(action).url_name)
            if button == ("decision", "approve") and ends_what_others_need(action):
                button = ("decision", "refuse")
            put_back(name, action, button[1])
            before = CHANGED[name]()
            answer = send(client, form, button)
            forget_restore()
            if name == "counter-close":
                assert CHANGED[name]() != before or role not in ("root", "operator")
                Counter.objects.update(closed_on=None)
                before = object()
            taken = (200, 302, 303, 422) if name in RULED else (200, 302, 303)
            assert answer.status_code in taken, (role, action, answer.status_code)
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


RULED: Final = frozenset({"unit-merge", "unit-dissolve", "unit-split"})
"""What the tree of agencies does not allow comes back with the reason and what was typed."""
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
        "framework-act",
        "framework-copy",
        "framework-line-act",
        "line-owners",
        "api-key-revoke",
        "scoring-act",
        "scorecard-correct",
        "printing-act",
        "incident",
        "privacy-request",
    }
)
"""Done before in this walk by another role: there is nothing left to change; or refused with a
sentence: nothing merges with what stands above or below it.
"""


@pytest.mark.slow
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
