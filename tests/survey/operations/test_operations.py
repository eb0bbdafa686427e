"""What operators' programs ask: health, readiness, numbers; names of requests in the log."""

from __future__ import annotations

import io
import json
import logging
from collections import namedtuple
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from prometheus_client.parser import text_string_to_metric_families

from survey.accounts.models import AuditEvent
from survey.common.logs import MaskCodes, NameRequest, make_json_formatter, request_id
from survey.environment import read_choice
from survey.integrity.heads import note_look
from survey.integrity.services import seal_day
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.operations import middleware, readiness
from survey.operations.metrics import DatabaseCollector
from survey.operations.readiness import DOWN, OK, WARN, run_checks, worst
from survey.responses.services import record_batch
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat
from tests.survey.messaging.builders import invited

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def _own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()
    middleware._database_registry.cache_clear()
    middleware._kept.clear()


def states() -> dict[str, str]:
    return {check.name: check.state for check in run_checks(timezone.now())}


def mark(settings: LazySettings, name: str, days: float) -> None:
    at = timezone.now() - timedelta(days=days)
    (Path(settings.VAR_DIR) / name).write_text(json.dumps({"at": at.isoformat()}))


def test_health_asks_nothing_of_the_database(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.post("/healthz").status_code == 405
    assert client.head("/healthz").status_code == 200


def test_everything_is_ready_after_a_backup_and_a_drill(settings: LazySettings) -> None:
    assert {name for name, state in states().items() if state != OK} == {"backup", "restore drill"}
    mark(settings, "last-backup.json", 0.5)
    mark(settings, "last-restore-drill.json", 20)
    assert set(states().values()) == {OK}
    mark(settings, "last-backup.json", 2)
    mark(settings, "last-restore-drill.json", 31)
    found = states()
    assert (found["backup"], found["restore drill"]) == (WARN, WARN), "old ones turn it yellow"
    (Path(settings.VAR_DIR) / "last-backup.json").write_text("[]")
    assert states()["backup"] == WARN, "and broken ones"


def test_what_somebody_has_to_look_at_is_named(
    cast: Cast, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    record_batch(submissions=[cast.submission("a", now=now - timedelta(hours=40))])
    invited(cast)
    OutboxMessage.objects.update(state=MessageState.PENDING, due_at=now - timedelta(hours=1))
    DBTaskResult.objects.create(
        status=TaskResultStatus.READY,
        args_kwargs={"args": [], "kwargs": {}},
        task_path="survey.nightly.work_nightly",
        backend_name="default",
        run_after=now - timedelta(hours=1),
    )
    found = states()
    assert {found[name] for name in ("ledger", "messages", "tasks")} == {WARN}
    seal_day(now)
    assert states()["ledger"] == OK
    note_look(now, "the first 3 entries are not those that were signed")
    assert states()["ledger"] == WARN, "though the newest head is fresh"
    note_look(now - timedelta(hours=37))
    assert states()["ledger"] == WARN, "nobody has looked for too long"
    note_look(now)
    assert states()["ledger"] == OK
    usage = Usage(100 * 2**30, 0, 2**30)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    assert states()["disk"] == WARN
    usage = Usage(100 * 2**30, 0, 2**20)
    assert states()["disk"] == DOWN


def test_a_clock_that_was_set_back_is_told(cast: Cast) -> None:
    assert states()["clock"] == OK
    ahead = timezone.now() + timedelta(days=1)
    AuditEvent.objects.create(at=ahead, user=cast.analyst, action="sign-in")
    found = {check.name: check for check in run_checks(timezone.now())}
    assert found["clock"].state == WARN
    assert "set back" in found["clock"].told


def test_without_a_database_or_its_tables_nothing_is_sent_here(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_now: Any) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr(readiness, "_check_database", gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    body = answer.json()
    assert body["status"] == DOWN
    assert "connection refused" in body["checks"]["database"]["detail"]
    assert set(body["checks"]) == {"database", "disk", "spool"}
    told = client.get("/metrics").content.decode()
    assert 'hailong_check_ok{check="database"} 0.0' in told
    monkeypatch.undo()
    middleware._kept.clear()
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_args: [1, 2])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "2 migrations are not applied" in answer.json()["checks"]["migrations"]["detail"]


def test_details_are_for_this_machine_or_the_token(client: Client, settings: LazySettings) -> None:
    assert "checks" in client.get("/readyz").json()
    for headers in ({"x-forwarded-for": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}):
        assert client.get("/readyz", headers=headers).json() == {"status": WARN}
        assert client.get("/metrics", headers=headers).status_code == 403
    for address in ("10.0.0.7", "", "nonsense", "::ffff:10.0.0.7"):
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 403
    settings.METRICS_TOKEN = "a-long-token"
    assert client.get("/metrics").status_code == 403, "then the token alone counts"
    sent = {"authorization": "Bearer a-long-token", "x-forwarded-for": "10.0.0.7"}
    assert client.get("/metrics", headers=sent).status_code == 200
    assert client.get("/metrics", headers={"authorization": "Bearer é"}).status_code == 403


def test_numbers_are_those_of_the_database_and_tell_of_nobody(cast: Cast, client: Client) -> None:
    now = timezone.now()
    record_batch(submissions=[cast.submission(f"a{k}", now=now) for k in range(3)])
    record_batch(submissions=[cast.submission("p", now=now, evidence="E0")])
    seal_day(now)
    invited(cast)
    client.get("/privacy")
    text = client.get("/metrics").content.decode()
    families = {one.name: one for one in text_string_to_metric_families(text)}
    answers = {
        sample.labels["evidence"]: sample.value
        for sample in families["hailong_answers_this_month"].samples
    }
    assert answers == {"E0": 1, "E2": 3}
    total = {s.labels["what"]: s.value for s in families["hailong_total"].samples}
    assert total["ledger_entries"] == 4
    assert families["hailong_messages"].samples
    seen = families["django_http_requests_total_by_view_transport_method"]
    assert any(sample.labels["view"] == "citizen:privacy" for sample in seen.samples)
    for family in families.values():
        for sample in family.samples:
            told = " ".join(sample.labels.values())
            assert not any(part in told for part in ("+84", "/r/", "/s/", "@")), sample


def test_the_database_is_asked_once_in_a_while(
    cast: Cast, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = DatabaseCollector()
    list(collector.collect())
    with django_assert_num_queries(0):
        list(collector.collect())
    monkeypatch.setattr("survey.operations.metrics.KEPT_SECONDS", -1.0)
    record_batch(submissions=[cast.submission("a", now=timezone.now())])
    found = next(m for m in collector.collect() if m.name == "hailong_answers_this_month")
    assert found.samples[0].value == 1


def test_processes_that_share_a_folder_are_added_up(
    client: Client, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    settings.PROMETHEUS_MULTIPROC_DIR = str(folder)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    text = client.get("/metrics").content.decode()
    assert "hailong_check_ok" in text
    assert "django_http_requests_before_middlewares_total" not in text, "no process has written"


def test_a_request_has_one_name_in_the_answer_and_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    named = client.get("/privacy", headers={"x-request-id": "proxy-12345678"})
    assert named.headers["X-Request-ID"] == "proxy-12345678"
    for odd in ("short", "x" * 65, "a b c d e f", "<script>alert(1)"):
        other = client.get("/privacy", headers={"x-request-id": odd}).headers["X-Request-ID"]
        assert other != odd
        assert len(other) == 32
    assert request_id.get() == "-"


def test_the_log_in_json_names_the_request_and_masks_codes() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(make_json_formatter())
    handler.addFilter(MaskCodes())
    handler.addFilter(NameRequest())
    logger = logging.getLogger("survey.test_json")
    logger.addHandler(handler)
    mark = request_id.set("proxy-1")
    try:
        raise ValueError("Cán bộ; Failing row contains (abc, +84901234567) for /r/ABCD1234EFGH")
    except ValueError:
        logger.exception("it did not work: %s", 5)
    finally:
        request_id.reset(mark)
        logger.removeHandler(handler)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"]) == ("it did not work: 5", "error")
    assert (line["request_id"], line["logger"]) == ("proxy-1", "survey.test_json")
    assert "ValueError: Cán bộ" in line["exception"]
    assert "+84901234567" not in stream.getvalue()
    assert "ABCD1234EFGH" not in stream.getvalue()


def test_a_choice_is_one_of_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_choice("HAILONG_TEST_CHOICE", "line", "json") == "line"
    monkeypatch.setenv("HAILONG_TEST_CHOICE", "xml")
    with pytest.raises(ImproperlyConfigured, match="use line or json"):
        read_choice("HAILONG_TEST_CHOICE", "line", "json")


def test_the_worst_state_is_that_of_all() -> None:
    assert worst([]) == OK
    assert worst([readiness.Check("a", WARN, ""), readiness.Check("b", OK, "")]) == WARN


def test_operators_read_the_state_on_a_page(cast: Cast) -> None:
    page = flat(signed_in(cast.operator).get(reverse("console:status")))
    assert "cần xem lại" in page
    assert page.count("<tr>") == 12
    assert signed_in(cast.head).get(reverse("console:status")).status_code == 403
