"""The audit trail as a page: who did what, when and from where, in the reader's branch."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final, cast

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from survey.accounts.models import AuditEvent, User
from survey.accounts.permissions import requires
from survey.agencies.models import Agency
from survey.agencies.queries import agency_names, visible_agencies
from survey.common.text import plain_cell
from survey.console.history import HISTORIES, read_thing, tells_about
from survey.console.layout import page, staff_page

EVENTS_PER_PAGE: Final = 100
FIRST_YEAR, LAST_YEAR = 2000, 2999
ACTIONS: Final = {
    "sign-in": _("signed in"),
    "sign-out": _("signed out"),
    "open-account": _("opened the account"),
    "account_reauthenticate": _("confirmed by password"),
    "mfa_reauthenticate": _("confirmed by code"),
    "mfa_reauthenticate_webauthn": _("confirmed by passkey"),
    "mfa_activate_totp": _("set up an authenticator app"),
    "mfa_deactivate_totp": _("removed the authenticator app"),
    "mfa_add_webauthn": _("added a passkey"),
    "mfa_remove_webauthn": _("removed a passkey"),
    "mfa_generate_recovery_codes": _("made recovery codes"),
    "password": _("changed the password"),
    "reminders": _("turned reminders by mail on or off"),
    "sessions-end": _("signed out other devices"),
    "set-up-load": _("loaded data for the set-up"),
    "invite": _("opened the page of invitations"),
    "invite-person": _("invited a person"),
    "invitation-withdraw": _("withdrew an invitation"),
    "person": _("changed an account"),
    "change-person": _("changed role or scope"),
    "person-close": _("closed or opened an account"),
    "approval-decide": _("decided a request"),
    "approval-cancel": _("withdrew a request"),
    "publish-questionnaire": _("requested publication of a questionnaire"),
    "retire-questionnaire": _("requested retirement of a questionnaire"),
    "merge-agencies": _("requested a merger"),
    "dissolve-agency": _("requested a dissolution"),
    "release-edition": _("requested release of figures"),
    "withdraw-edition": _("requested withdrawal of figures"),
    "edition-ask": _("sent a request about figures"),
    "exclude-answers": _("requested that answers are excluded"),
    "lift-exclusion": _("requested that excluded answers count again"),
    "integrity-run": _("had a month's answers checked"),
    "integrity-flag": _("answered a flag"),
    "privacy": _("entered a request about personal data"),
    "privacy-request": _("worked on a request about personal data"),
    "incidents": _("opened the checklist of an incident"),
    "incident": _("noted a step of an incident"),
    "back-checks": _("announced a call-back check"),
    "back-check-call": _("stored what came of a call of a check"),
    "exclusions": _("sent a request to exclude answers"),
    "exclusion-lift": _("sent a request to count excluded answers again"),
    "change-methods": _("requested a change of methods or of the target"),
    "publish-scores": _("requested that the results of a scoring round are published"),
    "scoring": _("opened a scoring round"),
    "line-owners": _("changed who answers for criteria of a scoring round"),
    "owned-line": _("appraised lines of a criterion"),
    "scoring-act": _("changed deadlines, counted again or sent a request for a scoring round"),
    "evidence": _("downloaded a file of evidence"),
    "reports": _("made a report"),
    "report-file": _("downloaded a report"),
    "report-schedule": _("set up a schedule of reports"),
    "report-schedule-end": _("ended a schedule of reports"),
    "report-template": _("changed or downloaded the template of reports"),
    "api-keys": _("made a key for a program"),
    "webhooks": _("made a webhook"),
    "webhook-renew": _("renewed the secret of a webhook"),
    "webhook-end": _("ended a webhook"),
    "webhook-test": _("sent a test to a webhook"),
    "webhook-resend": _("sent a message to a webhook again"),
    "api-key-revoke": _("revoked a key of a program"),
    "export-answers": _("requested single answers for analysis"),
    "accept-restore": _("requested to go on with restored data"),
    "exports": _("sent a request for single answers"),
    "bundle-file": _("downloaded single answers"),
    "packs": _("had the pack of a period made"),
    "pack-file": _("downloaded the pack of a period"),
    "score-edition": _("downloaded the points of a round"),
    "scorecard-correct": _("sent a request to correct a published figure"),
    "correct-scores": _("requested that a published figure is corrected"),
    "scorecard": _("wrote figures of a scorecard"),
    "publish-framework": _("requested that a framework is published"),
    "retire-framework": _("requested that a framework is retired"),
    "framework-new": _("wrote a draft of a framework"),
    "framework-edit": _("changed a draft of a framework"),
    "framework-upload": _("uploaded a draft of a framework"),
    "export-schedule": _("scheduled an export"),
    "export-schedule-end": _("ended a schedule of exports"),
    "kept-export": _("downloaded a scheduled export"),
    "export-link": _("made a one-time link of a table"),
    "export-by-link": _("handed a table out by a one-time link"),
    "group-survey": _("made links for a group"),
    "group-survey-end": _("withdrew links of a group"),
    "framework-begin": _("began a framework by a form"),
    "framework-copy": _("began a draft from a framework"),
    "framework-head": _("changed title or dates of a draft of a framework"),
    "framework-line-new": _("added a line to a draft of a framework"),
    "framework-line": _("changed a line of a draft of a framework"),
    "framework-line-act": _("moved or took out a line of a draft of a framework"),
    "framework-act": _("published, retired or deleted a framework, on request"),
    "framework-file": _("downloaded a framework"),
    "framework-shipped-file": _("downloaded a shipped framework"),
    "method-upload": _("added a method file"),
    "method-compare": _("had methods compared"),
    "method-ask": _("sent a request about methods"),
    "method-file": _("downloaded a method file"),
    "compute-figures": _("had figures computed"),
    "plan-cut-off": _("planned a cut-off"),
    "period-plan": _("sent a request to plan a cut-off"),
    "period-compute": _("sent a request to compute figures"),
    "version-ask": _("sent a request about a questionnaire"),
    "assignment-new": _("assigned a questionnaire"),
    "assignment-withdraw": _("withdrew an assignment of a questionnaire"),
    "factor-new": _("added a factor to a draft"),
    "question-new": _("added a question to a draft"),
    "question": _("changed a question of a draft"),
    "question-act": _("moved or removed a question of a draft"),
    "version-words": _("changed texts of a draft"),
    "version-change": _("created or deleted a draft"),
    "version-file": _("downloaded a questionnaire"),
    "questionnaire-new": _("created a draft from a shipped questionnaire"),
    "questionnaire-upload": _("created a draft from a file"),
    "import-file": _("uploaded a file"),
    "import-take": _("imported a file"),
    "import-discard": _("discarded a file"),
    "import-undo": _("undid an imported file"),
    "import-links": _("looked at the links of invitations"),
    "import-kind": _("tried to upload a file"),
    "import-decide": _("decided about a file"),
    "import-faults": _("downloaded the faults of a file"),
    "import-template": _("downloaded a template"),
    "read-comments": _("read comments"),
    "comment-case": _("opened a case from a comment"),
    "topic": _("changed the phrases of a topic"),
    "case-act": _("worked on a case"),
    "message-setting-new": _("added a sender, text, sample, number or case system"),
    "message-setting": _("changed a sender, text, sample or case system"),
    "message-setting-delete": _("deleted a sample rule or known number"),
    "source-secret": _("renewed the secret of a case system"),
    "office-new": _("created an office"),
    "office": _("changed an office"),
    "office-hours": _("changed the opening hours of an office"),
    "holidays": _("added public holidays"),
    "holiday-delete": _("removed a public holiday"),
    "counter-add": _("opened a counter"),
    "counter-close": _("closed a counter"),
    "agency-new": _("created an agency"),
    "unit": _("renamed or moved an agency"),
    "unit-merge": _("sent a request for a merger"),
    "split-agency": _("requested a split"),
    "undo-agency-change": _("requested that a change of agencies is taken back"),
    "unit-split": _("sent a request for a split"),
    "unit-undo": _("sent a request to take a change back"),
    "unit-dissolve": _("sent a request for a dissolution"),
    "printing-act": _("tried to print, issue or withdraw many codes"),
    "print-posters": _("printed posters"),
    "issue-codes": _("issued codes of several offices"),
    "withdraw-codes": _("withdrew codes of several offices"),
    "code-issue": _("issued a code"),
    "code-change": _("reissued or withdrew a code"),
    "code-image": _("downloaded a code"),
    "code-poster": _("downloaded a poster"),
    "office-poster": _("downloaded an office's posters"),
    "verify": _("checked a poster"),
    "presence-add": _("set up a screen, tablet or slips"),
    "presence-device": _("changed the opening hours of a device"),
    "presence-withdraw": _("withdrew a screen or tablet"),
    "ballots-print": _("printed paper ballots"),
    "ballot-count": _("entered a ballot count"),
    "calls": _("recorded a call"),
    "improvements": _("wrote an improvement"),
    "follow-up-new": _("entered something to be followed up"),
    "follow-up-step": _("took a step in a matter followed up"),
    "follow-up-file": _("downloaded a file of a matter followed up"),
    "improvement-approve": _("approved an improvement"),
    "sender": _("paused or resumed a sender"),
    "messages-decide": _("decided on unknown messages"),
    "download": _("downloaded the index"),
    "picture": _("downloaded a chart"),
    "agency-picture": _("downloaded a chart"),
    "audit-file": _("downloaded the audit trail"),
}
"""What an entry is called; those of the administration bear the name of their page."""


def _events(request: HttpRequest) -> QuerySet[AuditEvent]:
    """Entries of the reader's branch that match what was asked for, the newest first."""
    user = cast("User", request.user)
    found = AuditEvent.objects.order_by("-at", "-pk")
    if not user.sees_province:
        found = found.filter(agency__in=visible_agencies(user))
    wanted = request.GET.get("q", "").strip()[:80]
    if wanted:
        words = Q(user_name__icontains=wanted) | Q(action__icontains=wanted)
        found = found.filter(words | Q(thing__icontains=wanted) | Q(detail__icontains=wanted))
    if thing := read_thing(request.GET.get("thing", "")):
        found = found.filter(tells_about(*thing))
    if request.GET.get("refused"):
        found = found.filter(refused=True)
    return _between(found, request.GET.get("from", ""), request.GET.get("to", ""))


def _between(found: QuerySet[AuditEvent], first: str, last: str) -> QuerySet[AuditEvent]:
    if begin := _day(first):
        found = found.filter(at__gte=begin)
    if end := _day(last):
        found = found.filter(at__lt=end + timedelta(days=1))
    return found


def _day(text: str) -> datetime | None:
    """Midnight of a day written 31/12/2026 or 2026-12-31; None for anything else."""
    parts = text.strip().split("/")
    iso = "-".join(reversed(parts)) if len(parts) == 3 else text.strip()
    try:
        day = parse_date(iso)
    except ValueError:
        return None
    known = day is not None and FIRST_YEAR <= day.year <= LAST_YEAR
    return timezone.make_aware(datetime.combine(day, time.min)) if day and known else None


@require_safe
@staff_page
@requires("see-audit")
def audit(request: HttpRequest) -> HttpResponse:
    """Search the trail."""
    part = Paginator(_events(request), EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    names = agency_names(Agency.objects.filter(pk__in={event.agency_id for event in part}))
    thing = read_thing(request.GET.get("thing", ""))
    context = {
        "thing": (HISTORIES[thing[0]].label, thing[1]) if thing else None,
        "part": part,
        "lines": [
            (event, ACTIONS.get(event.action, event.action), names.get(event.agency_id or 0, ""))
            for event in part
        ],
        "asked": request.GET,
        "query": asked.urlencode(),
    }
    return page(request, "audit.html", context)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, value: str) -> str:
        return value


def _rows(events: QuerySet[AuditEvent]) -> Iterator[list[Any]]:
    there = events.order_by().values("agency").distinct()
    names = agency_names(Agency.objects.filter(pk__in=there))
    yield ["at", "user", "agency", "action", "thing", "detail", "refused", "address"]
    for event in events.iterator(chunk_size=1000):
        yield [
            timezone.localtime(event.at).isoformat(timespec="seconds"),
            plain_cell(event.user_name),
            plain_cell(names.get(event.agency_id or 0, "")),
            event.action,
            plain_cell(event.thing),
            plain_cell(event.detail),
            int(event.refused),
            plain_cell(event.address),
        ]


@require_safe
@staff_page
@requires("see-audit")
def audit_file(request: HttpRequest) -> HttpResponseBase:
    """What the search found as CSV, without a cap."""
    writer = csv.writer(_Echo())
    lines = (writer.writerow(row) for row in _rows(_events(request)))
    response = StreamingHttpResponse(
        (line.encode("utf-8") for line in lines), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response
