"""Index of all tables: one import line per room, nothing defined here."""

from __future__ import annotations

from survey.access.ballots import BallotBatch, BallotCount
from survey.access.models import (
    CounterCode,
    Dispute,
    Kiosk,
    KioskItem,
    KioskUse,
    Screen,
    ScreenUse,
    Slip,
)
from survey.accounts.api_keys import ApiKey
from survey.accounts.approvals import ApprovalDecision, ApprovalRequest
from survey.accounts.models import AuditEvent, StaffInvitation, StaffSession, User
from survey.agencies.calendar import Holiday, OfficeHours
from survey.agencies.improvements import Improvement
from survey.agencies.models import (
    Agency,
    AgencyVersion,
    Counter,
    Hosting,
    Office,
    Procedure,
    ProcedureDomain,
    ProcedureVersion,
    Succession,
)
from survey.api.models import ApiCall
from survey.followup.models import Addressee, FollowUp, FollowUpFile, FollowUpStep, Reading
from survey.imports.models import FileImport
from survey.integrity.models import (
    BackCheck,
    BackCheckCall,
    BackCheckUnit,
    FlagReply,
    IntegrityFlag,
    IntegrityRun,
    LedgerCosignature,
    LedgerHead,
    LedgerLeaf,
    LedgerStamp,
)
from survey.messaging.models import (
    FunnelCount,
    Invitation,
    KnownNumber,
    MessageTemplate,
    OptOut,
    PhoneLedger,
    SampleDraw,
    SamplingRule,
    Sender,
)
from survey.messaging.outbox.models import MessageEvent, OutboxMessage, Spending
from survey.privacy.models import (
    ConsentText,
    Incident,
    IncidentStep,
    PrivacyRequest,
    RetentionRun,
)
from survey.questionnaires.models import (
    Assignment,
    Factor,
    Question,
    Questionnaire,
    Version,
    Wording,
)
from survey.reports.models import (
    AnalystBundle,
    ExportLink,
    ExportSchedule,
    KeptExport,
    QuarterPack,
    Report,
    ReportSchedule,
    ReportTemplate,
)
from survey.responses.alerts import Alert
from survey.responses.case_work import CaseNote
from survey.responses.cases import Case
from survey.responses.cut_offs import CutOff, CutOffPlan, PeriodClosing
from survey.responses.exclusions import Exclusion
from survey.responses.models import AnswerDay, Comment, Response
from survey.responses.reading import CommentMark, CommentNight, ReadableComment
from survey.responses.topics import Topic
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.models import (
    AgencyResult,
    Computation,
    Edition,
    MethodChoice,
    MethodComparison,
    MethodFile,
)
from survey.scorecards.rounds.group_survey import GroupBallot, GroupCount
from survey.scorecards.rounds.models import (
    AgencyScore,
    AgencyScoring,
    Evidence,
    HandOver,
    LineOwner,
    ScoreEdition,
    ScoreEntry,
    ScoringRound,
)
from survey.transactions.models import (
    DossierEvent,
    EventsImport,
    IntakeCount,
    MonthlyTotal,
    SeenSignature,
    SourceSystem,
    TotalsImport,
)
from survey.webhooks.models import Webhook, WebhookMessage

__all__ = [
    "Addressee",
    "Agency",
    "AgencyResult",
    "AgencyScore",
    "AgencyScoring",
    "AgencyVersion",
    "Alert",
    "AnalystBundle",
    "AnswerDay",
    "ApiCall",
    "ApiKey",
    "ApprovalDecision",
    "ApprovalRequest",
    "Assignment",
    "AuditEvent",
    "BackCheck",
    "BackCheckCall",
    "BackCheckUnit",
    "BallotBatch",
    "BallotCount",
    "Case",
    "CaseNote",
    "Comment",
    "CommentMark",
    "CommentNight",
    "Computation",
    "ConsentText",
    "Counter",
    "CounterCode",
    "CutOff",
    "CutOffPlan",
    "Dispute",
    "DossierEvent",
    "Edition",
    "EventsImport",
    "Evidence",
    "Exclusion",
    "ExportLink",
    "ExportSchedule",
    "Factor",
    "FileImport",
    "FlagReply",
    "FollowUp",
    "FollowUpFile",
    "FollowUpStep",
    "FrameworkFile",
    "FunnelCount",
    "GroupBallot",
    "GroupCount",
    "HandOver",
    "Holiday",
    "Hosting",
    "Improvement",
    "Incident",
    "IncidentStep",
    "IntakeCount",
    "IntegrityFlag",
    "IntegrityRun",
    "Invitation",
    "KeptExport",
    "Kiosk",
    "KioskItem",
    "KioskUse",
    "KnownNumber",
    "LedgerCosignature",
    "LedgerHead",
    "LedgerLeaf",
    "LedgerStamp",
    "LineOwner",
    "MessageEvent",
    "MessageTemplate",
    "MethodChoice",
    "MethodComparison",
    "MethodFile",
    "MonthlyTotal",
    "Office",
    "OfficeHours",
    "OptOut",
    "OutboxMessage",
    "PeriodClosing",
    "PhoneLedger",
    "PrivacyRequest",
    "Procedure",
    "ProcedureDomain",
    "ProcedureVersion",
    "QuarterPack",
    "Question",
    "Questionnaire",
    "ReadableComment",
    "Reading",
    "Report",
    "ReportSchedule",
    "ReportTemplate",
    "Response",
    "RetentionRun",
    "SampleDraw",
    "SamplingRule",
    "ScoreEdition",
    "ScoreEntry",
    "ScoringRound",
    "Screen",
    "ScreenUse",
    "SeenSignature",
    "Sender",
    "Slip",
    "SourceSystem",
    "Spending",
    "StaffInvitation",
    "StaffSession",
    "Succession",
    "Topic",
    "TotalsImport",
    "User",
    "Version",
    "Webhook",
    "WebhookMessage",
    "Wording",
]
