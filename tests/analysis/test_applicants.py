"""Figures of citizens and businesses apart: the same weights, and nothing told of a few people."""

from __future__ import annotations

import hashlib
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


def test_factors_and_items_of_an_agency_are_shown_together_or_not_at_all(tmp_path: Path) -> None:
    """A hidden item is found from the mean of its factor and the other items."""
    writer = SnapshotWriter(tmp_path / "s")
    for agency, businesses in (("x", 6), ("y", 30), ("z", 60), ("w", 70)):
        for number in range(110):
            applicant = "business" if number < 40 else "citizen"
            levels: list[int | None] = [5 if number % 3 else 2] * len(ITEMS)
            if applicant == "business" and number >= businesses:
                levels[ITEMS.index("A1")] = None
            place = (agency, "land", "counter", "E2", "", "vi", "2026-07", applicant)
            writer.add((*place, *levels))
    snapshot = writer.close(
        totals=[(a, "land", "counter", "2026-07", 1000, 900) for a in "wxyz"],
        agencies=[(a, a.upper(), "department", "") for a in "wxyz"],
        about={"period": "2026-07", "province": "Tỉnh"},
    )
    found = rows(snapshot)
    for agency in (*"wxyz", PROVINCE):
        shown = {
            row["n"] is not None
            for (of, level, _), row in found.items()
            if of == agency and level in ("applicant-factor", "applicant-item")
        }
        assert len(shown) == 1
        assert shown == {agency not in ("x",)} or agency in ("y", "w", "z", PROVINCE)
    assert found["x", "applicant-item", "business.A2"]["n"] is None
    assert found["x", "applicant", "business"]["n"] == 40, "its own index tells of nobody"


def test_a_hidden_split_has_a_line_for_who_was_not_there(tmp_path: Path) -> None:
    """Without one the reader knows a zero, and with it the rest."""
    groups: Groups = {
        "x": {"citizen": (40, 30), "business": (4, 0)},
        "y": {"business": (12, 6), "": (30, 20)},
        "z": {"citizen": (100, 70), "business": (90, 50), "": (50, 30)},
    }
    found = rows(take(tmp_path / "s", groups), "overall")
    for agency in ("x", "y"):
        lines = [found[agency, "applicant", who] for who in ("citizen", "business", "untold")]
        assert [line["status"] for line in lines] == ["suppressed"] * 3
        assert [line["n"] for line in lines] == [None] * 3


def test_what_was_shown_before_does_not_tell_what_is_hidden_now() -> None:
    """The difference to an earlier release is a table that is protected alike."""
    old = {"x": (60, 40), "y": (60, 60), "z": (60, 60), "w": (70, 60)}
    new = {"x": (90, 43), "y": (80, 60), "z": (100, 90), "w": (130, 120)}

    def places(groups: dict[str, tuple[int, int]]) -> dict[tuple[str, str, str], int]:
        whole = {**groups, PROVINCE: tuple(np.sum(list(groups.values()), axis=0).tolist())}
        return {
            (agency, "applicant", who): n
            for agency, pair in whole.items()
            for who, n in zip(("citizen", "business"), pair, strict=True)
        } | {(agency, "overall", "overall"): sum(pair) for agency, pair in whole.items()}

    n, before = places(new), places(old)
    small = {place for place in n if 0 < n[place] - before[place] < 10}
    hidden = hidden_splits(n, small, 10, earlier=[before])
    shown = {agency for agency in new if (agency, "applicant", "business") not in hidden}
    columns = [
        sum(n[a, "applicant", who] - before[a, "applicant", who] for a in new if a not in shown)
        for who in ("citizen", "business")
    ]
    assert (PROVINCE, "applicant", "business") in hidden or min(columns) >= 10


def test_hidden_parts_that_are_all_alike_are_told_by_no_mean(tmp_path: Path) -> None:
    groups: Groups = {
        "x": {"citizen": (46, 46), "business": (4, 0)},
        "y": {"citizen": (20, 20), "business": (20, 0)},
        "z": {"citizen": (100, 100), "business": (90, 0)},
    }
    found = rows(take(tmp_path / "s", groups), "overall")
    assert found[PROVINCE, "applicant", "business"]["n"] is None
    assert found["x", "applicant", "business"]["n"] is None


def test_agencies_that_stand_apart_are_not_told_by_the_parts_of_the_province(
    tmp_path: Path,
) -> None:
    groups: Groups = {
        "a": {"citizen": (60, 50)},
        "b": {"citizen": (50, 40)},
        "p": {"business": (12, 12), "citizen": (4, 0)},
    }
    snapshot = take(tmp_path / "s", groups)
    totals = pl.read_parquet(snapshot.folder / "totals.parquet")
    totals.filter(pl.col("agency") != "p").write_parquet(snapshot.folder / "totals.parquet")
    manifest = json.loads((snapshot.folder / "manifest.json").read_text())
    digest = hashlib.sha256((snapshot.folder / "totals.parquet").read_bytes()).hexdigest()
    manifest["files"]["totals.parquet"]["sha256"] = digest
    (snapshot.folder / "manifest.json").write_text(json.dumps(manifest))
    found = rows(Snapshot(snapshot.folder, manifest), "overall")
    assert (PROVINCE, "applicant", "business") not in found
    assert found[PROVINCE, "applicant", "citizen"]["n"] == 110
    assert found[PROVINCE, "applicant", "citizen"]["received"] is None


def test_a_domain_called_business_is_no_applicant(tmp_path: Path) -> None:
    found = rows(take(tmp_path / "s", LARGE), "overall")
    label = found["a", "applicant", "business"]["label"]
    table = open_run(tmp_path / "s", "overall")
    table.snapshot.manifest["domains"] = {"business": "Đăng ký kinh doanh"}  # type: ignore[index]
    labels = {r["label"] for r in table.table.rows if r["level"] == "applicant"}
    assert label in labels
    assert "Đăng ký kinh doanh" not in labels


def test_a_snapshot_of_before_the_question_is_read_as_it_was(tmp_path: Path) -> None:
    snapshot = take(tmp_path / "s", {"a": {"": (30, 20)}})
    for part in snapshot.parts:
        pl.read_parquet(part).drop("applicant").write_parquet(part)
    manifest = json.loads((snapshot.folder / "manifest.json").read_text())
    manifest["schema_version"] = 2
    for part in snapshot.parts:
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        manifest["files"][f"responses/{part.name}"]["sha256"] = digest
    (snapshot.folder / "manifest.json").write_text(json.dumps(manifest))
    found = rows(Snapshot(snapshot.folder, manifest))
    assert str(found["a", "overall", "overall"]["n"]) == "30"
