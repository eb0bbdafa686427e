"""The sections of the staff pages as data: what stands in the navigation, in which order,
for whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from survey.accounts.models import User
from survey.accounts.permissions import may


@dataclass(frozen=True)
class Section:
    """A page in the navigation; ``pages`` are the templates on which it is the current one."""

    name: str
    text: object
    pages: tuple[str, ...]
    needs: str = ""


SECTIONS: Final = {
    _("Today"): (
        Section("console:today", _("What needs me today"), ("today",)),
        Section("console:overview", _("Overview for leaders"), ("overview",), "see-overview"),
        Section("console:alerts", _("Alerts"), ("alerts",), "see-alerts"),
    ),
    _("Results"): (
        Section("console:home", _("Satisfaction index"), ("home", "agency")),
        Section("console:pictures", _("Charts"), ("pictures",)),
        Section(
            "console:periods", _("Periods and release"), ("periods", "edition"), "see-previews"
        ),
        Section("console:reports", _("Reports"), ("reports",), "make-reports"),
        Section("console:packs", _("Quarter pack"), ("packs",), "see-previews"),
        Section("console:exports", _("Exports"), ("exports",)),
        Section(
            "console:integrity",
            _("Integrity of answers"),
            ("integrity", "integrity_flag"),
            "see-integrity",
        ),
        Section(
            "console:back-checks",
            _("Call-back checks"),
            ("back_checks", "back_check", "back_check_call"),
            "see-back-checks",
        ),
        Section("console:exclusions", _("Excluded answers"), ("exclusions",), "see-previews"),
        Section("console:methods", _("Methods"), ("methods", "method_comparison"), "see-previews"),
    ),
    _("Scorecards"): (
        Section(
            "console:scoring",
            _("Scoring rounds"),
            (
                "scoring",
                "scoring_round",
                "scorecard",
                "losses",
                "correction",
                "line_owners",
                "group_survey",
                "owned",
                "owned_line",
            ),
        ),
        Section(
            "console:frameworks",
            _("Frameworks"),
            ("frameworks", "framework", "framework_edit", "framework_line", "framework_head"),
        ),
    ),
    _("Comments and follow-up"): (
        Section("console:comments", _("Comments"), ("comments",), "read-comments"),
        Section("console:topics", _("Topics of comments"), ("topics", "topic"), "edit-topics"),
        Section("console:cases", _("Cases handed over"), ("cases", "case")),
        Section("console:improvements", _("You said, we did"), ("improvements",)),
        Section(
            "console:follow-up",
            _("Findings, tasks, documents"),
            ("follow_up", "follow_up_item", "follow_up_new"),
            "see-follow-up",
        ),
        Section("console:national", _("National indices"), ("national",), "see-previews"),
        Section("console:inspections", _("Inspection plan"), ("inspections",), "manage-follow-up"),
    ),
    _("Places"): (
        Section(
            "console:offices",
            _("Offices and counters"),
            ("offices", "office", "office_new", "office_hours"),
        ),
        Section("console:holidays", _("Public holidays"), ("holidays",), "manage-places"),
        Section("console:agencies", _("Agencies"), ("agencies", "unit", "agency_new")),
        Section("console:codes", _("Codes and posters"), ("codes",)),
        Section("console:printing", _("Printing centre"), ("printing",), "check-posters"),
        Section("console:presence", _("Screens, tablets, slips"), ("presence", "device")),
        Section(
            "console:ballots", _("Paper ballots"), ("ballots", "ballot_count"), "enter-ballots"
        ),
        Section("console:calls", _("Calls to 1022"), ("calls",), "record-calls"),
    ),
    _("Questionnaires and messages"): (
        Section(
            "console:questionnaires",
            _("Questionnaires"),
            (
                "questionnaires",
                "version",
                "words",
                "assignment_new",
                "questions",
                "question",
            ),
            "see-languages",
        ),
        Section("console:languages", _("Languages"), ("languages",), "see-languages"),
        Section("console:messages", _("Messages"), ("messages",)),
        Section(
            "console:message-settings",
            _("Senders, texts, samples"),
            ("message_settings", "message_setting", "source_secret"),
            "set-up-messages",
        ),
    ),
    _("Imports"): (
        Section(
            "console:imports",
            _("Import files"),
            ("imports", "import", "import_kind", "import_links"),
            "import-files",
        ),
        Section("console:totals", _("Dossier totals"), ("totals",), "import-totals"),
        Section("console:dossiers", _("Dossier events"), ("dossiers",), "import-events"),
    ),
    _("People and rules"): (
        Section("console:approvals", _("Approvals"), ("approvals", "approval")),
        Section("console:people", _("People"), ("people", "person", "invite"), "manage-people"),
        Section("console:api-keys", _("Keys for programs"), ("api_keys",), "make-api-keys"),
        Section("console:webhooks", _("Webhooks"), ("webhooks",), "manage-webhooks"),
        Section("console:set-up", _("Set-up"), ("set_up",), "set-up"),
        Section("console:status", _("State of the system"), ("status",), "set-up"),
        Section("console:audit", _("Audit trail"), ("audit",), "see-audit"),
        Section(
            "console:privacy", _("Personal data"), ("privacy", "privacy_request"), "see-privacy"
        ),
        Section(
            "console:incidents",
            _("Incidents and exercises"),
            ("incidents", "incident"),
            "see-privacy",
        ),
        Section("console:retention", _("How long data is kept"), ("retention",), "see-audit"),
    ),
}
"""Headings of the navigation and what stands under each."""


@dataclass(frozen=True)
class Link:
    """One line of the navigation."""

    address: str
    text: object
    current: str
    """For ``aria-current``: ``page`` or ``false``."""


def navigation(user: User, current: str) -> list[tuple[object, list[Link]]]:
    """What an account sees of the sections, under their headings; ``current`` is the name of the
    page's template.
    """
    shown = [
        (heading, [_link(section, current) for section in sections if _is_seen(section, user)])
        for heading, sections in SECTIONS.items()
    ]
    if user.is_staff:
        shown[-1][1].append(Link(reverse("admin:index"), _("Administration"), "false"))
    return [(heading, links) for heading, links in shown if links]


def _is_seen(section: Section, user: User) -> bool:
    return not section.needs or may(user, section.needs)


def _link(section: Section, current: str) -> Link:
    mark = "page" if current in section.pages else "false"
    return Link(reverse(section.name), section.text, mark)
