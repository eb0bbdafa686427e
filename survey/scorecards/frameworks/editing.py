"""Changing a draft line by line: its file is read, changed and written again, with sums that are
always those of the lines.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import tomli_w
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

Line = dict[str, Any]
Content = dict[str, Any]
"""What the file of a framework holds: its head, and under ``criterion`` its lines."""
HEAD: Final = ("id", "version", "title", "source", "applies_to", "valid_from", "valid_to", "bands")

CAPPED: Final = "capped"
"""Beside what the file holds: codes of areas that cap their parts."""
SCORED: Final = ("input", "rule", "options", "formula", "figures", "groups", "zero")
"""What only a line without parts has."""


def read_content(text: str) -> Content:
    """What a sound file of a framework holds; numbers are exact. Areas of bonuses or deductions
    that are worth less than their parts are remembered: they stay so.
    """
    content = tomllib.loads(text, parse_float=Decimal)
    content[CAPPED] = [
        line["code"] for line in content["criterion"] if _is_capped(line, content["criterion"])
    ]
    return content


def write_content(content: Mapping[str, Any]) -> str:
    """The file. Maximum of a line with parts, the total and the number of criteria are what the
    lines add up to; a cap of bonuses or deductions stays. Remarks somebody wrote are not kept.
    """
    lines = [dict(line) for line in content["criterion"]]
    for line in lines:
        _sum_up(line, lines, content.get(CAPPED, ()))
    areas = [line for line in lines if not line.get("parent")]
    total = sum((line["maximum"] for line in areas if _effect(line) == "base"), Decimal(0))
    head = {name: content[name] for name in HEAD if content.get(name) not in (None, "", [])}
    counted = sum(area.get("criteria_count", 0) for area in areas)
    if content.get("criteria_count") and counted:
        head["criteria_count"] = counted
    known = (*HEAD, CAPPED, "criterion", "criteria_count", "total")
    rest = {k: v for k, v in content.items() if k not in known}
    told = {**head, **rest, "total": _plain(total), "criterion": [_filled(x) for x in lines]}
    return tomli_w.dumps(told)


def put_line(content: Content, line: Line, *, replaces: str = "") -> None:
    """Write a line in the place of the one with the code ``replaces``, whose parts stay its parts;
    or add it behind the last part of its parent, which is scored by its parts from then on.

    Raises
    ------
    ValidationError
        By field: another line has its code, or it would be a part of itself.
    """
    lines: list[Line] = content["criterion"]
    code, parent = line["code"], line.get("parent", "")
    if code != replaces and any(other["code"] == code for other in lines):
        raise ValidationError({"code": _("Another line has this code.")})
    if replaces and parent in {replaces, *_below(lines, replaces)}:
        raise ValidationError({"parent": _("A line cannot be a part of itself.")})
    _leave_to_parts(lines, parent)
    if not replaces:
        lines.insert(_find_end(lines, parent), line)
        return
    place = find_place(content, replaces)
    lines[place] = line
    for other in lines:
        if other.get("parent") == replaces:
            other["parent"] = code


def drop_line(content: Content, code: str) -> bool:
    """Take a line out, and everything below it; True."""
    gone = {code, *_below(content["criterion"], code)}
    content["criterion"] = [line for line in content["criterion"] if line["code"] not in gone]
    return True


def move_line(content: Content, code: str, by: int) -> bool:
    """Change places with the line before (-1) or after (1) of the same parent; False where there is
    none.
    """
    lines: list[Line] = content["criterion"]
    place = find_place(content, code)
    parent = lines[place].get("parent", "")
    beside = [k for k, line in enumerate(lines) if line.get("parent", "") == parent]
    wanted = beside.index(place) + by
    if not 0 <= wanted < len(beside):
        return False
    other = beside[wanted]
    lines[place], lines[other] = lines[other], lines[place]
    return True


def find_place(content: Content, code: str) -> int:
    """Where a line stands in the file.

    Raises
    ------
    KeyError
        There is no such line.
    """
    for place, line in enumerate(content["criterion"]):
        if line["code"] == code:
            return place
    raise KeyError(code)


def begin_content(head: Mapping[str, Any]) -> Content:
    """A framework with one area and one line, to go on from."""
    area = {"code": "1", "title": "Lĩnh vực 1", "maximum": 1}
    return {**head, "version": 1, "criterion": [area, begin_part(area)]}


def begin_part(area: Line) -> Line:
    """A first line of a new area, to be changed: an area without one is none."""
    return {
        "code": f"{area['code']}.1",
        "parent": area["code"],
        "title": "Tiêu chí 1",
        "maximum": area["maximum"],
        "effect": area.get("effect", ""),
        "applies_to": area.get("applies_to", []),
        "input": "choice",
        "options": [
            {"code": "co", "title": "Có", "share": 1},
            {"code": "khong", "title": "Không", "share": 0},
        ],
    }


def _leave_to_parts(lines: list[Line], code: str) -> None:
    for line in lines:
        if line["code"] == code:
            for name in SCORED:
                line.pop(name, None)


def _below(lines: list[Line], code: str) -> Iterator[str]:
    for line in lines:
        if line.get("parent") == code:
            yield line["code"]
            yield from _below(lines, line["code"])


def _find_end(lines: list[Line], parent: str) -> int:
    """Behind everything below a line; the end of the file for an area."""
    family = {parent, *_below(lines, parent)} if parent else set()
    places = [place for place, line in enumerate(lines) if line["code"] in family]
    return max(places, default=len(lines) - 1) + 1


def _effect(line: Line) -> str:
    return line.get("effect") or "base"


def _sum_up(line: Line, lines: list[Line], capped: Collection[str]) -> None:
    parts = [other for other in lines if other.get("parent") == line["code"]]
    if not parts:
        return
    for part in parts:
        _sum_up(part, lines, capped)
    total = sum((Decimal(part["maximum"]) for part in parts), Decimal(0))
    if line["code"] not in capped or total < line["maximum"]:
        line["maximum"] = _plain(total)


def _is_capped(line: Line, lines: list[Line]) -> bool:
    parts = [other["maximum"] for other in lines if other.get("parent") == line["code"]]
    return _effect(line) != "base" and bool(parts) and line["maximum"] < sum(parts)


def _plain(number: Decimal | int) -> Decimal | int:
    return int(number) if number == int(number) else Decimal(number)


def _filled(line: Line) -> Line:
    """Without what says nothing; ``self_scored = false`` does say something."""
    return {
        name: value
        for name, value in line.items()
        if (value is not None and value != "" and value != [] and value is not False)
        or name == "self_scored"
    }
