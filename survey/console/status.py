"""Staff page of the installation's state: what /readyz tells programs."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.approvals import requests_waiting
from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.console.approvals import ask_for, may_open
from survey.console.layout import page, staff_page
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.operations.readiness import DOWN, OK, WARN, run_checks, worst
from survey.operations.restored import describe_restore, find_restore

NAMES = {
    "database": _("Database"),
    "migrations": _("Tables of this version"),
    "disk": _("Disk space"),
    "spool": _("Answers kept while the database was gone"),
    "clock": _("Clock"),
    "ledger": _("Public log"),
    "messages": _("Messages waiting to be sent"),
    "tasks": _("Tasks in the background"),
    "backup": _("Last backup"),
    "restore drill": _("Last restore drill"),
    "restore": _("Restored data"),
}
STATES = {OK: _("in order"), WARN: _("to be looked at"), DOWN: _("out of order")}


@require_safe
@staff_page
@requires("set-up")
def status(request: HttpRequest) -> HttpResponse:
    """Every check with its state; details are as in the log, in English."""
    checks = run_checks(timezone.now())
    lines = [
        {"name": NAMES[check.name], "state": STATES[check.state], "check": check}
        for check in checks
    ]
    mark, now = find_restore(), timezone.now()
    asked = requests_waiting(now).filter(action="accept-restore").first()
    context = {
        "lines": lines,
        "whole": STATES[worst(checks)],
        "is_fine": worst(checks) == OK,
        "restored": describe_restore(mark) if mark else "",
        "asked": asked,
        "may_open": asked and may_open(asked, cast("User", request.user), now),
    }
    return page(request, "status.html", context)


@require_POST
@staff_page
@requires("set-up")
def ask_accept_restore(request: HttpRequest) -> HttpResponse:
    """Ask that the province goes on with what was restored."""
    mark = find_restore()
    if mark is None:
        messages.error(request, gettext("There is no restore that waits to be accepted."))
        return redirect("console:status")
    action = SENSITIVE_ACTIONS["accept-restore"]
    made = ask_for(request, action, {"restored_at": mark["at"]})
    return redirect("console:approval", pk=made.pk) if made else redirect("console:status")
