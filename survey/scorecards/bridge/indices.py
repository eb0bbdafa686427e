"""The one seam to the statistics: writes snapshots, has them computed, and exports what was
computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import analysis
from survey.common.periods import parse_period
from survey.scorecards.differencing import Release, ReleasedFigure, known_numbers


@dataclass(frozen=True)
class Computed:
    """What an edition stores: identity of method and snapshot, and publishable rows by
    agency key.
    """

    method: str
    method_version: int
    method_sha256: str
    snapshot_sha256: str
    period: str
    responses: int
    about: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]
    province_key: str
    counted: dict[str, int]
    answers: dict[str, str]
    min_n: int


def place_name(row: Mapping[str, Any]) -> str:
    """Which figure a row is, as one text."""
    return f"{row['agency']}/{row['level']}/{row['code']}"


def method_items(*, method: str) -> set[str]:
    """Items a method is about."""
    return set(analysis.load_method(method).items)


def compute_index(*, folder: Path, method: str, releases: Sequence[Release] = ()) -> Computed:
    """Compute a snapshot under a method; only rows that may be shown come back, numbers as decimal
    text.

    ``releases`` are what editions have shown: no number of the new one may tell, with theirs, of a
    few people.
    """
    run = analysis.open_run(folder, method, purpose="charts")
    figures = {
        (figure.agency, figure.level, figure.code): ReleasedFigure(figure.n, figure.unweighted)
        for figure in run.result.figures
    }
    period = parse_period(str(run.snapshot.manifest["period"]))
    table = run.publish(known_numbers(period, run.method.id, figures, releases))
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in table.rows:
        plain = {
            name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()
        }
        rows.setdefault(str(row["agency"]), []).append(plain)
    return Computed(
        method=run.method.id,
        method_version=run.method.version,
        method_sha256=run.method.sha256,
        snapshot_sha256=run.snapshot.checksum,
        period=str(run.snapshot.manifest["period"]),
        responses=int(table.about["responses"]),
        about={
            **table.about,
            **run.chart_data(table),
            "rank_sensitivity": [vars(line) for line in run.rank_sensitivity(table)],
            **_tell_response(run),
            **_tell_modes(run, table),
            **_tell_excluded(run, table),
        },
        rows=rows,
        province_key=analysis.PROVINCE,
        counted={
            f"{figure.agency}/{figure.level}/{figure.code}": figure.n
            for figure in run.result.figures
        },
        answers=_answer_checksums(run),
        min_n=run.method.min_n,
    )


def _tell_response(run: analysis.Run) -> dict[str, Any]:
    """Share of dossiers with an answer at the province, in percent, how alike the parts of the
    province answer (R-indicator), and the dossiers behind both.
    """
    found = run.response
    if found is None:
        return {}
    told = {"rate": f"{found.rate:.1f}", "r": f"{found.r_indicator:.2f}"}
    return {"response": {**told, "dossiers": sum(run.completed.values())}}


def _tell_modes(run: analysis.Run, table: analysis.Table) -> dict[str, Any]:
    """How many agencies differ between online and the counter, and by how much in the middle: in
    whole points, so that no agency's own figure is among them.
    """
    found = run.modes(table)
    if found is None:
        return {}
    return {"modes": {**vars(found), "median": round(found.median)}}


def _tell_excluded(run: analysis.Run, table: analysis.Table) -> dict[str, Any]:
    """Agency key -> (answers excluded, index with them); nothing where nothing was excluded.

    Of quarters only: told of a month and of the quarter around it, the two would tell of the few
    that were excluded between them.
    """
    if "-Q" not in str(run.snapshot.manifest["period"]):
        return {}
    told = {one.agency: [one.excluded, str(one.index)] for one in run.with_excluded(table)}
    return {"with_excluded": told} if told else {}


def _answer_checksums(run: analysis.Run) -> dict[str, str]:
    """Agency key -> checksum of everything its answers add up to, in whatever order they lie."""
    cells = run.cells()
    sums: dict[str, Any] = {}
    keys = zip(*(cells.key(name) for name in cells.keys.columns), strict=True)
    for place, key in enumerate(keys):
        # Who was asked nothing about applicants has the sum it had before there was the question.
        key = key if key[-1] else key[:-1]
        line = (key, int(cells.n[place]), cells.total[place].tolist(), cells.cross[place].tolist())
        sums.setdefault(key[0], hashlib.sha256()).update(repr(line).encode())
    return {agency: total.hexdigest()[:32] for agency, total in sums.items()}


def index_by_channel(*, folder: Path, method: str) -> dict[str, float]:
    """Channel -> index of the province from the answers of that channel alone, in percent; what may
    be shown.
    """
    report = analysis.open_run(folder, method, purpose="quality").quality
    return dict(report["agencies"].get(analysis.PROVINCE, {}).get("channels", {}))
