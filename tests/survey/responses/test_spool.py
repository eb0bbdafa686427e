"""Answers kept while the database is gone: sealed, each once, and nothing promised that is not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InternalError, OperationalError
from django.test import Client
from django.utils import timezone

from survey.access.posters import issue_code
from survey.common.durable_files import LEAST_FREE
from survey.common.outage import (
    ask_again_on_a_new_connection,
    forget_outage,
    is_out,
    note_outage,
)
from survey.integrity.services import seal_entries
from survey.integrity.verifying import verify_ledger
from survey.responses import spool
from survey.responses.models import Evidence, Response
from survey.responses.services import record_response
from tests.survey.factories import Cast, flat, open_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.VAR_DIR = tmp_path
    forget_outage()
    yield tmp_path / "spool"
    forget_outage()


@pytest.fixture(params=[OperationalError, InternalError], ids=["gone", "read-only"])
def out(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be written; pages can still be read, as on a read-only server."""

    def refuse(**_given: object) -> None:
        raise request.param("cannot execute INSERT in a read-only transaction")

    monkeypatch.setattr("survey.citizen.short_form.record_response", refuse)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*")) if folder.is_dir() else []


def test_an_answer_is_kept_told_and_taken_in_once(
    cast: Cast, folder: Path, out: None, citizen: Client
) -> None:
    data = {**open_form(citizen, cast.code.code), "overall": "2"}
    told = citizen.post(f"/s/{cast.code.code}", data)
    assert told.status_code == 202
    assert "đã được giữ lại" in flat(told)
    assert citizen.post(f"/s/{cast.code.code}", data).status_code == 202
    (kept,) = files(folder)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert b"overall" not in kept.read_bytes(), "sealed"
    assert spool.take_in() == spool.Taken(stored=1)
    row = Response.objects.get()
    assert row.answers == {"overall": 2}
    assert row.counter == cast.land_counter
    assert files(folder) == []
    forget_outage()
    shown = flat(told).split('<strong class="code">')[1].split("<")[0].replace("-", "")
    assert citizen.get(f"/r/{shown}").status_code == 200


def test_what_is_wrong_on_the_page_is_said_before_anything_is_kept(
    cast: Cast, folder: Path, out: None, citizen: Client
) -> None:
    form = open_form(citizen, cast.code.code)
    assert citizen.post(f"/s/{cast.code.code}", {**form, "overall": "9"}).status_code == 422
    forged = {**form, "overall": "5", "ticket": "x"}
    assert citizen.post(f"/s/{cast.code.code}", forged).status_code == 422
    assert files(folder) == []


def test_a_full_disk_promises_nothing(
    cast: Cast, folder: Path, out: None, citizen: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {**open_form(citizen, cast.code.code), "overall": "5"}
    full = SimpleNamespace(free=LEAST_FREE - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    busy = citizen.post(f"/s/{cast.code.code}", data)
    assert busy.status_code == 503
    assert 'value="5"' in flat(busy), "what was sent stays on the page"
    assert files(folder) == []


def test_an_embedded_database_stores_nothing_more_when_its_disk_is_as_good_as_full(
    cast: Cast, folder: Path, citizen: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {**open_form(citizen, cast.code.code), "overall": "5"}
    full = SimpleNamespace(free=LEAST_FREE - 1)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _path: full)
        patched.setattr("survey.common.outage.connection.vendor", "sqlite")
        busy = citizen.post(f"/s/{cast.code.code}", data)
        assert busy.status_code == 503
        assert 'value="5"' in flat(busy), "what was sent stays on the page"
    assert Response.objects.count() == 0
    forget_outage()
    assert citizen.post(f"/s/{cast.code.code}", data).status_code == 303


def test_an_answer_that_was_stored_before_the_connection_broke_is_known(
    cast: Cast, folder: Path
) -> None:
    submission = cast.submission("a")
    record_response(submission=submission)
    assert spool.keep_submission(submission)
    assert spool.take_in() == spool.Taken(known=1)
    assert Response.objects.count() == 1


@pytest.mark.parametrize("damage", ["changed", "moved", "cut", "nonsense"])
def test_a_file_somebody_touched_is_set_aside(cast: Cast, folder: Path, damage: str) -> None:
    assert spool.keep_submission(cast.submission("a"))
    (path,) = files(folder)
    content = bytearray(path.read_bytes())
    if damage == "changed":
        content[20] ^= 1
        path.write_bytes(content)
    elif damage == "moved":
        path.rename(path.with_name("f" * 64 + spool.SUFFIX))
    else:
        path.write_bytes(content[:15] if damage == "cut" else b"x")
    assert spool.take_in() == spool.Taken(unreadable=1)
    assert not Response.objects.exists()
    assert [one.suffix for one in files(folder)] == [spool.UNREADABLE], "nothing is thrown away"
    assert spool.erase_aside(timezone.now() - timedelta(days=90)) == 0
    assert spool.erase_aside(timezone.now() + timedelta(hours=1)) == 1, "but kept for a while only"


def test_a_file_of_tables_that_were_restored_from_before_holds_up_no_other(
    cast: Cast, folder: Path
) -> None:
    strange = cast.submission("a")
    spool.keep_submission(replace(strange, form=replace(strange.form, version_id=999_999)))
    spool.keep_submission(cast.submission("c"))
    assert spool.take_in() == spool.Taken(stored=1, unreadable=1)


def test_answers_that_come_days_later_are_no_tampering(cast: Cast, folder: Path) -> None:
    now = timezone.now()
    for number in range(12):
        old = cast.submission(f"k{number}", now=now - timedelta(days=4))
        assert spool.keep_submission(replace(old, evidence=Evidence.POSTER))
    record_response(submission=cast.submission("x", now=now))
    seal_entries(now, is_day_over=True)
    assert spool.take_in().stored == 12
    seal_entries(now, is_day_over=True)
    assert verify_ledger().faults == []


def test_a_replaced_poster_is_kept_too(
    cast: Cast, folder: Path, out: None, citizen: Client
) -> None:
    old = cast.code.code
    issue_code(counter=cast.land_counter, now=timezone.now())
    told = citizen.post(f"/s/{old}", {**open_form(citizen, old), "overall": "3"})
    assert told.status_code == 202
    assert spool.take_in().stored == 1
    assert (Response.objects.get().marks or {})["flag"] == "old-poster"


@pytest.mark.parametrize(
    ("state", "gone"),
    [
        ("08006", True),
        ("53100", True),
        ("57P01", True),
        ("25006", True),
        (None, True),
        ("40P01", False),
        ("55P03", False),
        ("57014", False),
        ("25P02", False),
    ],
)
def test_a_lock_or_a_time_limit_is_no_outage(state: str | None, gone: bool) -> None:
    error = OperationalError("x")
    error.__cause__ = SimpleError(state)
    assert note_outage(error) is gone
    assert is_out() is gone


@dataclass
class Held:
    """A connection of a thread, outside of every transaction."""

    connection: object = 1
    in_atomic_block: bool = False
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    made = Held()
    monkeypatch.setattr("survey.common.outage.connection", made)
    return made


def test_a_connection_that_died_unseen_is_replaced_and_the_question_asked_again(held: Held) -> None:
    assert ask_again_on_a_new_connection(Failing(1)) == "answered"
    assert held.closed
    assert not is_out(), "the database was never gone"


def test_a_database_that_is_gone_is_asked_twice_at_most(held: Held) -> None:
    failing = Failing(3)
    with pytest.raises(OperationalError):
        ask_again_on_a_new_connection(failing)
    assert failing.left == 1
    failing = Failing(2)
    with pytest.raises(OperationalError) as told:
        ask_again_on_a_new_connection(Failing(9))
    assert note_outage(told.value)
    with pytest.raises(OperationalError):
        ask_again_on_a_new_connection(failing)
    assert failing.left == 1, "believed for a moment, it is asked once"


def test_what_only_waited_is_not_asked_again(held: Held) -> None:
    failing = Failing(2, "55P03")
    with pytest.raises(OperationalError):
        ask_again_on_a_new_connection(failing)
    assert failing.left == 1
    assert not held.closed


class Failing:
    """A question that fails so many times."""

    def __init__(self, times: int, sqlstate: str | None = "57P01") -> None:
        self.left, self.sqlstate = times, sqlstate

    def __call__(self) -> str:
        if not self.left:
            return "answered"
        self.left -= 1
        error = OperationalError("the connection is lost")
        error.__cause__ = SimpleError(self.sqlstate)
        raise error


class SimpleError(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__()
        self.sqlstate = sqlstate


def test_while_it_is_gone_nothing_is_lost_and_the_command_says_so(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "abc":
        assert spool.keep_submission(cast.submission(name))
    with monkeypatch.context() as broken:

        def refuse(**_given: object) -> None:
            raise OperationalError

        broken.setattr(spool, "record_response", refuse)
        with pytest.raises(Exception, match="3 left") as told:
            call_command("take_spool")
        assert getattr(told.value, "returncode", 0) == 1
    assert len(files(folder)) == 3
    call_command("take_spool")
    assert "3 stored" in capsys.readouterr().out
