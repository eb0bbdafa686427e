"""Index of admin pages: one import line per room, nothing defined here."""

from __future__ import annotations

from survey.accounts import admin as accounts
from survey.agencies import admin as agencies
from survey.dispatch import admin as dispatch
from survey.questionnaires import admin as questionnaires
from survey.scorecards import admin as scorecards
from survey.transactions import admin as transactions

__all__ = ["accounts", "agencies", "dispatch", "questionnaires", "scorecards", "transactions"]
