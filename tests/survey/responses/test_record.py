"""The one write path and the database behind it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from survey.common.periods import parse_period
from survey.questionnaires.queries import load_form, published_extension
from survey.responses.answers import AnswersRefused
from survey.responses.models import Comment, Response
from survey.responses.queries import counted_in, find_response
from survey.responses.services import (
    Further,
    RevisedMeanwhileError,
    record_batch,
    record_response,
)
from tests.survey.factories import Cast


def test_the_same_key_returns_the_first_row(cast: Cast) -> None:
    first = record_response(submission=cast.submission("one", 5))
    again = record_response(submission=cast.submission("one", 5))
    other = record_response(submission=cast.submission("one", 1))
    assert first.row == again.row == other.row
    assert (first.repeated, again.repeated, again.changed, other.changed) == (
        False,
        True,
        False,
        True,
    )
    assert Response.objects.count() == 1


def test_a_revision_carries_answers_on_and_the_last_counts(cast: Cast) -> None:
    service = published_extension("counter-short")
    assert service is not None
    first = record_response(submission=cast.submission("one", 2)).row
    form = load_form(service.pk)
    two = cast.submission("two", form=form, answers={"A1": 5})
    second = record_response(submission=two, revises=first).row
    three = cast.submission("three", form=form, answers={"A1": 3, "A2": 0})
    with pytest.raises(RevisedMeanwhileError):
        record_response(submission=three, revises=first)
    record_response(submission=three, revises=second)
    rows = list(Response.objects.order_by("revision").values_list("revision", "answers"))
    assert rows == [
        (0, {"overall": 2}),
        (1, {"overall": 2, "A1": 5}),
        (2, {"overall": 2, "A1": 3, "A2": 0}),
    ]
    assert [row.revision for row in counted_in(parse_period("2026-Q3"))] == [2]
    assert not counted_in(parse_period("2026-Q2")).exists()
    latest = find_response(cast.submission("one").ticket.receipt)
    assert latest is not None
    assert latest.revision == 2


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"overall": 9},
        {"overall": True},
        {"overall": "4"},
        {"overall": 4, "reasons": ["late"]},
        {"overall": 2, "reasons": ["zzz"]},
        {"overall": 4, "A1": 5},
        {"overall": 4, "comment": 7},
    ],
)
def test_answers_outside_the_allow_list_are_refused_whatever_the_entrance(
    cast: Cast, answers: dict[str, object]
) -> None:
    bad = cast.submission("bad", answers=answers)
    with pytest.raises(AnswersRefused):
        record_response(submission=bad)
    with pytest.raises(AnswersRefused):
        record_batch(submissions=[cast.submission("good"), bad])
    assert not Response.objects.exists()


def test_a_batch_stores_further_answers_in_one_row(cast: Cast) -> None:
    service = published_extension("counter-short")
    assert service is not None
    further = Further(load_form(service.pk), {"A1": 4, "E3": 0})
    record_batch(submissions=[cast.submission("a", further=further), cast.submission("b")])
    assert sorted(len(row.answers) for row in Response.objects.all()) == [1, 3]


def _columns(row: Response) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def test_the_database_refuses_to_change_or_delete_a_response(cast: Cast) -> None:
    row = record_response(submission=cast.submission("one")).row
    for change in (
        lambda: Response.objects.filter(pk=row.pk).update(answers={}),
        lambda: Response.objects.filter(pk=row.pk)._raw_delete("default"),
        row.delete,
        lambda: Response(**{**_columns(row), "answers": {"overall": 1}}).save(force_update=True),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert Response.objects.get().answers == {"overall": 5}


@pytest.mark.parametrize(
    "fresh", [(), ("id", "response"), ("id", "submission_key")], ids=["row", "key", "revision"]
)
def test_sqlite_cannot_replace_a_response_either(cast: Cast, fresh: tuple[str, ...]) -> None:
    """REPLACE deletes what it collides with, and asks delete triggers only where a connection was
    told so.
    """
    row = record_response(submission=cast.submission("one")).row
    if connection.vendor != "sqlite":
        return
    columns = [str(field.column) for field in Response._meta.fields if field.column != "answers"]
    values = ", ".join(f"'{uuid.uuid4().hex}'" if column in fresh else column for column in columns)
    statement = (
        f"INSERT OR REPLACE INTO survey_response ({', '.join(columns)}, answers) "
        f"SELECT {values}, '{{\"overall\": 1}}' FROM survey_response"
    )
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers=OFF")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers=ON")
    row.refresh_from_db()
    assert row.answers == {"overall": 5}


def test_a_comment_can_be_erased_while_the_response_stays(cast: Cast) -> None:
    record_response(
        submission=cast.submission("one", answers={"overall": 3, "comment": "Xin thêm ghế"})
    )
    Comment.objects.all().delete()
    assert Response.objects.get().answers == {"overall": 3}


def test_the_key_is_never_null_or_empty(cast: Cast) -> None:
    row = record_response(submission=cast.submission("one")).row
    for key in (None, ""):
        row.pk, row.revision, row.submission_key = None, 5, key  # type: ignore[assignment]  # what must not pass
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def test_neither_ticket_nor_receipt_stands_in_the_database(cast: Cast) -> None:
    submission = cast.submission("a-secret-seed")
    row = record_response(submission=submission).row
    stored = " ".join(str(value) for value in vars(row).values())
    assert submission.ticket.receipt not in stored
    assert "a-secret-seed" not in stored
