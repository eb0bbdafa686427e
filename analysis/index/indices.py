"""All figures of a snapshot: every agency, all of them together, and the overall index by procedure
domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from analysis.arrays import Floats, Integers, Mask
from analysis.counting.cells import Cells
from analysis.data.schema import EVIDENCE
from analysis.estimation.totals import Design, domain_totals
from analysis.index.counted import overfull_places, weight_answers
from analysis.index.figures import Agencies, build_figures, empty_figure
from analysis.index.formula import (
    add_lonely_strata,
    compute_gradients,
    estimate_measures,
    sum_cells,
)
from analysis.index.results import (
    PROVINCE,
    UNTOLD,
    Figure,
    IndexResult,
    Measure,
    measures,
)
from analysis.method import Method
from analysis.weighting.poststratify import Key, Weights


@dataclass(frozen=True)
class _Run:
    """One snapshot under one method: what was received, what counts, and what would count with open
    answers.
    """

    method: Method
    received: Cells
    completed: Mapping[Key, int]
    cells: Cells
    weights: Weights
    opened: Cells
    opened_weights: Weights
    apart: frozenset[str]

    @cached_property
    def everything(self) -> bool:
        """Whether no agency's answers are held to dossiers: then they are the province's all the
        same.
        """
        return self.apart >= set(self.cells.key("agency"))

    @property
    def design(self) -> Design:
        """Groups as strata; groups of one answer are put together within their agency, alone they
        show no spread.
        """
        stratum = self.weights.stratum
        size = np.bincount(stratum, weights=self.cells.n)
        code, _ = self.cells.codes("agency")
        lonely = np.rint(size[stratum]) <= 1
        pooled = np.where(lonely, len(size) + code, stratum)
        return Design(
            np.unique(pooled, return_inverse=True)[1].astype(np.int64), self.weights.weight
        )


def compute_indices(
    cells: Cells, totals: Mapping[Key, tuple[int, int]], method: Method, about: Mapping[str, Any]
) -> IndexResult:
    """Indices of every agency in the cells or the totals, and of all together (agency
    ``PROVINCE``).

    Parameters
    ----------
    cells : moments with the keys ``KEYS`` and the variables of ``method.variables()``.
    totals : (agency, domain, channel) -> (completed dossiers, of these on time).
    about : what identifies the data; carried into the result.

    Examples
    --------
    >>> result = compute_indices(cells, snapshot.totals(), method, {})
    >>> [round(figure.weighted, 2) for figure in result.of("s00") if figure.level == "overall"]
    [85.93]
    """
    completed = {key: n for key, (n, _) in totals.items()}
    figures = _figures_under(cells, completed, method)
    if method.open_classes:
        open_only = _figures_under(cells, completed, method.counting(*method.open_classes))
        figures = _with_unverified(figures, open_only, method)
    transactions = _by_label(completed, ("agency",))
    received = _by_label(_counts_by(cells), ("agency",))
    known = {(figure.agency,) for figure in figures}
    for (agency,) in sorted((set(transactions) | set(received)) - known):
        about_it = transactions.get((agency,), 0), received.get((agency,), 0)
        figures += [empty_figure(agency, measure, *about_it) for measure in measures(method)]
    return IndexResult(tuple(figures), method, dict(about))


def _figures_under(cells: Cells, completed: Mapping[Key, int], method: Method) -> list[Figure]:
    counted, weights = weight_answers(cells, completed, method)
    if not len(counted):
        return []
    opened, opened_weights = counted, weights
    if set(method.open_classes) & set(cells.key("evidence")):
        opened, opened_weights = weight_answers(
            cells, completed, method.counting(*method.counted, *method.open_classes)
        )
    overfull = overfull_places(cells, completed, method)
    apart = weights.without_totals | {place[0] for place in overfull if len(place) == 1}
    run = _Run(method, cells, completed, counted, weights, opened, opened_weights, apart)
    everything = run.everything
    aside = {PROVINCE} if everything else apart
    figures = [*_figures(run, ("agency",))]
    if method.by_domain:
        # Of an agency that stands apart no domains: nothing would protect small ones in it.
        domains = _figures(run, ("agency", "domain"))
        figures += [figure for figure in domains if everything or figure.agency not in aside]
    if any(counted.key("applicant")):
        applicants = _with_absent(_figures(run, ("agency", "applicant")), method)
        figures += [figure for figure in applicants if everything or figure.agency not in aside]
    return [_marked(figure, aside, overfull) for figure in figures]


def _with_absent(figures: list[Figure], method: Method) -> list[Figure]:
    """Figures by applicant, with an empty one for who answered nothing: where parts are hidden, a
    line that lacks would say that there was nobody.
    """
    groups = sorted({figure.code for figure in figures if figure.level == "applicant"})
    there = {(figure.agency, figure.code) for figure in figures if figure.level == "applicant"}
    absent = [
        (agency, group)
        for agency in sorted({agency for agency, _ in there})
        for group in groups
        if (agency, group) not in there
    ]
    return figures + [
        empty_figure(agency, measure.among(group), 0)
        for agency, group in absent
        for measure in measures(method)
    ]


def _marked(figure: Figure, aside: Set[str], overfull: Set[tuple[str, ...]]) -> Figure:
    """A figure that says whether it stands apart, and whether too many answers came in."""
    apart = figure.agency in aside
    over = (figure.agency,) in overfull or (
        figure.level == "domain" and (figure.agency, figure.code) in overfull
    )
    # Most are neither, and making one anew is dear.
    return replace(figure, apart=apart, overfull=over) if apart or over else figure


def _with_unverified(proven: list[Figure], open_: list[Figure], method: Method) -> list[Figure]:
    """Figures, those of agencies with hardly any proven answer replaced by what their open answers
    say, so marked.

    An agency is unverified when fewer than the minimum of its answers prove presence and enough
    open ones are there. It has no figures by domain: nothing but its open answers would hold them
    together.
    """
    counted = {figure.agency: figure.n for figure in proven if figure.level == "overall"}
    unverified = {
        figure.agency
        for figure in open_
        if figure.level == "overall"
        and figure.n >= method.min_n
        and counted.get(figure.agency, 0) < method.min_n
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
        if figure.agency in unverified and figure.level in ("overall", "factor", "item")
    ]
    return [figure for figure in proven if figure.agency not in unverified] + marked


def _figures(run: _Run, by: tuple[str, ...]) -> list[Figure]:
    """Figures of all agencies together and of each: of all measures, of the overall one in each
    domain, or of all of them by applicant.
    """
    code, labels = run.cells.codes(*by)
    sums = sum_cells(run.cells, run.design, code, len(labels), len(run.method.parts))
    # Dossiers are told by domain, not by applicant.
    transactions = {} if "applicant" in by else _by_label(run.completed, by)
    classes, received, opened, opened_n = _evidence_columns(run, by, labels)
    result: list[Figure] = []
    for group in sorted({label[1:] for label in labels}):
        rows = np.array([row for row, label in enumerate(labels) if label[1:] == group])
        chosen = _measures_in(run.method, by, group)
        mine = sums.rows(rows)
        # Agencies nothing holds to their dossiers add nothing to the province, unless all are so:
        # a part that only they have would be their own answers.
        held = np.array([run.everything or labels[row][0] not in run.apart for row in rows])
        if not held.any():
            continue
        joined = mine.rows(np.flatnonzero(held)).together()
        whole = add_lonely_strata(joined, run.cells, run.design, np.isin(code, rows[held]))
        about = Agencies(
            names=[labels[row][0] for row in rows],
            transactions={label[0]: n for label, n in transactions.items() if label[1:] == group},
            weights=run.weights,
            classes=classes[rows],
            received=received[rows],
            opened=compute_gradients(opened[rows], sums.raw[rows], chosen, run.method)[0],
            opened_n=opened_n[rows],
        )
        lies_in = _lies_in(run.opened, by, group) & _counts_in_province(run)
        together = replace(about, classes=classes[rows[held]]).together(
            received=_answers_in(run.received, by, group),
            opened=compute_gradients(_opened_totals(run, lies_in), joined.raw, chosen, run.method)[
                0
            ],
            opened_n=round(float(run.opened.n[lies_in].sum())),
        )
        result += build_figures(
            estimate_measures(whole, chosen, run.method), together, chosen, run.method
        )
        result += build_figures(
            estimate_measures(mine, chosen, run.method), about, chosen, run.method
        )
    return result


def _measures_in(method: Method, by: tuple[str, ...], group: tuple[str, ...]) -> list[Measure]:
    """What is computed of a group: of everything, of one domain, or of one kind of applicant."""
    if not group:
        return measures(method)
    if "domain" in by:
        return [Measure("domain", group[0] or "-", method.parts)]
    return [measure.among(group[0] or UNTOLD) for measure in measures(method)]


def _lies_in(cells: Cells, by: tuple[str, ...], group: tuple[str, ...]) -> Mask:
    """Which cells lie in a group of ``by``; all of them for the empty one."""
    return np.array(cells.key(by[1])) == group[0] if group else np.ones(len(cells), dtype=bool)


def _answers_in(cells: Cells, by: tuple[str, ...], group: tuple[str, ...]) -> int:
    """Answers of all agencies, those without a row of their own too."""
    return round(float(cells.n[_lies_in(cells, by, group)].sum()))


def _counts_in_province(run: _Run) -> Mask:
    """Which cells with open answers are of agencies their dossiers hold; all if none is."""
    aside = run.apart | run.opened_weights.without_totals
    held = ~np.isin(run.opened.key("agency"), sorted(aside))
    return np.asarray(held if held.any() else ~held)


def _opened_totals(run: _Run, mask: Mask) -> Floats:
    """Weighted totals (1, p) of some cells with open answers."""
    return domain_totals(run.opened, run.opened_weights.weight, np.where(mask, 0, -1), 1)


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


def _evidence_columns(
    run: _Run, by: tuple[str, ...], labels: Sequence[tuple[str, ...]]
) -> tuple[Floats, Integers, Floats, Integers]:
    """Per label (D): counted answers by evidence class, answers received, totals with open answers
    and their number.
    """
    place = {label: row for row, label in enumerate(labels)}

    def row_numbers(cells: Cells) -> Integers:
        keys = zip(*(cells.key(name) for name in by), strict=True)
        return np.array([place.get(label, -1) for label in keys], dtype=np.int64)

    classes = np.zeros((len(labels), len(EVIDENCE)))
    kinds = np.array(
        [EVIDENCE.index(evidence) for evidence in run.cells.key("evidence")], dtype=np.int64
    )
    np.add.at(classes, (row_numbers(run.cells), kinds), run.cells.n)
    received = np.zeros(len(labels), dtype=np.int64)
    arrived = row_numbers(run.received)
    np.add.at(received, arrived[arrived >= 0], run.received.n[arrived >= 0])
    rows = row_numbers(run.opened)
    opened = domain_totals(run.opened, run.opened_weights.weight, rows, len(labels))
    known = rows >= 0
    opened_n = np.bincount(rows[known], weights=run.opened.n[known], minlength=len(labels))
    opened_n = np.rint(opened_n).astype(np.int64)
    return classes, received, opened, opened_n
