"""What somebody sends beside true answers moves the ranked number by no more than its dossiers, or
is not ranked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import PROVINCE, SnapshotWriter, load_method, open_run, open_snapshot
from analysis.counting.engine import LocalEngine
from analysis.data.schema import RESPONSE_COLUMNS
from analysis.index.counted import KEYS
from analysis.index.indices import compute_indices
from analysis.index.results import Figure, IndexResult
from analysis.publication.disclosure import Published, publication_status, publish_all
from analysis.publication.hiding import Place

ANSWERS = len(RESPONSE_COLUMNS) - 8
Row = tuple[str, str, str, int, int]
Total = tuple[str, str, int]


def index_with(
    folder: Path, dossiers: dict[str, int], stuffed: int, where: str, evidence: str = "E1"
) -> tuple[IndexResult, Figure]:
    """An agency with 60 true answers, satisfied by half, and fives somebody sends beside them."""
    writer = SnapshotWriter(folder)
    for place, domain, level, count in (
        (0, "land", 5, 30),
        (1, "land", 2, 30),
        (2, where, 5, stuffed),
    ):
        row = (
            "a",
            domain,
            "counter",
            evidence if place == 2 else "E1",
            "",
            "vi",
            "2026-07",
            "",
            *([level] * ANSWERS),
        )
        for _answer in range(count):
            writer.add(row)
    totals = [("a", domain, "counter", "2026-07", n, n) for domain, n in dossiers.items()]
    writer.close(totals=totals, agencies=[("a", "A", "commune", "")], about={"period": "2026-Q3"})
    snapshot, method = open_snapshot(folder), load_method("overall")
    cells = LocalEngine().cells(snapshot.parts, KEYS, method.variables())
    result = compute_indices(cells, snapshot.totals(), method, {})
    return result, next(f for f in result.figures if (f.agency, f.level) == ("a", "overall"))


@pytest.mark.parametrize("dossiers", [{"land": 100, "x": 3}, {"land": 100, "x": 0}, {"land": 100}])
def test_a_domain_without_dossiers_does_not_carry_an_agency(
    tmp_path: Path, dossiers: dict[str, int]
) -> None:
    """300 fives of a domain with three, or no, dossiers made 91.7 % of an agency at 50 %,
    ranked.
    """
    result, overall = index_with(tmp_path / "s", dossiers, 300, "x")
    assert overall.n <= 103
    assert overall.weighted is not None
    assert overall.weighted <= 70.1
    assert publication_status(overall, result.method) == "unverified"


@pytest.mark.parametrize("evidence", ["E1", "E2", "E3"])
@pytest.mark.parametrize(
    ("stuffed", "status"),
    [(0, "published"), (20, "published"), (21, "unverified"), (200, "unverified")],
)
def test_more_proven_answers_than_dossiers_are_shown_and_not_ranked(
    tmp_path: Path, evidence: str, stuffed: int, status: str
) -> None:
    result, overall = index_with(tmp_path / "s", {"land": 80}, stuffed, "land", evidence)
    assert publication_status(overall, result.method) == status
    assert overall.overfull is (stuffed > 20)
    assert overall.n <= 80


def test_a_counter_without_a_domain_counts_in_the_room_its_agency_has_left(tmp_path: Path) -> None:
    """Many counters serve all domains: their answers are as good as any, up to the dossiers of the
    agency.
    """
    result, overall = index_with(tmp_path / "s", {"x": 100}, 0, "x")
    assert overall.n == 60
    assert overall.weighted == pytest.approx(50)
    assert publication_status(overall, result.method) == "published"


def test_open_answers_make_no_agency_overfull(tmp_path: Path) -> None:
    result, overall = index_with(tmp_path / "s", {"land": 80}, 500, "land", "E0")
    assert publication_status(overall, result.method) == "published"
    assert overall.weighted == pytest.approx(50)


def province_with(folder: Path, rows: list[Row], totals: list[Total]) -> dict[Place, Published]:
    """(agency, domain, channel, level, answers) and (agency, domain, dossiers)."""
    writer = SnapshotWriter(folder)
    for agency, domain, channel, level, count in rows:
        row = (agency, domain, channel, "E1", "", "vi", "2026-07", "", *([level] * ANSWERS))
        for _answer in range(count):
            writer.add(row)
    keys = sorted({row[0] for row in rows})
    writer.close(
        totals=[(agency, domain, "counter", "2026-07", n, n) for agency, domain, n in totals],
        agencies=[(key, key.upper(), "commune", "") for key in keys],
        about={"period": "2026-Q3", "province": "x", "notice": ""},
    )
    result = open_run(folder, "overall").result
    return {(p.agency, p.level, p.code): p for p in publish_all(result)}


TRUE: list[Row] = [
    ("a", "land", "counter", 5, 30),
    ("a", "land", "counter", 2, 30),
    ("a", "tax", "counter", 5, 10),
    ("a", "tax", "counter", 2, 10),
]
DOSSIERS: list[Total] = [("a", "land", 300), ("a", "tax", 300)]
WHOLE = ("overall", "overall")


@pytest.mark.parametrize(
    "stuffed",
    [("a", "tax", "counter", 5, 500), ("a", "tax", "online", 5, 500)],
    ids=["cell", "none"],
)
def test_one_overfull_cell_is_enough(tmp_path: Path, stuffed: Row) -> None:
    """580 answers for 600 dossiers, 520 of them for the 300 of one domain: 50 % became 74 %."""
    shown = province_with(tmp_path / "s", [*TRUE, stuffed], DOSSIERS)
    assert (shown["a", *WHOLE].status, shown["a", *WHOLE].overfull) == ("unverified", True)
    assert shown["a", "domain", "tax"].status == "unverified"
    honest = province_with(tmp_path / "h", TRUE, DOSSIERS)
    assert honest["a", *WHOLE].status == "published"


def test_few_answers_beyond_a_small_cell_make_no_agency_overfull(tmp_path: Path) -> None:
    """Somebody who wants a rival off the ranks needs more than a handful."""
    rows = [*TRUE, ("a", "post", "counter", 2, 8)]
    shown = province_with(tmp_path / "s", rows, [*DOSSIERS, ("a", "post", 2)])
    assert shown["a", *WHOLE].status == "published"


@pytest.mark.parametrize("dossiers", [None, 100])
def test_the_province_counts_only_agencies_their_dossiers_hold(
    tmp_path: Path, dossiers: int | None
) -> None:
    """5,000 fives of an agency without totals made 99 % of a province whose only other is at 50."""
    rows: list[Row] = [("a", "land", "counter", 5, 5000)]
    rows += [("b", "land", "counter", 5, 30), ("b", "land", "counter", 2, 30)]
    totals: list[Total] = [("b", "land", 100)] + ([("a", "land", dossiers)] if dossiers else [])
    shown = province_with(tmp_path / "s", rows, totals)
    assert shown["a", *WHOLE].status == "unverified"
    whole = shown[PROVINCE, *WHOLE]
    assert (whole.status, whole.n, str(whole.weighted)) == ("published", 60, "50.00")


def test_a_domain_without_dossiers_is_unverified(tmp_path: Path) -> None:
    rows: list[Row] = [*TRUE, ("a", "", "counter", 5, 200)]
    shown = province_with(tmp_path / "s", rows, DOSSIERS)
    assert shown["a", "domain", "-"].status == "unverified"
    assert shown[PROVINCE, "domain", "-"].status == "unverified"
    assert shown["a", *WHOLE].status == "published", "within the dossiers of the agency"


def test_a_month_of_answers_without_dossiers_is_not_told_by_the_others(tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path / "s")
    for month, count in (("2026-07", 40), ("2026-08", 3), ("2026-09", 40)):
        for _answer in range(count):
            writer.add(("a", "land", "counter", "E1", "", "vi", month, "", *([5] * ANSWERS)))
    writer.close(
        totals=[("a", "land", "counter", month, 400, 400) for month in ("2026-07", "2026-09")],
        agencies=[("a", "A", "commune", "")],
        about={"period": "2026-Q3", "province": "x", "notice": ""},
    )
    run = open_run(tmp_path / "s", "overall", purpose="charts")
    assert run.chart_data(run.table)["coverage"] == [["a", "2026-07", None], ["a", "2026-09", 10.0]]


def test_everybody_content_is_no_contradiction(tmp_path: Path) -> None:
    """With 400 dossiers the variance of equal scores came out at minus a rounding error."""
    writer = SnapshotWriter(tmp_path / "s")
    for _answer in range(12):
        writer.add(("a", "land", "counter", "E2", "", "vi", "2026-07", "", *([5] * ANSWERS)))
    writer.close(
        totals=[("a", "land", "counter", "2026-07", 400, 400)],
        agencies=[("a", "A", "commune", "")],
        about={"period": "2026-Q3", "province": "x", "notice": ""},
    )
    (overall,) = (
        f for f in open_run(tmp_path / "s", "mean-score").result.of("a") if f.level == "overall"
    )
    assert overall.weighted == pytest.approx(100)
