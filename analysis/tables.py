"""All figures of a snapshot: every agency, all of them together, and the overall index by procedure domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis.cells import Cells
from analysis.figures import Agencies, figures_of, silent
from analysis.index import estimate_measures, gradients_of, sums_of, with_lonely
from analysis.method import Method
from analysis.result import Figure, IndexResult, Measure, measures
from analysis.schema import EVIDENCE, EVIDENCE_ORDER
from analysis.variance import Design, domain_totals
from analysis.weighting.poststratify import Key, Weights, poststratify

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
KEYS: Final = ("agency", "domain", "channel", "evidence", "flag")
"""What the cells of an index have to be counted by."""


def counted_by(method: Method, cells: Cells) -> npt.NDArray[np.bool_]:
    """Which cells count, before any cap: by evidence class, and by the rule that marked their answers.

    Parameters
    ----------
    cells : with the keys ``KEYS``.

    Returns
    -------
    Boolean array, one entry per cell.
    """
    flags = np.array(cells.key("flag"))
    counted: npt.NDArray[np.bool_] = np.isin(cells.key("evidence"), method.counted)
    counted &= (flags == "") | (method.flagged & ~np.isin(flags, method.uncounted_flags))
    return counted


def weighted(cells: Cells, completed: Mapping[Key, int], method: Method) -> tuple[Cells, Weights]:
    """The answers a method counts, and their weights: at most as many as dossiers, post-stratified to them.

    ``cells`` have the keys ``KEYS``; ``completed`` are dossiers by the first three of them.

    Examples
    --------
    >>> from analysis.engine import LocalEngine
    >>> from analysis.method import load_method
    >>> method = load_method("sipas-service")
    >>> cells = LocalEngine().cells(snapshot.parts, KEYS, method.variables())
    >>> completed = {key: n for key, (n, _) in snapshot.totals().items()}
    >>> counted, weights = weighted(cells, completed, method)
    >>> bool((weights.kept <= 1).all()), int(counted.n.sum()) < sum(completed.values())
    (True, True)
    """
    cells = cells.restrict(counted_by(method, cells))
    keys = _masked(list(zip(cells.key("agency"), cells.key("domain"), cells.key("channel"), strict=True)), method)
    weights = poststratify(
        keys,
        cells.n,
        _summed(completed, method),
        method.min_cell,
        order=np.array([EVIDENCE_ORDER[evidence] for evidence in cells.key("evidence")], dtype=np.int64),
        channel_mix=method.channel_mix,
        trim=method.trim,
    )
    there = weights.kept > 0
    cells = cells.scaled(weights.kept).restrict(there)
    return cells, replace(weights, weight=weights.weight[there], stratum=weights.stratum[there])


@dataclass(frozen=True)
class _Run:
    """One snapshot under one method: what was received, what counts, and what would count with open answers."""

    method: Method
    received: Cells
    completed: Mapping[Key, int]
    cells: Cells
    weights: Weights
    opened: Cells
    opened_weights: Weights

    @property
    def design(self) -> Design:
        """Groups as strata; groups of one answer are put together within their agency, alone they show no spread."""
        stratum = self.weights.stratum
        size = np.bincount(stratum, weights=self.cells.n)
        code, _ = self.cells.codes("agency")
        lonely = np.rint(size[stratum]) <= 1
        pooled = np.where(lonely, len(size) + code, stratum)
        return Design(np.unique(pooled, return_inverse=True)[1].astype(np.int64), self.weights.weight)


def agency_indices(
    cells: Cells, totals: Mapping[Key, tuple[int, int]], method: Method, about: Mapping[str, Any]
) -> IndexResult:
    """Indices of every agency in the cells or the totals, and of all together (agency ``PROVINCE``).

    Parameters
    ----------
    cells : moments with the keys ``KEYS`` and the variables of ``method.variables()``.
    totals : (agency, domain, channel) -> (completed dossiers, of these on time).
    about : what identifies the data; carried into the result.

    Examples
    --------
    >>> from analysis.engine import LocalEngine
    >>> from analysis.method import load_method
    >>> method = load_method("sipas-service")
    >>> cells = LocalEngine().cells(snapshot.parts, KEYS, method.variables())
    >>> result = agency_indices(cells, snapshot.totals(), method, {})
    >>> [round(f.weighted, 2) for f in result.figures if (f.agency, f.level) == ("s00", "overall")]
    [85.93]
    """
    completed = {key: n for key, (n, _) in totals.items()}
    figures = _figures_under(cells, completed, method)
    if method.open_classes:
        open_only = _figures_under(cells, completed, method.counting(*method.open_classes))
        figures = _with_unverified(figures, open_only, method)
    overfull = _overfull(cells, completed, method)
    figures = [replace(figure, overfull=figure.agency in overfull) for figure in figures]
    transactions = _by_label(completed, ("agency",))
    received = _by_label(_counts_by(cells), ("agency",))
    known = {(figure.agency,) for figure in figures}
    for (agency,) in sorted((set(transactions) | set(received)) - known):
        about_it = transactions.get((agency,), 0), received.get((agency,), 0)
        figures += [silent(agency, measure, *about_it) for measure in measures(method)]
    return IndexResult(tuple(figures), method, dict(about))


def _overfull(cells: Cells, completed: Mapping[Key, int], method: Method) -> set[str]:
    """Agencies that sent more proven answers than they have dossiers: nobody can tell which were given by others."""
    proven = cells.restrict(counted_by(method, cells) & ~np.isin(cells.key("evidence"), method.open_classes or ("E0",)))
    dossiers = _by_label(completed, ("agency",))
    return {
        agency
        for (agency,), n in _by_label(_counts_by(proven), ("agency",)).items()
        if n > dossiers.get((agency,), 0) > 0
    }


def _figures_under(cells: Cells, completed: Mapping[Key, int], method: Method) -> list[Figure]:
    counted, weights = weighted(cells, completed, method)
    if not len(counted):
        return []
    opened, opened_weights = counted, weights
    if set(method.open_classes) & set(cells.key("evidence")):
        opened, opened_weights = weighted(cells, completed, method.counting(*method.counted, *method.open_classes))
    run = _Run(method, cells, completed, counted, weights, opened, opened_weights)
    figures = _figures(run, ("agency",))
    return figures + (_figures(run, ("agency", "domain")) if method.by_domain else [])


def _with_unverified(proven: list[Figure], open_: list[Figure], method: Method) -> list[Figure]:
    """Figures, those of agencies with hardly any proven answer replaced by what their open answers say, so marked.

    An agency is unverified when fewer than the minimum of its answers prove presence and enough open ones are there.
    It has no figures by domain: nothing but its open answers would hold them together.
    """
    counted = {figure.agency: figure.n for figure in proven if figure.level == "overall"}
    unverified = {
        figure.agency
        for figure in open_
        if figure.level == "overall" and figure.n >= method.min_n and counted.get(figure.agency, 0) < method.min_n
    }
    known = {(figure.agency, figure.level, figure.code): figure.n for figure in proven}
    marked = [
        replace(
            figure,
            unverified=True,
            n_proven=known.get((figure.agency, figure.level, figure.code), 0),
            received=0 if counted.get(figure.agency) else figure.received,
        )
        for figure in open_
        if figure.agency in unverified and figure.level != "domain"
    ]
    return [figure for figure in proven if figure.agency not in unverified] + marked


def _figures(run: _Run, by: tuple[str, ...]) -> list[Figure]:
    """Figures of all agencies together and of each: of all measures, or of the overall one in each domain."""
    code, labels = run.cells.codes(*by)
    sums = sums_of(run.cells, run.design, code, len(labels), len(run.method.parts))
    transactions = _by_label(run.completed, by)
    classes, received, opened, opened_n = _beside(run, by, labels)
    result: list[Figure] = []
    for domain in sorted({label[1:] for label in labels}):
        rows = np.array([row for row, label in enumerate(labels) if label[1:] == domain])
        chosen = [Measure("domain", domain[0] or "-", run.method.parts)] if domain else measures(run.method)
        mine = sums.rows(rows)
        whole = with_lonely(mine.together(), run.cells, run.design, np.isin(code, rows))
        about = Agencies(
            names=[labels[row][0] for row in rows],
            transactions={label[0]: n for label, n in transactions.items() if label[1:] == domain},
            weights=run.weights,
            classes=classes[rows],
            received=received[rows],
            opened=gradients_of(opened[rows], sums.raw[rows], chosen, run.method)[0],
            opened_n=opened_n[rows],
        )
        total, raw = _opened_in(run, domain), sums.raw[rows].sum(axis=0, keepdims=True)
        together = about.together(
            received=_answers_in(run.received, domain),
            opened=gradients_of(total, raw, chosen, run.method)[0],
            opened_n=_answers_in(run.opened, domain),
        )
        result += figures_of(estimate_measures(whole, chosen, run.method), together, chosen, run.method)
        result += figures_of(estimate_measures(mine, chosen, run.method), about, chosen, run.method)
    return result


def _lies_in(cells: Cells, domain: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which cells lie in a procedure domain; all of them for the empty one."""
    return np.array(cells.key("domain")) == domain[0] if domain else np.ones(len(cells), dtype=bool)


def _answers_in(cells: Cells, domain: tuple[str, ...]) -> int:
    """Answers of all agencies, those without a row of their own too."""
    return round(float(cells.n[_lies_in(cells, domain)].sum()))


def _opened_in(run: _Run, domain: tuple[str, ...]) -> Floats:
    """Weighted totals (1, p) of all agencies with open answers."""
    where = np.where(_lies_in(run.opened, domain), 0, -1)
    return domain_totals(run.opened, run.opened_weights.weight, where, 1)


def _counts_by(cells: Cells) -> dict[Key, int]:
    """Answers received per agency, domain and channel."""
    keys = zip(cells.key("agency"), cells.key("domain"), cells.key("channel"), strict=True)
    result: dict[Key, int] = {}
    for key, n in zip(keys, cells.n.tolist(), strict=True):
        result[key] = result.get(key, 0) + n
    return result


def _by_label(completed: Mapping[Key, int], by: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    result: dict[tuple[str, ...], int] = {}
    for key, n in completed.items():
        result[key[: len(by)]] = result.get(key[: len(by)], 0) + n
    return result


def _beside(
    run: _Run, by: tuple[str, ...], labels: Sequence[tuple[str, ...]]
) -> tuple[Floats, Integers, Floats, Integers]:
    """Per label (D): counted answers by evidence class, answers received, totals with open answers and their number."""
    place = {label: row for row, label in enumerate(labels)}

    def rows_of(cells: Cells) -> Integers:
        keys = zip(*(cells.key(name) for name in by), strict=True)
        return np.array([place.get(label, -1) for label in keys], dtype=np.int64)

    classes = np.zeros((len(labels), len(EVIDENCE)))
    kinds = np.array([EVIDENCE.index(evidence) for evidence in run.cells.key("evidence")], dtype=np.int64)
    np.add.at(classes, (rows_of(run.cells), kinds), run.cells.n)
    received = np.zeros(len(labels), dtype=np.int64)
    arrived = rows_of(run.received)
    np.add.at(received, arrived[arrived >= 0], run.received.n[arrived >= 0])
    rows = rows_of(run.opened)
    opened = domain_totals(run.opened, run.opened_weights.weight, rows, len(labels))
    known = rows >= 0
    opened_n = np.bincount(rows[known], weights=run.opened.n[known], minlength=len(labels))
    opened_n = np.rint(opened_n).astype(np.int64)
    return classes, received, opened, opened_n


def _masked(keys: Sequence[Key], method: Method) -> list[Key]:
    """Keys with what the method does not weight on left empty."""
    domain, channel = ("domain" in method.weighting_cells), ("channel" in method.weighting_cells)
    return [(a, d if domain else "", c if channel else "") for a, d, c in keys]


def _summed(completed: Mapping[Key, int], method: Method) -> dict[Key, int]:
    result: dict[Key, int] = {}
    for key, masked in zip(completed, _masked(list(completed), method), strict=True):
        result[masked] = result.get(masked, 0) + completed[key]
    return result
