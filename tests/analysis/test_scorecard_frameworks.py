"""Frameworks as data: what is shipped, what is refused, and how lines become a total."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.scorecards.framework import (
    Framework,
    list_frameworks,
    read_framework_text,
)
from analysis.scorecards.framework_faults import SENTENCES
from analysis.scorecards.framework_file import FrameworkError, read_framework
from analysis.scorecards.inputs import field_names
from analysis.scorecards.scoring import score
from analysis.scorecards.signed_scores import check_signed_scores

SHIPPED = [
    "766-2022",
    "arta-csm",
    "ha-tinh-so-2021",
    "hai-cap-so",
    "hai-cap-xa",
    "par-index-2948",
    "phu-tho-2025",
    "tt01-2018",
    "tt01-2018-officer",
]


def shipped(name: str) -> Framework:
    return read_framework(read_framework_text(name))


def test_shipped_frameworks_are_sound() -> None:
    assert list_frameworks() == SHIPPED
    totals = {name: str(shipped(name).total) for name in SHIPPED}
    assert totals["par-index-2948"] == totals["hai-cap-so"] == totals["hai-cap-xa"] == "100"
    assert (totals["ha-tinh-so-2021"], totals["766-2022"], totals["tt01-2018"]) == (
        "85",
        "18",
        "18",
    )


def test_published_points_are_field_by_field_those_of_the_source() -> None:
    points = [str(line.maximum) for line in shipped("par-index-2948").criteria]
    assert points == ["10", "10", "29/2", "11", "16", "7", "16", "31/2"]
    points = [str(line.maximum) for line in shipped("ha-tinh-so-2021").criteria]
    assert points == ["11", "21/2", "13", "10", "29/2", "19/2", "33/2"]


def test_a_source_that_contradicts_itself_is_found() -> None:
    """The copy of 2948/QĐ-BNV states 38 criteria; its areas have 39."""
    text = read_framework_text("par-index-2948").replace(
        "criteria_count = 39", "criteria_count = 38"
    )
    with pytest.raises(FrameworkError, match="have 39 criteria together"):
        read_framework(text)


def test_one_framework_has_every_rule_and_input_kind() -> None:
    lines = shipped("phu-tho-2025").leaves()
    assert {line.input for line in lines} == {
        "choice",
        "number",
        "ratio",
        "formula",
        "satisfaction_index",
        "survey_group",
        "on_time_rate",
        "online_share",
        "imported",
        "leader_rating",
    }
    rules = {line.rule.kind for line in lines if line.rule}
    assert rules == {"proportional", "capped", "bands", "per_unit", "minus", "points"}
    assert {line.effect for line in lines} == {"base", "bonus", "deduction"}
    assert any(line.rule and line.rule.floor for line in lines)
    assert any(line.not_applicable for line in lines)
    assert any(line.serves for line in lines)


SMALL = """
id = "small"
version = 1
source = "1/QĐ-UBND"
valid_from = 2026-01-01
total = 10
bands = [[80, "tốt"], [0, "yếu"]]

[title]
vi = "Bộ nhỏ"

[[criterion]]
code = "1"
title = "Lĩnh vực"
maximum = 8

[[criterion]]
code = "1.1"
parent = "1"
title = "Đúng hạn"
maximum = 5
input = "ratio"
rule = { kind = "bands", bands = [[">", 90, 1], [">=", 80, 0.5]] }

[[criterion]]
code = "1.2"
parent = "1"
title = "Văn bản"
maximum = 3
input = "number"
not_applicable = true
rule = { kind = "per_unit", each = 1 }

[[criterion]]
code = "2"
title = "Hài lòng"
maximum = 2
input = "satisfaction_index"
optional = true
applies_to = ["commune"]
rule = { kind = "proportional" }

[[criterion]]
code = "3"
title = "Điểm cộng"
maximum = 1
effect = "bonus"
input = "number"
optional = true
rule = { kind = "points" }

[[criterion]]
code = "4"
title = "Điểm trừ"
maximum = 2
effect = "deduction"
input = "number"
self_scored = false
optional = true
rule = { kind = "per_unit", each = 0.5 }
"""


@pytest.mark.parametrize(
    ("good", "bad", "kind", "where"),
    [
        ("total = 10", "total = 10.05", "total", ""),
        ("maximum = 8", "maximum = 9", "sum", "1"),
        ("maximum = 8", "maximum = -8", "maximum", "1"),
        ("maximum = 8", "maximum = nan", "number", "1"),
        ("maximum = 8", "maximum = 1e999999", "number", "1"),
        ("maximum = 8", "maximum = true", "number", "1"),
        ("maximum = 8", "", "missing", "1"),
        ('kind = "per_unit"', 'kind = "magic"', "rule", "1.2"),
        ("each = 1 }", "each = -1 }", "number", "1.2"),
        ("each = 1 }", "echa = 1 }", "unknown", "1.2"),
        ('input = "ratio"', 'input = "feeling"', "input", "1.1"),
        ('input = "ratio"', "", "ruleless", "1.1"),
        ('[">", 90, 1]', '["<", 90, 1]', "band", "1.1"),
        ('[">", 90, 1]', '[">", 90, 2]', "share", "1.1"),
        ('parent = "1"', 'parent = "7"', "parent", "1.1"),
        ('code = "1"\n', 'code = "1"\nparent = "1.1"\n', "cycle", "1"),
        ('code = "1"\n', 'code = "1"\nparent = "1"\n', "cycle", "1"),
        ('code = "1.2"', 'code = "1.1"', "twice", "1.1"),
        ('code = "1"\n', 'code = "1"\ninput = "number"\n', "group", "1"),
        ('title = "Lĩnh vực"', "title = 5", "kind", "1"),
        ('title = "Lĩnh vực"', 'titel = "x"', "unknown", "1"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-01\nvalid_to = 2025-01-01", "dates", ""),
        ("valid_from = 2026-01-01", 'valid_from = "soon"', "kind", ""),
        ('vi = "Bộ nhỏ"', 'en = "x"', "missing", ""),
        ("optional = true\napplies_to", "self_scored = true\napplies_to", "declared", "2"),
        ('effect = "bonus"', 'effect = "gift"', "kind", "3"),
        ("[title]", "[title", "toml", ""),
        ('rule = { kind = "points" }', 'rule = { kind = "points" }\ndecimals = 9', "decimals", "3"),
        (
            'input = "ratio"',
            'input = "formula"\nformula = "a / b"\nfigures = [{ code = "a", title = "A" }]',
            "formula",
            "1.1",
        ),
        (
            'input = "ratio"',
            'input = "formula"\nformula = "__import__(1)"\nfigures = []',
            "formula",
            "1.1",
        ),
        ('input = "ratio"', 'input = "choice"', "options", "1.1"),
        ('input = "ratio"', 'input = "imported"\nself_scored = true', "declared", "1.1"),
        ('input = "ratio"', 'input = "leader_rating"\nself_scored = true', "declared", "1.1"),
        ('input = "ratio"', 'input = "formula"\nformula = "1"', "formula", "1.1"),
        (
            'input = "ratio"',
            'input = "formula"\nformula = "a*1e999"\nfigures = [{ code = "a", title = "A" }]',
            "formula",
            "1.1",
        ),
        (
            'input = "ratio"',
            'input = "formula"\nformula = "note"\nfigures = [{ code = "note", title = "A" }]',
            "code",
            "1.1",
        ),
        ('code = "1.2"', 'code = "1 2"', "code", "1 2"),
        ('code = "1.2"', 'code = "1:2"', "code", "1:2"),
        ("version = 1", "version = 1.9", "number", ""),
        ("version = 1", 'version = 1\nbands_on = "point"', "kind", ""),
        ('vi = "Bộ nhỏ"', 'vi = ""', "missing", ""),
        ('vi = "Bộ nhỏ"', 'vi = "Bộ"\nen.a = "x"', "kind", ""),
        ("maximum = 5", "maximum = 5\ndecimals = 0.5", "number", "1.1"),
        ("maximum = 1\n", "maximum = 0.125\n", "places", "3"),
        ("maximum = 5", "maximum = 1000000", "sum", "1"),
        ("version = 1", 'version = 1\napplies_to = ["department"]', "nobody", "2"),
        (
            'input = "ratio"',
            'input = "survey_group"\ngroups = [{ code = "a", title = "A", weight = 0.9 }]',
            "weights",
            "1.1",
        ),
    ],
)
def test_every_fault_is_named_with_its_criterion(
    good: str, bad: str, kind: str, where: str
) -> None:
    assert read_framework(SMALL).total == 10
    assert good in SMALL
    with pytest.raises(FrameworkError) as caught:
        read_framework(SMALL.replace(good, bad, 1))
    assert (kind, where) in [(fault.kind, fault.criterion) for fault in caught.value.faults]
    assert str(caught.value.faults[0])


def test_a_part_with_another_effect_is_refused() -> None:
    text = SMALL.replace('code = "4"', 'code = "4"\nparent = "3"')
    with pytest.raises(FrameworkError) as caught:
        read_framework(text)
    assert {fault.kind for fault in caught.value.faults} <= SENTENCES.keys()
    assert "effect" in [fault.kind for fault in caught.value.faults]


def test_all_faults_are_told_at_once() -> None:
    text = SMALL.replace("maximum = 5", "maximum = 4").replace("total = 10", "total = 11")
    with pytest.raises(FrameworkError) as caught:
        read_framework(text)
    assert [fault.kind for fault in caught.value.faults] == ["sum", "total"]


@pytest.mark.parametrize("text", ["", "x", "criterion = 5", "[[criterion]]", "criterion = [1]"])
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(FrameworkError) as caught:
        read_framework(text)
    assert str(caught.value)


def lines(card_of: dict[str, dict[str, str]], kind: str = "") -> dict[str, tuple[str, str, str]]:
    card = score(read_framework(SMALL), card_of, kind)
    return {
        line.criterion.code: (line.state, str(line.points), str(line.maximum))
        for line in card.lines
    }


FULL = {"1.1": {"part": "9", "whole": "10"}, "1.2": {"number": "2"}, "2": {"number": "83,54"}}


def test_lines_add_up_and_half_a_band_is_half() -> None:
    assert lines(FULL) == {
        "1": ("group", "4.50", "8.00"),
        "1.1": ("scored", "2.50", "5.00"),
        "1.2": ("scored", "2.00", "3.00"),
        "2": ("scored", "1.67", "2.00"),
        "3": ("not_applicable", "None", "0"),
        "4": ("not_applicable", "None", "0"),
    }
    card = score(read_framework(SMALL), FULL)
    assert (str(card.total), str(card.maximum), str(card.percent)) == ("6.17", "10.00", "61.70")
    assert card.band == "yếu"
    lost = {line.criterion.code: line.lost for line in card.lines}
    assert (lost["1"], lost["2"], lost["3"]) == (Decimal("3.50"), Decimal("0.33"), None)


def test_the_denominator_is_what_applies() -> None:
    """An agency without the task, of another kind, or without a survey has a smaller maximum."""
    nothing = {"1.1": {"part": "10", "whole": "10"}, "1.2": {"not_applicable": "yes"}}
    card = score(read_framework(SMALL), nothing)
    assert (str(card.total), str(card.maximum)) == ("5.00", "5.00")
    assert (str(card.percent), card.band) == ("100.00", "tốt")
    department = score(read_framework(SMALL), FULL, "department")
    assert (str(department.total), str(department.maximum)) == ("4.50", "8.00")
    assert "2" not in {line.criterion.code for line in department.lines}


def test_a_class_is_found_by_the_unrounded_percent() -> None:
    """89.995 % is shown as 90.00 and is not yet 90."""
    text = SMALL.replace("bands = [[80,", "bands = [[90,").replace("maximum = 8", "maximum = 198")
    text = text.replace("maximum = 5", "maximum = 195").replace("total = 10", "total = 200")
    text = text.replace(
        'input = "ratio"\nrule = { kind = "bands", bands = [[">", 90, 1], [">=", 80, 0.5]] }',
        'input = "number"\nrule = { kind = "points" }',
    )
    figures = {"1.1": {"number": "174,99"}, "1.2": {"number": "3"}, "2": {"number": "100"}}
    card = score(read_framework(text), figures)
    assert (str(card.total), str(card.percent), card.band) == ("179.99", "90.00", "yếu")
    figures["1.1"] = {"number": "175"}
    assert score(read_framework(text), figures).band == "tốt"


def test_what_is_missing_below_a_line_is_not_lost() -> None:
    card = score(read_framework(SMALL), {"1.1": {"part": "10", "whole": "10"}})
    area = next(line for line in card.lines if line.criterion.code == "1")
    assert (str(area.points), area.lost, area.complete) == ("5.00", None, False)


def test_hanoi_communes_without_a_survey_are_rescaled() -> None:
    """72 of 80 appraised: 90 % without a survey, 88 % with 16 of its 20 points."""
    text = SMALL.replace("maximum = 8", "maximum = 80").replace("maximum = 5", "maximum = 77")
    text = text.replace('maximum = 2\ninput = "sat', 'maximum = 20\ninput = "sat')
    text = text.replace("total = 10", "total = 100").replace(
        'rule = { kind = "bands", bands = [[">", 90, 1], [">=", 80, 0.5]] }',
        'rule = { kind = "points" }',
    )
    text = text.replace('input = "ratio"', 'input = "number"')
    figures = {"1.1": {"number": "69"}, "1.2": {"number": "3"}}
    framework = read_framework(text)
    assert score(framework, figures).percent == Decimal("90.00")
    assert score(framework, figures | {"2": {"number": "80"}}).percent == Decimal("88.00")


def test_an_unfinished_scorecard_has_no_percent_and_says_what_is_missing() -> None:
    card = score(read_framework(SMALL), {"1.1": FULL["1.1"]})
    assert (card.missing, card.percent, card.band) == (("1.2",), None, "")


def test_bonus_and_deduction_move_the_total_within_its_bounds() -> None:
    best = {"1.1": {"part": "1", "whole": "1"}, "1.2": {"number": "3"}, "2": {"number": "100"}}
    framework = read_framework(SMALL)
    assert score(framework, best | {"3": {"number": "1"}}).total == 10
    assert score(framework, best | {"4": {"number": "3"}}).total == Decimal("8.50")
    assert score(framework, best | {"4": {"number": "99"}}).total == 8
    assert score(framework, FULL | {"3": {"number": "1"}}).total == Decimal("7.17")


def test_a_code_nobody_knows_is_refused() -> None:
    with pytest.raises(AnalysisError, match=r"code 1, 9"):
        score(read_framework(SMALL), {"9": {"number": "1"}, "1": {"number": "1"}})


numbers = st.decimals(0, 10**6, places=2).map(str)


@given(data=st.data())
def test_a_changed_figure_changes_only_what_depends_on_it(data: st.DataObject) -> None:
    framework = shipped("phu-tho-2025")
    leaves = framework.leaves()

    def figures(criterion_number: int) -> dict[str, str]:
        criterion = leaves[criterion_number]
        names = field_names(criterion)
        if criterion.input == "choice":
            return {"option": data.draw(st.sampled_from([o.code for o in criterion.options]))}
        if criterion.input == "ratio":
            part = data.draw(st.integers(0, 99))
            return {"part": str(part), "whole": str(part + data.draw(st.integers(0, 9)))}
        return {name: data.draw(numbers) for name in names}

    before = {leaf.code: figures(place) for place, leaf in enumerate(leaves)}
    place = data.draw(st.integers(0, len(leaves) - 1))
    changed = leaves[place].code
    first, second = (
        score(framework, declared) for declared in (before, before | {changed: figures(place)})
    )
    above, code = {changed}, changed
    while code:
        code = framework.by_code[code].parent
        above.add(code)
    for one, other in zip(first.lines, second.lines, strict=True):
        assert one == other or one.criterion.code in above
    for card in (first, second):
        assert 0 <= card.total <= card.maximum
        assert all(
            0 <= line.points <= line.maximum for line in card.lines if line.points is not None
        )


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, ["total"]),
        ({"7": "14,55"}, []),
        ({"7": "17"}, ["over"]),
        ({"7": "x"}, ["number"]),
        ({"9": "1"}, ["line"]),
    ],
)
def test_signed_scores_are_added_up_again(change: dict[str, str], kinds: list[str]) -> None:
    """Report 3617/BC-SXD: a signed total of 83.05 over lines that add up to 83."""
    signed = {"1": "11", "2": "10,5", "3": "13", "4": "10", "5": "14,5", "6": "9,5", "7": "14,5"}
    faults = check_signed_scores(shipped("ha-tinh-so-2021"), signed | change, "83,05")
    assert [fault.kind for fault in faults] == kinds


def test_signed_parts_have_to_add_up_to_their_line() -> None:
    signed = {"1": "5", "1.1": "2,5", "1.2": "2", "2": "1,67", "4": "0,5"}
    [fault] = check_signed_scores(read_framework(SMALL), signed, "6,17")
    assert (fault.kind, fault.code, fault.expected) == ("sum", "1", "4.5")
    signed["1"] = "4,5"
    assert check_signed_scores(read_framework(SMALL), signed, "5,67") == []


def test_signed_bonuses_are_capped_as_points_are() -> None:
    framework = shipped("phu-tho-2025")
    base = {"I": "36,5", "II": "25", "III": "5", "V": "20", "VI": "0"}
    capped = base | {"4.1": "2", "4.2": "4", "IV": "5"}
    assert check_signed_scores(framework, capped, "91,5") == []
    assert check_signed_scores(framework, base | {"4.1": "2", "4.2": "4"}, "91,5") == []
    full = base | {"V": "23,5", "VI": "10", "IV": "5"}
    assert check_signed_scores(framework, full, "100") == []


def test_a_framework_is_known_by_its_file() -> None:
    framework = read_framework(SMALL)
    assert len(framework.sha256) == 64
    assert framework.sha256 != replace(framework, text=SMALL + "\n").sha256
    assert (framework.valid_from, framework.valid_to) == (date(2026, 1, 1), None)
    assert framework.by_code["1.1"].maximum == Fraction(5)
