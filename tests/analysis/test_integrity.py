"""The rules of vote integrity: thresholds are data, facts give the same flags again, and frauds of
every kind are told from honest months.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact

from analysis import ANSWERED, SnapshotWriter, UnitSums, open_snapshot
from analysis.cli import main
from analysis.data.schema import RESPONSE_COLUMNS
from analysis.errors import AnalysisError
from analysis.integrity.adding import is_rich
from analysis.integrity.facts import UnitMonth, read_facts, write_facts
from analysis.integrity.flags import UnitFlag, flag_units
from analysis.integrity.gather import gather_facts
from analysis.integrity.rules_file import SHIPPED, load_rules
from analysis.integrity.spread import find_discoveries, find_spread, stabilise_share
from benchmarks.integrity import run_seed

RULES = load_rules()
MONTHS = [f"2026-{number:02d}" for number in range(1, 8)]


def honest(number: int, month: str, **more: Any) -> UnitMonth:
    """An agency whose month is as all others, a little better or worse than they."""
    n, link = 120 + number, 60
    top = 40 + (number * 7 + len(month) + MONTHS.index(month) * 3) % 11
    known: dict[str, Any] = {
        "answers": n + link,
        "dossiers": 3 * n,
        "tied": link,
        "marked": number % 3,
        "top_counter": (top, n),
        "top_link": (20, link),
        "counter": (n, 4 * n + number % 5, 17 * n),
        "link": (link, 4 * link, 17 * link),
        "rich": ((1, 60),),
        "slots": tuple(
            (1, day, 48 + (day * 5 + k * 7) % 30, 1) for day in range(20) for k in (0, 1)
        ),
    }
    return UnitMonth(f"u{number:02d}", "commune", month, **{**known, **more})


def province(**bad: Any) -> list[UnitMonth]:
    """Forty agencies and seven months; ``bad`` is how the last month of u00 differs."""
    rows = [honest(number, month) for number in range(40) for month in MONTHS]
    return [
        replace(row, **bad) if (row.unit, row.month) == ("u00", MONTHS[-1]) else row for row in rows
    ]


def flags_of(**bad: Any) -> dict[str, UnitFlag]:
    return {flag.unit: flag for flag in flag_units(province(**bad), MONTHS[-1], RULES)}


def test_honest_months_have_no_flag() -> None:
    assert flags_of() == {}


@pytest.mark.parametrize(
    ("bad", "rule", "level"),
    [
        ({"marked": 60}, "F2", "watch"),
        ({"top_counter": (100, 120), "top_link": (50, 60)}, "F3", "watch"),
        ({"top_counter": (119, 120)}, "F4", "review"),
        ({"counter": (120, 590, 2920), "link": (60, 295, 1460)}, "F5", "watch"),
        ({"rich": ((1, 40), (2, 10))}, "F6", "review"),
        ({"shared": 6}, "F6b", "review"),
        ({"same_comment": 7}, "F6c", "watch"),
        ({"answers": 1500}, "F8", "watch"),
        ({"left": (30, 20, 5, 95)}, "F10", "watch"),
        ({"slots": ((1, 3, 50, 25), *((1, day, 48 + day, 1) for day in range(20)))}, "F1", "watch"),
        ({"hard": {"H8": 2}}, "H8", "quarantine"),
        ({"hard": {"H1": 1}}, "H1", "quarantine"),
        ({"hard": {"H2": 2}}, "", ""),
        ({"hard": {"H5": 3}}, "H5", "quarantine"),
    ],
)
def test_each_rule_sees_its_kind_and_says_what_it_saw(
    bad: dict[str, Any], rule: str, level: str
) -> None:
    found = flags_of(**bad)
    if not rule:
        assert found == {}
        return
    assert set(found) == {"u00"}
    flag = found["u00"]
    assert flag.level == level
    finding = next(one for one in flag.findings if one.rule == rule)
    assert finding.fired
    assert finding.inputs


def test_one_number_behind_many_dossiers() -> None:
    rows = [replace(row, phone=3) for row in province(phone=40)]
    rows[MONTHS.index(MONTHS[-1])] = replace(rows[6], phone=40)
    (flag,) = flag_units(rows, MONTHS[-1], RULES)
    (finding,) = flag.findings
    share = float(np.quantile([3 / (3 * (120 + number)) for number in range(1, 40)], 0.95))
    assert finding.p == pytest.approx(binom.sf(39, 360, share), rel=1e-9)


def test_families_that_agree_add_up_and_copies_are_one_family() -> None:
    found = flags_of(marked=60, left=(30, 20, 5, 95))["u00"]
    assert (found.families, found.level) == (2, "review")
    found = flags_of(marked=60, shared=6, rich=((1, 40), (2, 10)), same_comment=9)["u00"]
    assert (found.families, found.level) == (3, "quarantine"), "copies count twice, and once"


def test_statistics_are_those_of_the_books() -> None:
    finding = flags_of(left=(30, 20, 5, 95))["u00"].findings[0]
    table = np.array([[30, 20], [5, 95]])
    assert finding.p == pytest.approx(fisher_exact(table, alternative="greater").pvalue)
    y, variance = stabilise_share(30, 100)
    assert y == pytest.approx(np.arcsin(np.sqrt(30.375 / 100.75)))
    assert variance == pytest.approx(1 / 402)
    spread = find_spread(np.array([0.0, 1.0, 2.0, 3.0, 100.0]), np.full(5, 0.25))
    assert spread.median == 2.0
    assert spread.tau2 == pytest.approx(1.4826**2 - 0.25)
    assert spread.z(100.0, 0.25) == pytest.approx(98 / 1.4826)
    p = [0.001, 0.02, 0.041, 0.9, 0.005]
    assert find_discoveries(p, 0.05) == [True, True, False, False, True]
    assert find_discoveries([], 0.05) == []


def test_small_agencies_and_small_provinces_are_compared_with_nobody() -> None:
    few = [row for row in province(marked=60) if row.unit in {"u00", "u01", "u02"}]
    assert flag_units(few, MONTHS[-1], RULES) == []
    assert "u00" not in flags_of(answers=20, marked=15, slots=(), rich=())


def test_order_and_company_change_nothing() -> None:
    rows = province(marked=60, shared=6)
    first = [flag.as_data() for flag in flag_units(rows, MONTHS[-1], RULES)]
    assert [flag.as_data() for flag in flag_units(rows[::-1], MONTHS[-1], RULES)] == first
    again = read_facts(json.loads(json.dumps(write_facts(rows))))
    assert [flag.as_data() for flag in flag_units(again, MONTHS[-1], RULES)] == first


LEVELS = [(5, *[5] * 16), (4, 5, 3, 4, *[5] * 12, 0), (3, 1, 2, 3, 4, 5, *[0] * 11), (5, *[0] * 16)]


def test_a_snapshot_and_one_by_one_give_the_same_facts(tmp_path: Path) -> None:
    """What is added up from the database's rows is what the snapshot of the same rows tells."""
    writer, sums = SnapshotWriter(tmp_path / "s"), UnitSums()
    width = len(RESPONSE_COLUMNS) - 8 - len(ANSWERED)
    for place, levels in enumerate(LEVELS * 9):
        evidence = ("E1", "E2", "E3", "E0")[place % 4]
        flag = ("", "over", "hours", "unsent", "assisted")[place % 5]
        cell = ("a", "d", "counter", evidence, flag, "vi", "2026-07", "")
        writer.add((*cell, *(level or None for level in levels), *[None] * width))
        sums.add(evidence, flag, levels, None)
    agencies = [("a", "A", "commune", "H20.01")]
    writer.close(
        totals=[("a", "d", "counter", "2026-07", 5, 5)],
        agencies=agencies,
        about={"period": "2026-07", "province": "P"},
    )
    (found,) = gather_facts(open_snapshot(tmp_path / "s"))
    assert found == sums.as_facts("a", "commune", "2026-07", dossiers=5)
    assert found.hard
    assert found.rich
    assert is_rich(LEVELS[1])
    assert not is_rich(LEVELS[0])


def test_the_command_gives_the_same_bytes_and_takes_its_own_output(tmp_path: Path) -> None:
    facts, one, two = (tmp_path / name for name in ("facts.json", "one.json", "two.json"))
    facts.write_text(json.dumps(write_facts(province(marked=60))))
    assert main(["integrity", str(facts), "--out", str(one)]) == 0
    assert main(["integrity", str(one), "--out", str(two)]) == 0
    assert one.read_bytes() == two.read_bytes()
    result = json.loads(one.read_text())
    assert [flag["unit"] for flag in result["flags"]] == ["u00"]
    assert result["rules"] == {"version": RULES.version, "sha256": RULES.sha256}
    assert main(["integrity", str(facts), "--month", "2030-01", "--out", str(two)]) == 2
    facts.write_text("{}")
    assert main(["integrity", str(facts), "--out", str(two)]) == 2
    facts.write_text('{"version": 1, "facts": [{"unit": "a"}]}')
    assert main(["integrity", str(facts), "--out", str(two)]) == 2
    assert main(["integrity", str(tmp_path / "none.json"), "--out", str(two)]) == 2


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("least_answers = 30", 'least_answers = "x"', "least_answers must be a number"),
        ("watch = 1", "", "watch must be a number"),
        ('code = "F6b"\n', "", "rule 1: code is needed"),
        ('title_vi = "Dồn dập"', "", "title_vi and title_en are needed"),
        ("[[rules]]", "[[other]]", "rules: none are there"),
        ("version = 1", "version =", "cannot be read"),
    ],
)
def test_rules_with_a_fault_name_it(tmp_path: Path, before: str, after: str, told: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(SHIPPED.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    with pytest.raises(AnalysisError, match=told):
        load_rules(path)


def test_a_rule_nobody_knows_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    text = SHIPPED.read_text(encoding="utf-8").replace('code = "F10"', 'code = "F99"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AnalysisError, match="rule F99 is not known"):
        flag_units(province(), MONTHS[-1], load_rules(path))


@pytest.mark.long
@pytest.mark.slow
def test_frauds_are_told_from_honest_months() -> None:
    """Two seeds of a world that knows no threshold; the curves are the benchmark's."""
    total: Counter[tuple[str, str]] = Counter()
    for seed in (2001, 2002):
        total.update(run_seed(seed, "own", None))
    assert total["honest", "review"] <= 2
    for fraud in ("lazy 30 *", "blocks 20 *", "coerced 60 *"):
        assert total[fraud, "review"] == total[fraud, "all"] > 0, fraud
