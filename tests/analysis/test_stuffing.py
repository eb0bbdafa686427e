"""What somebody sends beside true answers moves the ranked number by no more than its dossiers, or
is not ranked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import SnapshotWriter, load_method, open_snapshot
from analysis.counting.engine import LocalEngine
from analysis.data.schema import RESPONSE_COLUMNS
from analysis.index.counted import KEYS
from analysis.index.indices import compute_indices
from analysis.index.results import Figure, IndexResult
from analysis.publication.disclosure import publication_status

ANSWERS = len(RESPONSE_COLUMNS) - 7


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
