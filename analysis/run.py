"""One run: a snapshot under a method, its rows counted once; index, table, quality and charts are
read from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from analysis.comparison.change import index_changes
from analysis.comparison.quality import (
    MODES,
    AgencyResponse,
    ModeSummary,
    measure_response,
    nonresponse_variables,
    summarise_modes,
)
from analysis.comparison.rank_sensitivity import RankSensitivity, rank_sensitivity
from analysis.comparison.with_excluded import WithExcluded, figures_with_excluded
from analysis.counting.cells import Cells
from analysis.counting.engine import Engine, LocalEngine
from analysis.counting.variables import CellRequest, says_something
from analysis.data.snapshot import Snapshot, open_snapshot
from analysis.data.weighted_rows import WeightedRows
from analysis.errors import AnalysisError
from analysis.index.counted import KEYS, weight_cells
from analysis.index.indices import compute_indices
from analysis.index.results import PROVINCE, IndexResult
from analysis.method import Method, load_method
from analysis.publication.chart_data import (
    LEVEL_VARIABLES,
    MONTH_KEYS,
    MONTH_VARIABLES,
    ShownWeights,
    coverage_rows,
    level_rows,
    shown_weights,
)
from analysis.publication.disclosure import publish_all
from analysis.publication.hiding import Place
from analysis.publication.labels import VI
from analysis.publication.quality_report import build_quality_report
from analysis.publication.table import Table, build_table

Purpose = Literal["index", "quality", "charts"]
_TABLES: Final[Mapping[Purpose, tuple[str, ...]]] = {
    "index": ("index",),
    "quality": ("index", "items"),
    "charts": ("index", "months", "levels"),
}
"""Which tables of cells a purpose needs; all of them come from one pass over the rows."""


@dataclass(frozen=True)
class Run:
    """A snapshot under a method: everything is counted in one pass and computed when first asked
    for.

    Parameters
    ----------
    snapshot : an opened snapshot.
    method : how the index is computed.
    engine : who counts the rows.
    purpose : what the run is for; anything else can still be asked for, at the price of another
        pass.

    Examples
    --------
    >>> run = open_run(snapshot, "sipas-service")
    >>> rows = {(row["agency"], row["level"]): row for row in run.table.rows}
    >>> row = rows["s00", "overall"]
    >>> str(row["weighted_index"]), row["status"]
    ('85.93', 'published')
    """

    snapshot: Snapshot
    method: Method
    engine: Engine = field(default_factory=LocalEngine)
    purpose: Purpose = "index"
    _cells: dict[str, Cells] = field(default_factory=dict, init=False, repr=False, compare=False)

    def _requests(self) -> dict[str, CellRequest]:
        return {
            "index": CellRequest(KEYS, self.method.variables()),
            "items": CellRequest(KEYS, nonresponse_variables(self.method)),
            "months": CellRequest(MONTH_KEYS, MONTH_VARIABLES),
            "levels": CellRequest(KEYS, LEVEL_VARIABLES),
        }

    def cells(self, table: str = "index") -> Cells:
        """One of the tables of cells: ``index``, ``items``, ``months`` or ``levels``."""
        if table not in self._cells:
            names = [name for name in {*_TABLES[self.purpose], table} if name not in self._cells]
            requests = [self._requests()[name] for name in names]
            self._cells.update(
                zip(names, self.engine.count(self.snapshot.parts, requests), strict=True)
            )
        return self._cells[table]

    @cached_property
    def totals(self) -> Mapping[tuple[str, str, str], tuple[int, int]]:
        """(agency, domain, channel) -> (completed dossiers, of these on time)."""
        return self.snapshot.totals()

    @property
    def completed(self) -> dict[tuple[str, str, str], int]:
        """(agency, domain, channel) -> completed dossiers."""
        return {key: n for key, (n, _) in self.totals.items()}

    @cached_property
    def result(self) -> IndexResult:
        """Figures of every agency and of the province, none of them held back yet."""
        manifest = self.snapshot.manifest
        about = {
            "period": manifest.get("period", ""),
            "province": manifest.get("province", ""),
            "notice": manifest.get("notice", ""),
            # To the next five: the exact number of a province that may not be shown is a figure
            # too.
            "responses": 5 * round(manifest["responses"] / 5),
            "snapshot": self.snapshot.checksum,
        }
        return compute_indices(self.cells(), self.totals, self.method, about)

    @cached_property
    def table(self) -> Table:
        """The publishable table, with names from the snapshot."""
        return self.publish()

    def publish(self, earlier: Sequence[Mapping[Place, int]] = ()) -> Table:
        """The publishable table beside ``earlier`` releases that share months with this one."""
        manifest = self.snapshot.manifest
        labels = VI | manifest.get("domains", {}) | {"-": "Lĩnh vực chưa rõ"}
        province = str(manifest.get("province") or "Toàn tỉnh")
        return build_table(self.result, self.snapshot.agencies(), labels, province, earlier)

    @cached_property
    def quality(self) -> dict[str, Any]:
        """Response, mode effects, missing items and sensitivity per agency, without agencies that
        may not be shown.

        Examples
        --------
        >>> run = open_run(snapshot, "sipas-service", purpose="quality")
        >>> sorted(run.quality["agencies"]["s00"])
        ['channels', 'item_nonresponse', 'mode_effect', 'response', 'sensitivity']
        """
        hidden = [
            figure.agency
            for figure in publish_all(self.result)
            if figure.level == "overall" and figure.status in ("suppressed", "none")
        ]
        agencies = build_quality_report(
            self.cells(), self.cells("items"), self.totals, self.method, hidden
        )
        about = {**self.result.about, "method": self.method.id, "method_sha256": self.method.sha256}
        places = [vars(line) for line in self.rank_sensitivity(self.table)]
        return {"about": about, "agencies": agencies, "rank_sensitivity": places}

    def rank_sensitivity(self, table: Table) -> list[RankSensitivity]:
        """How many agencies of a published table would have other possible places under other
        choices of the method.

        Examples
        --------
        >>> run = open_run(snapshot, "sipas-service")
        >>> [line.variant for line in run.rank_sensitivity(run.table)]
        ['rule', 'weights', 'without_flagged', 'equal_channels']
        """
        kinds = {
            str(row["agency"]): str(row["agency_kind"])
            for row in table.rows
            if row["level"] == "overall" and row["rank_best"] is not None
        }
        return rank_sensitivity(self.cells(), self.totals, self.method, kinds)

    @property
    def response(self) -> AgencyResponse | None:
        """Response of all agencies together; None without dossiers.

        Examples
        --------
        >>> open_run(snapshot, "sipas-service").response.rate > 0
        True
        """
        completed = {key: n for key, n in self.completed.items() if n}
        return measure_response(self.cells(), completed) if completed else None

    def modes(self, table: Table) -> ModeSummary | None:
        """How far the indices a table shows depend on the channel: online against the counter.

        Examples
        --------
        >>> run = open_run(snapshot, "sipas-service")
        >>> run.modes(run.table).compared > 0
        True
        """
        rows = [row for row in table.rows if row["level"] == "overall"]
        shown = {str(row["agency"]) for row in rows if row["weighted_index"] is not None}
        return summarise_modes(self.cells(), self.totals, self.method, MODES, shown)

    def with_excluded(self, table: Table) -> list[WithExcluded]:
        """What the indices a table shows would be with the answers that were excluded.

        Examples
        --------
        >>> run = open_run(snapshot, "sipas-service")
        >>> run.with_excluded(run.table)
        []
        """
        rows = [row for row in table.rows if row["level"] == "overall"]
        shown = {str(row["agency"]) for row in rows if row["weighted_index"] is not None}
        return figures_with_excluded(self.cells(), self.totals, self.method, shown)

    def chart_data(self, table: Table) -> dict[str, list[list[Any]]]:
        """What charts need beside a published table: response by month and levels of the overall
        question.

        Examples
        --------
        >>> run = open_run(snapshot, "sipas-service", purpose="charts")
        >>> run.chart_data(run.table)["coverage"][0]
        ['s00', '2026-07', 23.8]
        """
        shown = published_agencies(table)
        dossiers = self.snapshot.monthly_totals()
        return {
            "coverage": coverage_rows(self.cells("months"), dossiers, shown, self.method.min_n),
            "levels": level_rows(self.cells("levels"), self.completed, self.method, shown),
        }

    @property
    def weighted_rows(self) -> WeightedRows:
        """The rows with the weights they have under the method.

        Examples
        --------
        >>> frame = next(open_run(snapshot, "sipas-service").weighted_rows.frames())
        >>> bool((frame["weight"] >= 0).all())
        True
        """
        weights = weight_cells(self.cells(), self.completed, self.method)
        return WeightedRows(self.snapshot, weights, says_something(self.method.variables()))

    def shown_weights(self, agencies: Collection[str]) -> ShownWeights | None:
        """Weights of some agencies before and after trimming, where enough answers carry one."""
        return shown_weights(self.cells(), self.completed, self.method, agencies)


def open_run(
    snapshot: Snapshot | Path | str,
    method: Method | Path | str = "sipas-service",
    *,
    engine: Engine | None = None,
    purpose: Purpose = "index",
) -> Run:
    """A run of a snapshot (or its folder) under a method (or its name or file).

    Raises
    ------
    AnalysisError
        The snapshot was changed, or the method is unknown or contradicts itself.

    Examples
    --------
    >>> open_run(snapshot.folder, "overall").result.about["period"]
    '2026-Q3'
    """
    opened = snapshot if isinstance(snapshot, Snapshot) else open_snapshot(snapshot)
    loaded = method if isinstance(method, Method) else load_method(method)
    return Run(opened, loaded, engine or LocalEngine(), purpose)


def published_agencies(table: Table) -> list[str]:
    """Keys of the agencies whose overall figure is published, the province left out."""
    rows = [row for row in table.rows if row["level"] == "overall" and row["status"] == "published"]
    return [str(row["agency"]) for row in rows if row["agency"] != PROVINCE]


def compare_periods(before: Run, after: Run, *, adjust: str = "holm") -> dict[str, Any]:
    """Changes between two snapshots, of agencies whose figures are published in both; ``adjust`` is
    a name of ``ADJUSTMENTS``.

    Examples
    --------
    >>> runs = open_run(snapshot, "sipas-service"), open_run(later, "sipas-service")
    >>> moved = compare_periods(*runs)["agencies"]["s00"]
    >>> moved["difference"], moved["changed"]
    (0.0, False)

    Raises
    ------
    AnalysisError
        The snapshots share months: their answers are not independent.
    """
    if shared := sorted(before.snapshot.months() & after.snapshot.months()):
        raise AnalysisError(
            "both snapshots hold answers or dossiers of {shared}: a change needs two "
            "periods without a month in common",
            shared=", ".join(shared[:3]),
        )
    results = [before.result, after.result]
    shown = [
        {p.agency for p in publish_all(result) if p.level == "overall" and p.status == "published"}
        for result in results
    ]
    both = shown[0] & shown[1]
    changes = index_changes(results[0], results[1], both, adjust=adjust)
    about = {
        "method": before.method.id,
        "from": results[0].about["period"],
        "to": results[1].about["period"],
        "adjust": adjust,
    }
    return {"about": about, "agencies": changes}
