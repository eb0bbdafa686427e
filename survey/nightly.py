"""What is done once a night, whoever is awake: one task that asks for itself again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from django.utils import timezone
from django_tasks import TaskResultStatus, default_task_backend, task
from django_tasks_db.models import DBTaskResult

from survey.accounts.approvals import expire_requests
from survey.imports.services import forget_files
from survey.responses.alerts import find_alerts
from survey.responses.reading import prepare_comments

AT: Final = time(2, 20)


@task()
def work_nightly() -> None:
    """Comments ripen and come into batches, old requests and files end; then wait for tomorrow."""
    now = timezone.now()
    prepare_comments()
    find_alerts(now)
    expire_requests(now)
    forget_files(now)
    plan_night(now)


def plan_night(now: datetime) -> bool:
    """Have the next night's work done, unless it is planned; whether it was planned here."""
    if not default_task_backend.supports_defer:
        return False
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
