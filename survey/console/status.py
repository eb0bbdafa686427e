"""Staff page of the installation's state: what /readyz tells programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from survey.accounts.permissions import requires
from survey.console.layout import page, staff_page
from survey.operations.readiness import DOWN, OK, WARN, run_checks, worst

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
    context = {"lines": lines, "whole": STATES[worst(checks)], "is_fine": worst(checks) == OK}
    return page(request, "status.html", context)
