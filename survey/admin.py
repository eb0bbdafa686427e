"""Index of admin pages: one import line per room, nothing defined here."""

from __future__ import annotations

from survey.access import admin as access
from survey.accounts import admin as accounts
from survey.agencies import admin as agencies
from survey.messaging import admin as messaging
from survey.questionnaires import admin as questionnaires
from survey.scorecards import admin as scorecards
from survey.transactions import admin as transactions

__all__ = [
    "access",
    "accounts",
    "agencies",
    "messaging",
    "questionnaires",
    "scorecards",
    "transactions",
]
