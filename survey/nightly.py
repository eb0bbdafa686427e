"""What is done once a night, whoever is awake: one task that asks for itself again."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta
from typing import Final

from django.utils import timezone
from django_tasks import TaskResultStatus, default_task_backend, task
from django_tasks_db.models import DBTaskResult

from survey.accounts.approvals import expire_requests
from survey.api.totals import forget_calls
from survey.common.locks import hold_lock
from survey.console.reminders import remind_by_mail
from survey.followup.overdue import hand_over_matters, remind_overdue
from survey.imports.services import forget_files
from survey.integrity.back_checks import draw_checks
from survey.integrity.running import run_last_month
from survey.integrity.services import seal_day
from survey.integrity.witnessing import witness_head
from survey.privacy.notices import note_texts
from survey.privacy.retention import keep_to_schedule
from survey.reports.bundles import forget_bundles
from survey.reports.services import make_scheduled_reports
from survey.reports.table_exports import forget_exports, make_scheduled_exports
from survey.responses.alerts import find_alerts
from survey.responses.reading import prepare_comments
from survey.scorecards.computing import cut_off_planned
from survey.scorecards.rounds.services import count_ended_surveys
from survey.webhooks.services import tend_messages

log = logging.getLogger(__name__)
AT: Final = time(2, 20)
STEPS: Final = (
    seal_day,
    draw_checks,
    prepare_comments,
    find_alerts,
    cut_off_planned,
    count_ended_surveys,
    run_last_month,
    expire_requests,
    forget_files,
    hand_over_matters,
    remind_overdue,
    make_scheduled_reports,
    make_scheduled_exports,
    forget_exports,
    forget_bundles,
    forget_calls,
    tend_messages,
    keep_to_schedule,
    note_texts,
    remind_by_mail,
    witness_head,
)


@task()
def work_nightly() -> None:
    """Comments ripen and come into batches, old requests and files end; then wait for tomorrow."""
    now = timezone.now()
    # First: whatever goes wrong tonight, there is a tomorrow.
    plan_night(now)
    for step in STEPS:
        try:
            step(now)
        except Exception:
            log.exception("the night's %s did not work", step.__name__)


def plan_night(now: datetime) -> bool:
    """Have the next night's work done, unless it is planned; whether it was planned here."""
    if not default_task_backend.supports_defer:
        return False
    with hold_lock("plan-night"):
        return _plan(now)


def _plan(now: datetime) -> bool:
    planned = DBTaskResult.objects.filter(
        task_path=work_nightly.module_path, status=TaskResultStatus.READY
    )
    if planned.exists():
        return False
    local = timezone.localtime(now)
    night = timezone.make_aware(datetime.combine(local.date(), AT))
    when = night if night > now else night + timedelta(days=1)
    work_nightly.using(run_after=when).enqueue()
    return True
