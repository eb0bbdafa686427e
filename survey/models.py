"""Index of all tables: one import line per room, nothing defined here."""

from __future__ import annotations

from survey.accounts.models import User
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
from survey.dispatch.models import (
    CounterCode,
    FunnelCount,
    Invitation,
    MessageEvent,
    MessageTemplate,
    OptOut,
    OutboxMessage,
    PhoneLedger,
    Sender,
)
from survey.dispatch.sampling import KnownNumber, SampleDraw, SamplingRule
from survey.questionnaires.models import Factor, Question, Questionnaire, Version, Wording
from survey.responses.models import Comment, Response
from survey.scorecards.models import AgencyResult, Edition
from survey.transactions.models import DossierEvent, IntakeCount, MonthlyTotal, SourceSystem, TotalsImport

__all__ = [
    "Agency", "AgencyResult", "AgencyVersion", "Comment", "Counter", "CounterCode", "DossierEvent", "Edition",
    "Factor", "FunnelCount", "Hosting", "IntakeCount", "Invitation", "KnownNumber", "MessageEvent", "MessageTemplate",
    "MonthlyTotal", "Office", "OptOut", "OutboxMessage", "PhoneLedger", "Procedure", "ProcedureDomain",
    "ProcedureVersion", "Question", "Questionnaire", "Response", "SampleDraw", "SamplingRule", "Sender",
    "SourceSystem", "Succession", "TotalsImport", "User", "Version", "Wording",
]  # fmt: skip
