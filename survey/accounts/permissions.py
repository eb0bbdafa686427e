"""Who may do what: the one table. Views and templates ask it, and the tests walk every page by it.

Scope is another matter (``agencies.queries.visible_agencies``): a permission says what an account
may do with what it sees. Reading needs no permission of its own; whoever reads may write nothing
unless a line here says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Final, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from survey.accounts.models import Role, User


@dataclass(frozen=True)
class PermissionRule:
    """Roles that may do something; ``province``: only accounts of the whole province among them."""

    roles: frozenset[str]
    province: bool = False


def _rule(*roles: Role, province: bool = False) -> PermissionRule:
    return PermissionRule(frozenset(roles), province)


_STAFF_OF_HOME_AFFAIRS: Final = (Role.OPERATOR, Role.ANALYST, Role.PROVINCE_ADMIN)
RULES: Final = {
    "set-up": _rule(Role.PROVINCE_ADMIN, Role.OPERATOR, province=True),
    "manage-people": _rule(Role.PROVINCE_ADMIN),
    "manage-places": _rule(*_STAFF_OF_HOME_AFFAIRS, province=True),
    "change-counters": _rule(*_STAFF_OF_HOME_AFFAIRS, Role.OFFICE_MANAGER),
    "check-posters": _rule(*_STAFF_OF_HOME_AFFAIRS, Role.AGENCY_HEAD, Role.OFFICE_MANAGER),
    "write-improvements": _rule(Role.OPERATOR, Role.ANALYST, Role.AGENCY_HEAD),
    "approve-improvements": _rule(Role.OPERATOR, Role.ANALYST, Role.AGENCY_HEAD, Role.APPROVER),
    "see-alerts": _rule(
        *_STAFF_OF_HOME_AFFAIRS, Role.AGENCY_HEAD, Role.OFFICE_MANAGER, Role.AUDITOR
    ),
    "read-comments": _rule(
        Role.ANALYST, Role.PROVINCE_ADMIN, Role.AGENCY_HEAD, Role.OFFICE_MANAGER, Role.AUDITOR
    ),
    "read-fresh-comments": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, Role.AUDITOR, province=True),
    "open-cases": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "edit-topics": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "close-cases": _rule(Role.OPERATOR, Role.ANALYST, Role.AGENCY_HEAD, Role.PROVINCE_ADMIN),
    "see-overview": _rule(*_STAFF_OF_HOME_AFFAIRS, Role.APPROVER, Role.AUDITOR, Role.AGENCY_HEAD),
    "see-follow-up": _rule(
        *_STAFF_OF_HOME_AFFAIRS,
        Role.APPROVER,
        Role.AUDITOR,
        Role.AGENCY_HEAD,
        Role.OFFICE_MANAGER,
    ),
    "manage-follow-up": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "work-follow-up": _rule(Role.AGENCY_HEAD),
    "confirm-reading": _rule(*_STAFF_OF_HOME_AFFAIRS, Role.AGENCY_HEAD, Role.OFFICE_MANAGER),
    "see-integrity": _rule(
        Role.ANALYST, Role.PROVINCE_ADMIN, Role.APPROVER, Role.AUDITOR, Role.AGENCY_HEAD
    ),
    "run-integrity": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "answer-flags": _rule(Role.AGENCY_HEAD),
    "see-back-checks": _rule(
        Role.ANALYST,
        Role.PROVINCE_ADMIN,
        Role.APPROVER,
        Role.AUDITOR,
        Role.HOTLINE,
        province=True,
    ),
    "make-back-calls": _rule(Role.APPROVER, Role.HOTLINE, province=True),
    "make-reports": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, Role.AGENCY_HEAD),
    "manage-reports": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "make-api-keys": _rule(*_STAFF_OF_HOME_AFFAIRS),
    "manage-webhooks": _rule(*_STAFF_OF_HOME_AFFAIRS, province=True),
    "export-answers": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "import-files": _rule(Role.OPERATOR, Role.ANALYST, Role.PROVINCE_ADMIN),
    "import-totals": _rule(*_STAFF_OF_HOME_AFFAIRS, province=True),
    "import-events": _rule(Role.OPERATOR, Role.PROVINCE_ADMIN, province=True),
    "enter-ballots": _rule(Role.OPERATOR, Role.ANALYST, province=True),
    "record-calls": _rule(Role.HOTLINE, Role.OPERATOR, Role.ANALYST, province=True),
    "set-up-messages": _rule(Role.OPERATOR, Role.PROVINCE_ADMIN, province=True),
    "operate-messages": _rule(Role.OPERATOR, province=True),
    "author-questionnaires": _rule(Role.AUTHOR, province=True),
    "assign-questionnaires": _rule(Role.AUTHOR, Role.PROVINCE_ADMIN, province=True),
    "change-agencies": _rule(*_STAFF_OF_HOME_AFFAIRS, province=True),
    "decide-requests": _rule(Role.APPROVER, Role.PROVINCE_ADMIN, province=True),
    "compute-figures": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "score-own": _rule(Role.AGENCY_HEAD),
    "appraise-scores": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "appraise-owned": _rule(Role.AGENCY_HEAD, Role.ANALYST),
    "edit-frameworks": _rule(Role.ANALYST, Role.PROVINCE_ADMIN, province=True),
    "see-previews": _rule(*_STAFF_OF_HOME_AFFAIRS, Role.APPROVER, Role.AUDITOR, province=True),
    "see-languages": _rule(
        *_STAFF_OF_HOME_AFFAIRS, Role.AUTHOR, Role.APPROVER, Role.AUDITOR, province=True
    ),
    "see-audit": _rule(Role.AUDITOR, Role.PROVINCE_ADMIN),
    "see-privacy": _rule(Role.AUDITOR, Role.PROVINCE_ADMIN, Role.OPERATOR, province=True),
    "handle-privacy": _rule(Role.PROVINCE_ADMIN, Role.OPERATOR, province=True),
}
"""What can be done beside reading. Who ``WRITES_NOTHING`` stands in no line that writes."""
WRITES_NOTHING: Final = frozenset({Role.AUDITOR})
READS: Final = frozenset(
    {
        "see-previews",
        "see-integrity",
        "see-back-checks",
        "see-languages",
        "see-audit",
        "see-privacy",
        "see-alerts",
        "see-follow-up",
        "see-overview",
        "read-comments",
        "read-fresh-comments",
    }
)


def may(user: User, action: str) -> bool:
    """Whether an account may do something with what lies in its scope."""
    rule = RULES[action]
    if not user.is_active or (rule.province and user.agency_id is not None):
        return False
    return user.is_superuser or user.role in rule.roles


def holds_role(user: User, action: str) -> bool:
    """Like ``may``, without the superuser's way around: two people decide by their roles."""
    return may(user, action) and user.role in RULES[action].roles


def allowed(user: User) -> dict[str, bool]:
    """Every action with a name a template can ask for: ``may.change_counters``."""
    return {action.replace("-", "_"): may(user, action) for action in RULES}


def requires(
    action: str,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Refuse a staff page to accounts that may not do ``action``; stands below ``staff_page``."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not may(cast("User", request.user), action):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        inner.needs = action  # type: ignore[attr-defined]  # read by the test of all addresses
        return inner

    return decorate
