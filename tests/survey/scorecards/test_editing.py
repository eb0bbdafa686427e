"""Drafts of frameworks changed line by line: what is written reads as what was meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.scorecards.bridge.frameworks import (
    framework_text,
    read_framework,
    shipped_frameworks,
)
from survey.scorecards.frameworks.editing import (
    begin_content,
    drop_line,
    find_place,
    move_line,
    put_line,
    read_content,
    write_content,
)

COMMUNES = "hai-cap-xa"
HEAD = {
    "id": "thu",
    "title": {"vi": "Bộ tiêu chí thử"},
    "source": "1/QĐ-UBND",
    "valid_from": date(2026, 1, 1),
}


def codes(content: dict[str, Any]) -> list[str]:
    return [line["code"] for line in content["criterion"]]


@pytest.mark.parametrize("name", list(shipped_frameworks()))
def test_what_is_written_reads_as_the_same_framework(name: str) -> None:
    before = read_framework(framework_text(name))
    text = write_content(read_content(framework_text(name)))
    assert replace(read_framework(text), text="") == replace(before, text="")
    assert write_content(read_content(text)) == text


def test_a_begun_framework_is_sound_and_goes_on() -> None:
    content = begin_content(HEAD)
    assert read_framework(write_content(content)).total == 1
    line = {"code": "1.2", "parent": "1", "title": "Đúng hạn", "maximum": 4}
    put_line(content, {**line, "input": "on_time_rate", "rule": {"kind": "proportional"}})
    found = read_framework(write_content(content))
    assert codes(content) == ["1", "1.1", "1.2"]
    assert found.by_code["1"].maximum == found.total == 5


def test_a_line_that_gains_a_part_is_scored_by_its_parts() -> None:
    content = begin_content(HEAD)
    part = {"code": "1.1.1", "parent": "1.1", "title": "Thành phần", "maximum": 3}
    put_line(content, {**part, "input": "imported", "rule": {"kind": "points"}})
    found = read_framework(write_content(content))
    assert (found.by_code["1.1"].input, found.by_code["1.1"].options) == ("", ())
    assert found.by_code["1.1"].maximum == 3


def test_sums_follow_their_lines_and_a_cap_stays() -> None:
    content = read_content(framework_text("phu-tho-2025"))
    before = {c.code: c for c in read_framework(framework_text("phu-tho-2025")).criteria}
    line = content["criterion"][find_place(content, "3.1.1")]
    put_line(content, {**line, "maximum": 3}, replaces="3.1.1")
    found = read_framework(write_content(content))
    assert found.by_code["3.1"].maximum == before["3.1"].maximum + Fraction(5, 2)
    assert found.by_code["I"].maximum == before["I"].maximum + Fraction(5, 2)
    bonus = [c for c in found.parts[""] if c.effect == "bonus"]
    assert [c.maximum for c in bonus] == [before[c.code].maximum for c in bonus]


def test_bonuses_that_are_not_capped_follow_their_parts() -> None:
    content = begin_content(HEAD)
    bonus = {"code": "B", "title": "Điểm cộng", "maximum": 1, "effect": "bonus"}
    put_line(content, {**bonus, "input": "imported", "rule": {"kind": "points"}})
    content = read_content(write_content(content))
    for code, points in (("B.1", 5), ("B.2", 3)):
        part = {"code": code, "parent": "B", "title": code, "maximum": points, "effect": "bonus"}
        put_line(content, {**part, "input": "imported", "rule": {"kind": "points"}})
    assert read_framework(write_content(content)).by_code["B"].maximum == 8


def test_the_number_of_criteria_follows_its_areas() -> None:
    content = read_content(framework_text("par-index-2948"))
    drop_line(content, content["criterion"][0]["code"])
    assert read_framework(write_content(content)).total == 90


def test_a_renamed_line_keeps_its_parts() -> None:
    content = begin_content(HEAD)
    put_line(content, {"code": "A", "title": "Lĩnh vực", "maximum": 1}, replaces="1")
    assert read_framework(write_content(content)).by_code["1.1"].parent == "A"


def test_a_line_is_added_behind_everything_below_its_parent() -> None:
    content = begin_content(HEAD)
    other = {"code": "2", "title": "Khác", "maximum": 1, "input": "imported"}
    put_line(content, {**other, "rule": {"kind": "points"}})
    put_line(content, {**content["criterion"][1], "code": "1.2"})
    assert codes(content) == ["1", "1.1", "1.2", "2"]


@pytest.mark.parametrize(
    ("line", "old", "field"),
    [
        ({"code": "1.1", "title": "x"}, "", "code"),
        ({"code": "1", "title": "x"}, "1.1", "code"),
        ({"code": "1", "title": "x", "parent": "1.1"}, "1", "parent"),
        ({"code": "1", "title": "x", "parent": "1"}, "1", "parent"),
    ],
)
def test_a_code_is_used_once_and_no_line_is_below_itself(
    line: dict[str, Any], old: str, field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        put_line(begin_content(HEAD), line, replaces=old)
    assert list(caught.value.message_dict) == [field]


def test_lines_move_among_their_like_and_leave_with_their_parts() -> None:
    content = read_content(framework_text(COMMUNES))
    areas = [line["code"] for line in content["criterion"] if not line.get("parent")]
    move_line(content, areas[0], -1)
    assert [c for c in codes(content) if c in areas] == areas, "the first stays the first"
    move_line(content, areas[0], 1)
    moved = [c.code for c in read_framework(write_content(content)).parts[""]]
    assert moved == [areas[1], areas[0], *areas[2:]]
    drop_line(content, areas[0])
    left = read_framework(write_content(content))
    assert areas[0] not in left.by_code
    assert all(c.parent in left.by_code or not c.parent for c in left.criteria)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_moved_or_taken_out_sums_hold(data: st.DataObject) -> None:
    content = read_content(framework_text(COMMUNES))
    for _step in range(data.draw(st.integers(1, 8))):
        code = data.draw(st.sampled_from(codes(content)))
        if data.draw(st.booleans()):
            move_line(content, code, data.draw(st.sampled_from([-1, 1])))
        elif len([c for c in content["criterion"] if not c.get("parent")]) > 1:
            line = content["criterion"][find_place(content, code)]
            beside = [x for x in content["criterion"] if x.get("parent") == line.get("parent")]
            if len(beside) > 1:
                drop_line(content, code)
    framework = read_framework(write_content(content))
    for code, parts in framework.parts.items():
        if code and framework.by_code[code].effect == "base":
            assert framework.by_code[code].maximum == sum(part.maximum for part in parts)
