"""The state machine: which steps are possible when, for whom, and that nothing else is."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.core.exceptions import ValidationError

from survey.accounts.models import Role, User
from survey.followup.kinds import KINDS
from survey.followup.models import FollowUp, FollowUpStep, Reading
from survey.followup.overdue import is_escalated, remind_overdue
from survey.followup.queries import (
    idle_follow_ups,
    late_follow_ups,
    own_follow_ups,
    possible_moves,
    visible_follow_ups,
)
from survey.followup.services import Opening, assign_follow_up, confirm_reading, open_follow_up
from survey.followup.states import MOVES, State
from survey.scorecards.rounds.evidence import UploadedEvidence
from tests.survey.factories import NOW, Cast
from tests.survey.followup.builders import DAY, DETAILS, PDF, opened, step


@pytest.fixture
def other_head(cast: Cast) -> User:
    return User.objects.create_user(username="head-2", role=Role.AGENCY_HEAD, agency=cast.commune)


def test_a_finding_goes_from_the_agency_to_the_check_and_the_recheck(cast: Cast) -> None:
    row = opened(cast, "finding")
    assert row.state == State.PLANNED
    row = step(row, "start", cast.head, text="")
    row = step(row, "report", cast.head, file=PDF)
    row = step(row, "return", cast.analyst, text="Thiếu hình chụp")
    row = step(row, "report", cast.head)
    row = step(row, "accept", cast.analyst, text="")
    assert row.state == State.CHECKED
    row = step(row, "recheck", cast.analyst, data={"verdict": "fixed"})
    assert row.state == State.CLOSED
    steps = list(row.steps.values_list("move", "of_agency", "state"))
    assert [move for move, _own, _state in steps] == [
        "open",
        "start",
        "report",
        "return",
        "report",
        "accept",
        "recheck",
    ]
    assert [own for _move, own, _state in steps] == [False, True, True, False, True, False, False]
    file = row.steps.get(pk=row.steps.all()[2].pk).files.get()
    assert (file.name, file.suffix, file.size) == ("Thông báo số 5.pdf", "pdf", 10)


AGENCY = {"start", "report", "note"}
POSSIBLE = {
    # kind: (agency, province) -> letters of the states, see _LETTERS; a move absent is impossible.
    "finding": "start:pt report:pdt return:r accept:r recheck:c stop:pdrtc reopen:es note:*",
    "task": "start:pt report:pdt return:r accept:r stop:pdrtc reopen:es note:*",
    "inspection": "carry-out:pd stop:pdrtc reopen:es note:*",
    "self-check": "report:pdt return:r accept:r stop:pdrtc reopen:es note:*",
    "initiative": "start:pt report:dt return:r accept:r stop:pdrtc reopen:es note:*",
    "dialogue": "report:pdt return:r accept:r stop:pdrtc reopen:es note:*",
    "document": "end:d note:*",
    "target": "end:d stop:pdrtc note:*",
    "award": "note:*",
    "event": "note:*",
    "external": "note:*",
}
"""Move and the states it is possible in, written out by hand: planned, doing, reported, reTurned,
checked, endEd, stopped.
"""
LETTERS = dict(zip("pdrtces", State, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_no_step_is_possible_that_the_machine_does_not_know(
    cast: Cast, other_head: User, kind: str
) -> None:
    """Every move tried by the head, another head, the province and an office manager in every
    state: possible exactly where the table says, and refused without a trace elsewhere.
    """
    row = opened(cast, kind)
    manager = User.objects.create_user(username="m", role=Role.OFFICE_MANAGER, agency=cast.land)
    own = row.agency == cast.land
    table = dict(line.split(":") for line in POSSIBLE[kind].split())
    for state, user in product(State, (cast.head, cast.analyst, other_head, manager)):
        FollowUp.objects.filter(pk=row.pk).update(state=state)
        row.refresh_from_db()
        there = {
            name
            for name, letters in table.items()
            if letters == "*" or state in {LETTERS[letter] for letter in letters}
        }
        if user == cast.head:
            there &= AGENCY if own else set()
            there -= {"start"} if kind == "initiative" else set()
        elif user == cast.analyst:
            there -= {"report"} | ({"start"} if kind != "initiative" else set())
        else:
            there = set()
        assert set(possible_moves(user, row)) == there, (user, state)
        before = FollowUpStep.objects.count()
        for name in set(MOVES) - there:
            with pytest.raises(ValidationError):
                step(row, name, user)
        assert FollowUpStep.objects.count() == before
        row.refresh_from_db()
        assert row.state == state


def test_a_step_without_words_is_refused_and_nothing_changes(cast: Cast) -> None:
    row = opened(cast, "task")
    with pytest.raises(ValidationError, match="Hãy ghi nội dung"):
        step(row, "report", cast.head, text="  ")
    row.refresh_from_db()
    assert (row.state, row.steps.count()) == (State.PLANNED, 1)


def test_a_file_of_another_kind_takes_the_step_with_it(cast: Cast) -> None:
    row = opened(cast, "task")
    bad = UploadedEvidence("a.pdf", b"MZ program")
    with pytest.raises(ValidationError, match="PDF"):
        step(row, "report", cast.head, file=bad)
    row.refresh_from_db()
    assert (row.state, row.steps.count()) == (State.PLANNED, 1)


def test_a_self_check_is_reported_with_every_line_answered(cast: Cast) -> None:
    row = opened(cast, "self-check")
    assert [line["text"] for line in row.details["lines"]] == [
        "Có niêm yết thủ tục?",
        "Có thư xin lỗi khi trễ hẹn?",
    ]
    half = [{"answer": "yes", "note": ""}]
    with pytest.raises(ValidationError, match="2"):
        step(row, "report", cast.head, answers=half)
    row = step(row, "report", cast.head, answers=[*half, {"answer": "no", "note": "Chưa in mẫu"}])
    assert row.details["lines"][1] == {
        "text": "Có thư xin lỗi khi trễ hẹn?",
        "answer": "no",
        "note": "Chưa in mẫu",
    }


def test_all_agencies_of_a_kind_get_one_each_under_one_of_the_province(cast: Cast) -> None:
    above = open_follow_up(
        opening=Opening("target", "Hài lòng trên 90%", DETAILS["target"], DAY),
        agencies=[cast.land, cast.commune],
        root=cast.province,
        by=cast.analyst,
        now=NOW,
    )
    assert above.agency == cast.province
    assert {row.agency for row in above.children.all()} == {cast.land, cast.commune}


def test_what_holds_others_is_nobodys_work_and_ends_with_the_last(
    cast: Cast, other_head: User
) -> None:
    above = open_follow_up(
        opening=Opening("task", "Kế hoạch", DETAILS["task"], DAY),
        agencies=[cast.land, cast.commune],
        root=cast.province,
        by=cast.analyst,
        now=NOW,
    )
    later = DAY + timedelta(days=40)
    late = late_follow_ups(FollowUp.objects.all(), later)
    assert {row.agency for row in late} == {cast.land, cast.commune}
    assert idle_follow_ups(FollowUp.objects.all(), later).count() == 2
    for row, head in zip(above.children.order_by("pk"), (cast.head, other_head), strict=True):
        above.refresh_from_db()
        assert above.state == State.PLANNED
        step(step(row, "report", head), "accept", cast.analyst)
    above.refresh_from_db()
    assert above.state == State.CLOSED
    assert above.steps.last().move == "all-ended"  # type: ignore[union-attr]


@pytest.mark.parametrize("lines", ["", "\u200b", "x\n" * 101])
def test_a_list_has_lines_that_can_be_sent_back(cast: Cast, lines: str) -> None:
    opening = Opening("self-check", "x", {"lines": lines}, DAY)
    with pytest.raises(ValidationError, match="100"):
        open_follow_up(
            opening=opening, agencies=[cast.land], root=cast.province, by=cast.analyst, now=NOW
        )
    assert not FollowUp.objects.exists()


def test_a_document_is_one_for_all_and_says_who_has_read_it(cast: Cast, other_head: User) -> None:
    row = open_follow_up(
        opening=Opening("document", "Chỉ thị", DETAILS["document"], file=PDF),
        agencies=[cast.land],
        root=cast.province,
        by=cast.analyst,
        now=NOW,
    )
    assert visible_follow_ups(cast.head).get() == row
    assert not visible_follow_ups(other_head).exists()
    assert own_follow_ups(cast.head).get() == row
    with pytest.raises(ValidationError):
        confirm_reading(follow_up=row, reader=other_head, now=NOW)
    for _again in range(2):
        confirm_reading(follow_up=row, reader=cast.head, now=NOW)
    assert Reading.objects.get().reader == cast.head
    assert not own_follow_ups(cast.head).exists()


def test_a_document_without_its_file_is_not_sent_out(cast: Cast) -> None:
    opening = Opening("document", "Chỉ thị", DETAILS["document"])
    with pytest.raises(ValidationError, match="tệp"):
        open_follow_up(
            opening=opening, agencies=[cast.land], root=cast.province, by=cast.analyst, now=NOW
        )
    assert not FollowUp.objects.exists()


def test_what_is_late_is_reminded_once_and_escalated_once(cast: Cast) -> None:
    row = opened(cast, "task", due_on=DAY)
    rows = FollowUp.objects.all()
    assert not late_follow_ups(rows, DAY).exists()
    assert remind_overdue(NOW) == 0
    assert remind_overdue(NOW + timedelta(days=1)) == 1
    assert remind_overdue(NOW + timedelta(days=2)) == 0
    assert not is_escalated(row)
    assert remind_overdue(NOW + timedelta(days=15)) == 1
    assert remind_overdue(NOW + timedelta(days=99)) == 0
    assert is_escalated(FollowUp.objects.get())
    told = [(one.move, one.data, one.made_by) for one in row.steps.all()]
    assert told[1:] == [("remind", {"days": 1}, None), ("escalate", {"days": 15}, None)]
    step(row, "report", cast.head)
    assert not is_escalated(FollowUp.objects.get())


def test_a_month_without_a_step_of_the_agency_is_no_action(cast: Cast) -> None:
    row = opened(cast, "task", due_on=DAY + timedelta(days=90))
    step(row, "note", cast.analyst, text="Đề nghị thực hiện")
    rows = FollowUp.objects.all()
    assert not idle_follow_ups(rows, DAY + timedelta(days=30)).exists()
    assert idle_follow_ups(rows, DAY + timedelta(days=31)).get() == row
    step(row, "note", cast.head, text="Đang thực hiện")
    assert not idle_follow_ups(rows, DAY + timedelta(days=99)).exists()


def test_owner_and_deadline(cast: Cast, other_head: User) -> None:
    row = opened(cast, "task")
    later = DAY + timedelta(days=20)
    assign_follow_up(follow_up=row, owner=cast.head, due_on=later, by=cast.analyst, now=NOW)
    row.refresh_from_db()
    assert (row.owner, row.due_on) == (cast.head, later)
    # The agency names who deals with it, and does not move its own deadline.
    assign_follow_up(
        follow_up=row, owner=None, due_on=later + timedelta(days=9), by=cast.head, now=NOW
    )
    row.refresh_from_db()
    assert (row.owner, row.due_on) == (None, later)
    for wrong in ({"owner": other_head, "due_on": later}, {"owner": None, "due_on": None}):
        with pytest.raises(ValidationError):
            assign_follow_up(follow_up=row, **wrong, by=cast.analyst, now=NOW)
