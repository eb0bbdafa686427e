"""Figures of citizens and businesses apart: the same weights, and nothing told of a few people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis import open_run
from analysis.data.schema import ITEMS
from analysis.data.snapshot import Snapshot, SnapshotWriter
from analysis.index.results import APPLICANT_LEVELS, PROVINCE
from analysis.publication.audit import ALL, Counts, audit, safe
from analysis.publication.hiding import hidden_in_table
from analysis.publication.splits import hidden_splits

Groups = dict[str, dict[str, tuple[int, int]]]
"""agency -> applicant -> (answers, of these satisfied)."""


def take(folder: Path, groups: Groups, *, dossiers: int = 1000) -> Snapshot:
    writer = SnapshotWriter(folder)
    for agency in sorted(groups):
        for applicant, (n, good) in groups[agency].items():
            for number in range(n):
                levels = [5 if number < good else 2] * len(ITEMS)
                place = (agency, "land", "counter", "E2", "", "vi", "2026-07", applicant)
                writer.add((*place, *levels))
    return writer.close(
        totals=[(agency, "land", "counter", "2026-07", dossiers, dossiers) for agency in groups],
        agencies=[(agency, agency.upper(), "department", "") for agency in sorted(groups)],
        about={"period": "2026-07", "province": "Tỉnh"},
    )


def rows(snapshot: Snapshot, method: str = "sipas-service") -> dict[tuple[str, str, str], dict]:
    table = open_run(snapshot, method).table
    return {(str(r["agency"]), str(r["level"]), str(r["code"])): r for r in table.rows}


LARGE: Groups = {
    "a": {"citizen": (80, 72), "business": (40, 20), "": (20, 10)},
    "b": {"citizen": (50, 50), "business": (50, 25), "": (10, 10)},
}


def test_every_figure_is_split_by_applicant(tmp_path: Path) -> None:
    found = rows(take(tmp_path / "s", LARGE))
    assert str(found["a", "applicant", "citizen"]["weighted_index"]) == "90.00"
    assert str(found["a", "applicant", "business"]["weighted_index"]) == "50.00"
    assert found["a", "applicant", "untold"]["n"] == 20
    for level, whole in APPLICANT_LEVELS.items():
        codes = {code for agency, of, code in found if (agency, of) == ("a", whole)}
        expected = {
            who if whole == "overall" else f"{who}.{code}"
            for who in ("citizen", "business", "untold")
            for code in codes
        }
        assert {code for agency, of, code in found if (agency, of) == ("a", level)} == expected
    label = found["a", "applicant-factor", "business.ACCESS"]["label"]
    assert label == "Doanh nghiệp, tổ chức: Nơi tiếp nhận và trả kết quả"


def test_the_parts_make_up_the_whole(tmp_path: Path) -> None:
    found = rows(take(tmp_path / "s", LARGE))
    for agency in ("a", "b", PROVINCE):
        parts = [found[agency, "applicant", who] for who in ("citizen", "business", "untold")]
        whole = found[agency, "overall", "overall"]
        assert sum(part["n"] for part in parts) == whole["n"]
    mean = sum(part["n"] * float(part["weighted_index"]) for part in parts) / whole["n"]
    unequal = abs(mean - float(found[PROVINCE, "overall", "overall"]["weighted_index"]))
    assert unequal < 5, "weights of agencies move it a little, never far"


def test_other_figures_are_what_they_were_without_the_question(tmp_path: Path) -> None:
    asked = rows(take(tmp_path / "s", LARGE))
    silent = {
        agency: {"": tuple(np.sum(list(parts.values()), axis=0).tolist())}
        for agency, parts in LARGE.items()
    }
    before = rows(take(tmp_path / "t", silent))
    assert not {level for _, level, _ in before} & set(APPLICANT_LEVELS)
    assert {place: row for place, row in asked.items() if place[1] not in APPLICANT_LEVELS} == (
        before
    )


def test_a_small_part_hides_all_parts_of_the_agency(tmp_path: Path) -> None:
    few: Groups = {**LARGE, "c": {"citizen": (60, 50), "business": (3, 0)}, "d": LARGE["a"]}
    found = rows(take(tmp_path / "s", few))
    shown = [found["c", "applicant", who]["n"] for who in ("citizen", "business")]
    assert shown == [None, None]
    assert found["c", "overall", "overall"]["n"] == 63
    hidden = {a for a, level, _ in found if level == "applicant"} - {
        a for (a, level, _), row in found.items() if level == "applicant" and row["n"]
    }
    assert len(hidden - {PROVINCE}) != 1 or PROVINCE in hidden, "one alone is found by subtraction"


@pytest.mark.parametrize("seed", range(120))
def test_no_reader_works_out_a_hidden_part(seed: int) -> None:
    """The linear program of a reader, over random provinces."""
    rng = np.random.default_rng(seed)
    agencies = [f"a{k}" for k in range(int(rng.integers(2, 9)))]
    who = ("business", "citizen", "untold")
    counts = rng.integers(0, 40, size=(len(agencies), 3)) * (rng.random((len(agencies), 3)) < 0.8)
    table = np.vstack([counts, counts.sum(axis=0)])
    names = [*agencies, PROVINCE]
    n = {
        (name, "applicant", part): int(table[r, c])
        for r, name in enumerate(names)
        for c, part in enumerate(who)
    }
    n |= {(name, "overall", "overall"): int(table[r].sum()) for r, name in enumerate(names)}
    wholes = {place: count for place, count in n.items() if place[1] == "overall"}
    closed = hidden_in_table(wholes, {place for place, k in wholes.items() if 0 < k < 10}, 10)
    hidden = hidden_splits(n, closed, 10) | closed
    whole = np.column_stack([table.sum(axis=1), table])
    mask = np.array(
        [
            [
                (name, "overall", "overall") in hidden,
                *((name, "applicant", p) in hidden for p in who),
            ]
            for name in names
        ]
    )
    assert not (~mask & (whole > 0) & (whole < 10)).any(), "a few people are shown"
    torn = {name for r, name in enumerate(names) if 0 < mask[r, 1:].sum() < 3}
    assert not torn, "all parts of an agency or none"
    reader = Counts(tuple(names), dict.fromkeys(agencies, PROVINCE), (ALL, *who), whole)
    bounds = audit(reader, mask)
    weak = [
        cell
        for cell, (low, high) in bounds.items()
        if cell[1] and whole[cell] and not safe(low, high, 10)
    ]
    assert weak == []


def test_a_snapshot_of_before_the_question_is_read_as_it_was(tmp_path: Path) -> None:
    snapshot = take(tmp_path / "s", {"a": {"": (30, 20)}})
    for part in snapshot.parts:
        pl.read_parquet(part).drop("applicant").write_parquet(part)
    manifest = json.loads((snapshot.folder / "manifest.json").read_text())
    manifest["schema_version"] = 2
    import hashlib

    for part in snapshot.parts:
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        manifest["files"][f"responses/{part.name}"]["sha256"] = digest
    (snapshot.folder / "manifest.json").write_text(json.dumps(manifest))
    found = rows(Snapshot(snapshot.folder, manifest))
    assert str(found["a", "overall", "overall"]["n"]) == "30"
