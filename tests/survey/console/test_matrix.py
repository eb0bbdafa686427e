"""Who may do what, over every staff address, role and method: nothing that is not in the table, and
another agency's things are as if they were not there.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from survey.access.ballots import BallotBatch, issue_ballots
from survey.access.kiosks import add_kiosk
from survey.access.screens import enrol_screen
from survey.accounts.models import Role, User
from survey.accounts.permissions import RULES, may
from survey.agencies.improvements import Improvement
from survey.responses.cases import Case, open_case
from survey.responses.services import record_response
from survey.scorecards.models import AgencyResult
from tests.survey.console.builders import release
from tests.survey.factories import Cast
from tests.survey.followup.builders import opened
from tests.survey.integrity.builders import flagged
from tests.survey.scorecards.builders import fill, snapshot

READS: Final = "reads"
"""Everybody with an account, within their scope."""
NEEDS: Final = {
    "home": READS,
    "today": READS,
    "alerts": "see-alerts",
    "agency": READS,
    "agencies": READS,
    "unit": READS,
    "download": READS,
    "pictures": READS,
    "periods": "see-previews",
    "period-compute": "compute-figures",
    "period-plan": "compute-figures",
    "edition": "see-previews",
    "edition-ask": "compute-figures",
    "picture": READS,
    "agency-picture": READS,
    "codes": READS,
    "code-image": READS,
    "code-poster": READS,
    "office-poster": READS,
    "code-change": "change-counters",
    "code-issue": "change-counters",
    "verify": READS,
    "presence": READS,
    "presence-add": "change-counters",
    "presence-device": READS,
    "presence-withdraw": "change-counters",
    "ballots": "enter-ballots",
    "ballots-print": "enter-ballots",
    "ballot-count": "enter-ballots",
    "calls": "record-calls",
    "improvements": READS,
    "improvement-approve": "approve-improvements",
    "cases": READS,
    "case": READS,
    "case-act": "close-cases",
    "comments": "read-comments",
    "comment-case": "open-cases",
    "topics": "edit-topics",
    "topic": "edit-topics",
    "languages": "see-languages",
    "messages": READS,
    "message-settings": "set-up-messages",
    "message-setting-new": "set-up-messages",
    "message-setting": "set-up-messages",
    "message-setting-delete": "set-up-messages",
    "source-secret": "set-up-messages",
    "sender": "operate-messages",
    "messages-decide": "operate-messages",
    "dossiers": "import-events",
    "totals": "import-totals",
    "imports": "import-files",
    "import": "import-files",
    "import-faults": "import-files",
    "import-decide": "import-files",
    "import-kind": "import-totals",
    "import-template": "import-totals",
    "offices": READS,
    "office": "manage-places",
    "office-new": "manage-places",
    "counter-add": "manage-places",
    "counter-close": "manage-places",
    "agency-new": "change-agencies",
    "unit-merge": "change-agencies",
    "unit-dissolve": "change-agencies",
    "questionnaires": "see-languages",
    "version": "see-languages",
    "version-file": "see-languages",
    "version-words": "author-questionnaires",
    "questions": "author-questionnaires",
    "factor-new": "author-questionnaires",
    "question-new": "author-questionnaires",
    "question": "author-questionnaires",
    "question-act": "author-questionnaires",
    "version-change": "author-questionnaires",
    "version-ask": "author-questionnaires",
    "assignment-new": "assign-questionnaires",
    "assignment-withdraw": "assign-questionnaires",
    "printing": "check-posters",
    "printing-act": "check-posters",
    "unit-split": "change-agencies",
    "unit-undo": "change-agencies",
    "scoring": READS,
    "scoring-round": READS,
    "scoring-act": "appraise-scores",
    "overview": "see-overview",
    "line-owners": "appraise-scores",
    "owned": "appraise-owned",
    "owned-line": "appraise-owned",
    "scorecard": READS,
    "evidence": READS,
    "losses": READS,
    "score-edition": READS,
    "scorecard-correct": "appraise-scores",
    "frameworks": READS,
    "framework": READS,
    "framework-shipped": READS,
    "framework-shipped-file": READS,
    "framework-file": READS,
    "framework-new": "edit-frameworks",
    "framework-upload": "edit-frameworks",
    "framework-edit": "edit-frameworks",
    "framework-act": "edit-frameworks",
    "export-schedule": "make-reports",
    "export-schedule-end": "make-reports",
    "kept-export": "make-reports",
    "export-link": "make-reports",
    "group-survey": "appraise-scores",
    "group-survey-end": "appraise-scores",
    "framework-begin": "edit-frameworks",
    "framework-copy": "edit-frameworks",
    "framework-head": "edit-frameworks",
    "framework-line": "edit-frameworks",
    "framework-line-new": "edit-frameworks",
    "framework-line-act": "edit-frameworks",
    "reports": "make-reports",
    "report-file": "make-reports",
    "report-schedule": "make-reports",
    "report-schedule-end": "make-reports",
    "report-template": "manage-reports",
    "api-keys": "make-api-keys",
    "api-key-revoke": "make-api-keys",
    "webhooks": "manage-webhooks",
    "webhook-renew": "manage-webhooks",
    "webhook-end": "manage-webhooks",
    "webhook-test": "manage-webhooks",
    "webhook-resend": "manage-webhooks",
    "exports": READS,
    "bundle-file": "export-answers",
    "packs": "see-previews",
    "pack-file": "see-previews",
    "follow-up": "see-follow-up",
    "follow-up-new": "see-follow-up",
    "follow-up-item": "see-follow-up",
    "follow-up-step": "see-follow-up",
    "follow-up-file": "see-follow-up",
    "inspections": "manage-follow-up",
    "national": "see-previews",
    "integrity": "see-integrity",
    "integrity-run": "run-integrity",
    "integrity-flag": "see-integrity",
    "privacy": "see-privacy",
    "privacy-request": "see-privacy",
    "privacy-document": "see-privacy",
    "consent-text": "see-privacy",
    "incidents": "see-privacy",
    "incident": "see-privacy",
    "back-checks": "see-back-checks",
    "back-check": "see-back-checks",
    "back-check-call": "make-back-calls",
    "retention": "see-audit",
    "status": "set-up",
    "accept-restore": "set-up",
    "exclusions": "see-previews",
    "exclusion-lift": "compute-figures",
    "methods": "see-previews",
    "method-upload": "compute-figures",
    "method-compare": "compute-figures",
    "method-ask": "compute-figures",
    "method-comparison": "see-previews",
    "method-file": "see-previews",
    "office-hours": "manage-places",
    "holidays": "manage-places",
    "holiday-delete": "manage-places",
    "questionnaire-new": "author-questionnaires",
    "questionnaire-upload": "author-questionnaires",
    "approvals": READS,
    "approval": READS,
    "approval-decide": READS,
    "approval-cancel": READS,
    "people": "manage-people",
    "invite": "manage-people",
    "invitation-withdraw": "manage-people",
    "person": "manage-people",
    "person-close": "manage-people",
    "set-up": "set-up",
    "set-up-load": "set-up",
    "audit": "see-audit",
    "audit-file": "see-audit",
    "password": READS,
    "sessions": READS,
    "reminders": READS,
    "sessions-end": READS,
}
"""Name of an address -> who gets in; what is open to strangers stands in test_staff.py."""
OPEN: Final = {"sign-out", "invitation"}
METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options")
COMMON: Final = ("get", "post")
"""What every account tries in the slow suite, those of ``EVERY_METHOD`` always, who try all methods
there: a view refuses a method before it asks who sent it.
"""
EVERY_METHOD: Final = ("superuser", "agency-head-one", "auditor-all")
CHOICES: Final = {
    "sender": {"action": "pause"},
    "messages-decide": {"action": "again"},
    "person-close": {"action": "open"},
    "version-change": {"action": "copy"},
    "framework-shipped": {"name": "nothing"},
    "framework-shipped-file": {"name": "nothing"},
    "framework-act": {"action": "publish"},
    "framework-line": {"code": "1"},
    "framework-line-act": {"code": "1", "action": "up"},
    "scoring-act": {"action": "deadlines"},
    "method-file": {"sha256": "0" * 64},
    "version-ask": {"action": "retire"},
    "edition-ask": {"action": "release"},
    "set-up-load": {"what": "library"},
    "presence-add": {"what": "screen"},
    "presence-withdraw": {"what": "screen"},
    "presence-device": {"what": "screen"},
    "code-change": {"action": "reissue"},
    "code-image": {"kind": "png"},
    "code-poster": {"paper": "A4"},
    "office-poster": {"paper": "A4"},
    "download": {"kind": "json"},
    "picture": {"name": "index", "kind": "svg"},
    "agency-picture": {"name": "profile", "kind": "svg"},
    "import-kind": {"kind": "totals"},
    "import-template": {"kind": "totals", "form": "csv"},
    "import-decide": {"action": "take"},
    "case-act": {"action": "note"},
    "follow-up-new": {"kind": "task"},
    "score-edition": {"kind": "json"},
    "privacy-document": {"name": "impact", "kind": "docx"},
    "report-file": {"kind": "pdf"},
    "scorecard-correct": {"code": "1"},
    "owned-line": {"code": "1"},
    "question-act": {"action": "up"},
    "message-setting-new": {"what": "sender"},
    "message-setting": {"what": "sender"},
    "message-setting-delete": {"what": "rule"},
    "verify": {"code": "ABCD1234"},
    "ballot-count": {"code": "ABCD1234"},
}


def staff_names() -> set[str]:
    resolvers: list[Any] = get_resolver().url_patterns
    found = next(
        item for item in resolvers if str(item.pattern) == "staff/" and item.app_name == "console"
    )
    return {str(pattern.name) for pattern in found.url_patterns} - OPEN


def test_every_staff_address_is_in_the_table() -> None:
    assert staff_names() == set(NEEDS)
    assert {needs for needs in NEEDS.values() if needs != READS} | {
        "see-previews",
        "read-fresh-comments",
        "check-posters",
        "write-improvements",
        "decide-requests",
        "score-own",
        "work-follow-up",
        "confirm-reading",
        "answer-flags",
        "handle-privacy",
    } == set(RULES), "a permission no address needs, or one there is no line for"


INSIDE: Final = {"import-kind", "import-template"}
"""Addresses whose view asks by itself, by the kind of file: tried by the tests of imports."""


def test_every_view_asks_for_what_the_table_says() -> None:
    """What stands over a view, for every account at once; the slow suite knocks with each."""
    resolvers: list[Any] = get_resolver().url_patterns
    console = next(
        item for item in resolvers if str(item.pattern) == "staff/" and item.app_name == "console"
    )
    told = {
        str(pattern.name): pattern.callback.needs
        for pattern in console.url_patterns
        if hasattr(pattern.callback, "needs")
    }
    assert {name: needs for name, needs in told.items() if NEEDS[name] != needs} == {}
    guarded = {name for name, needs in NEEDS.items() if needs != READS}
    assert guarded - set(told) == INSIDE


def addresses(pk: int) -> dict[str, str]:
    resolvers: list[Any] = get_resolver().url_patterns
    console = next(
        item for item in resolvers if str(item.pattern) == "staff/" and item.app_name == "console"
    )
    found = {}
    for pattern in console.url_patterns:
        if pattern.name in OPEN:
            continue
        wanted = pattern.pattern.converters or pattern.pattern.regex.groupindex
        parts = {"pk": str(pk), **CHOICES.get(str(pattern.name), {})}
        found[str(pattern.name)] = reverse(
            f"console:{pattern.name}", kwargs={key: parts[key] for key in wanted}
        )
    return found


def people(cast: Cast) -> dict[str, User]:
    """One account of every role for the province, and one for the land department."""
    found = {"superuser": cast.operator}
    for role in Role:
        for agency in (None, cast.land):
            if agency is None and role in (Role.AGENCY_HEAD, Role.OFFICE_MANAGER):
                continue
            name = f"{role}-{'one' if agency else 'all'}"
            found[name] = User.objects.create_user(username=name, role=role, agency=agency)
    return found


@pytest.mark.long
@pytest.mark.parametrize("by_every_method", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_nobody_gets_into_what_the_table_does_not_give_them(
    cast: Cast, by_every_method: bool
) -> None:
    """Refused is 403 whatever the method, before anything is looked up; a thing that is not there
    is 404.
    """
    tried = (COMMON, METHODS) if by_every_method else ((), COMMON)
    users = people(cast)
    assert set(EVERY_METHOD) <= set(users)
    for name, user in users.items():
        client = Client(raise_request_exception=False)
        client.force_login(user)
        for page, address in addresses(999_999_999).items():
            given = NEEDS[page] == READS or may(user, NEEDS[page])
            for method in tried[name in EVERY_METHOD]:
                status = getattr(client, method)(address).status_code
                assert status < 500, (name, page, method, status)
                if not given:
                    assert status in (403, 405), (name, page, method, status)
                elif status == 200:
                    assert method in ("get", "head", "post", "options"), (name, page, method)


@pytest.fixture
def foreign(cast: Cast, tmp_path: Any) -> dict[str, int | str]:
    """One of everything that belongs to the commune: nothing of it is the land department's."""
    now = timezone.now()
    fill(cast, good=50, bad=10)
    release(snapshot(tmp_path))
    enrol_screen(counter=cast.commune_counter, now=now)
    add_kiosk(counter=cast.commune_counter, name="Máy 1", now=now)
    issue_ballots(counter=cast.commune_counter, count=4, now=now)
    row = record_response(submission=cast.submission("case", 2)).row
    open_case(row=row, now=now)
    improvement = Improvement.objects.create(
        agency=cast.commune, said="a", did="b", author=cast.analyst, done_on=now.date()
    )
    person = User.objects.create_user(
        username="người của phường", role=Role.AGENCY_HEAD, agency=cast.commune
    )
    result = AgencyResult.objects.filter(agency=cast.commune).first()
    task = opened(cast, "task", agency=cast.commune)
    return {
        "integrity-flag": flagged(cast.commune).pk,
        "follow-up-item": task.pk,
        "follow-up-step": task.pk,
        "agency": result.pk if result else 0,
        "agency-picture": result.pk if result else 0,
        "unit": cast.commune.pk,
        "code-image": cast.commune_code.pk,
        "code-poster": cast.commune_code.pk,
        "office-poster": cast.commune_counter.office_id,
        "code-change": cast.commune_code.pk,
        "code-issue": cast.commune_counter.pk,
        "presence-add": cast.commune_counter.pk,
        "presence-withdraw": cast.commune_counter.screens.get().pk,
        "presence-device": cast.commune_counter.screens.get().pk,
        "improvement-approve": improvement.pk,
        "case": Case.objects.get().pk,
        "case-act": Case.objects.get().pk,
        "person": person.pk,
        "person-close": person.pk,
        "counter-close": cast.commune_counter.pk,
        "office": cast.commune_counter.office_id,
        "counter-add": cast.commune_counter.office_id,
        "verify": cast.commune_code.code,
        "ballot-count": BallotBatch.objects.get().code,
    }


def test_another_agencys_things_are_as_if_they_were_not_there(
    cast: Cast, foreign: dict[str, int | str]
) -> None:
    """The same status and the same bytes as a number nobody has."""
    nonsense = addresses(999_999_999)
    local_people = {name: user for name, user in people(cast).items() if name.endswith("-one")}
    for name, user in local_people.items():
        client = Client(raise_request_exception=False)
        client.force_login(user)
        for page, key in foreign.items():
            address = nonsense[page].replace("999999999", str(key)).replace("ABCD1234", str(key))
            for method in ("get", "post"):
                theirs = getattr(client, method)(address)
                nothing = getattr(client, method)(nonsense[page])
                assert theirs.status_code == nothing.status_code, (name, page, method)
                assert theirs.status_code in (302, 403, 404, 405, 422), (name, page, method)
                assert plain(theirs.content, address) == plain(nothing.content, nonsense[page])


def plain(content: bytes, address: str) -> str:
    """A page without its own address and the number of its form."""
    text = content.decode(errors="replace").replace(address, "")
    return "\n".join(line for line in text.splitlines() if "csrfmiddlewaretoken" not in line)
