"""Estimates as functions of weighted totals: values and gradients of every estimand in every
domain.

A target is one estimand in one domain. Targets are rows of a sparse membership matrix (M, K) over
the cells, so that everything below costs what the cells cost, however many domains there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.counting.cells import Cells
from analysis.sample_survey.sample import Sample
from analysis.sample_survey.spec import Estimand, Spec, Term

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CANCELLED: Final = 1e-13
"""Share of the sum of absolute values below which a total is taken for 0."""


@dataclass(frozen=True)
class Targets:
    """M targets, estimand by estimand.

    Attributes
    ----------
    estimands, domains : (M,) the estimand and the column values of each target.
    code : (E, K) target each cell belongs to under each estimand, -1 where the filter leaves it
        out.
    member : sparse (M, K), 1 where a cell belongs to a target.
    starts : (E + 1,) the first target of each estimand, and M.
    """

    estimands: Sequence[Estimand]
    domains: Sequence[Mapping[str, str]]
    code: Integers
    member: csr_array
    starts: Sequence[int]

    def __len__(self) -> int:
        return len(self.estimands)

    def label(self, m: int) -> str:
        """Name with the domain, e.g. ``api00[stype=E]``."""
        inside = ", ".join(f"{column}={value}" for column, value in self.domains[m].items())
        return f"{self.estimands[m].name}[{inside}]" if inside else self.estimands[m].name

    def sums(self, values: Any) -> Floats:
        """Sums of cell values (K,) or (K, p) over the cells of each target."""
        return np.asarray(self.member @ values)

    def sums_of_each(self, values: Floats) -> Floats:
        """As ``sums``, for values (E, K) that differ from estimand to estimand; (M,)."""
        there = self.code >= 0
        return np.bincount(self.code[there], weights=values[there], minlength=len(self)).astype(
            np.float64
        )

    def row_numbers(self, e: int) -> slice:
        """The targets of the e-th estimand, which stand together."""
        return slice(self.starts[e], self.starts[e + 1])


@dataclass(frozen=True)
class Linearised:
    """Values (M,), gradients (M, p) by the counted variables, and the terms nobody answered
    (M,).
    """

    value: Floats
    gradient: Floats
    missing: Integers


def build_targets(spec: Spec, sample: Sample) -> Targets:
    """Every estimand in each of its domains; domains are the combinations that occur in the
    data.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415  (scipy is loaded when needed)

    estimands: list[Estimand] = []
    domains: list[Mapping[str, str]] = []
    codes, starts = [], [0]
    for estimand in spec.estimands:
        code, labels = _domains(estimand, sample.cells)
        starts.append(len(domains) + len(labels))
        codes.append(np.where(sample.inside, code + len(domains), -1))
        estimands += [estimand] * len(labels)
        domains += [dict(zip(estimand.by, label, strict=True)) for label in labels]
    code = np.array(codes)
    rows, cells = code.ravel(), np.tile(np.arange(len(sample.cells)), len(codes))
    there = rows >= 0
    member = csr_array(
        (np.ones(int(there.sum())), (rows[there], cells[there])),
        shape=(len(domains), len(sample.cells)),
    )
    return Targets(estimands, domains, code, member, starts)


def _domains(estimand: Estimand, cells: Cells) -> tuple[Integers, list[tuple[str, ...]]]:
    if not estimand.by:
        return np.zeros(len(cells), dtype=np.int64), [()]
    return cells.codes(*estimand.by)


def linearise(spec: Spec, sample: Sample, weight: Floats, targets: Targets) -> Linearised:
    """Values and gradients; terms nobody answered drop out and the others share their weight.

    A target of which no term is answered has the value NaN and no gradient.
    """
    place = {name: column for column, name in enumerate(sample.cells.variables)}
    shifts = [
        (place[name], place[_presence(spec, name)], size) for name, size in sample.shift.items()
    ]
    totals = targets.sums(weight[:, None] * sample.cells.total)
    # What is left of sums that cancel is rounding, not a denominator.
    noise = CANCELLED * targets.sums(np.abs(weight[:, None] * sample.cells.total))
    for value, present, size in shifts:
        totals[:, value] += size * totals[:, present]
        noise[:, value] += CANCELLED * abs(size) * np.abs(totals[:, present])
    totals[np.abs(totals) <= noise] = 0.0
    result = Linearised(
        np.full(len(targets), np.nan),
        np.zeros(totals.shape),
        np.zeros(len(targets), dtype=np.int64),
    )
    for e, estimand in enumerate(spec.estimands):
        _add_terms(result, estimand.terms, totals, targets.row_numbers(e), place)
    for value, present, size in shifts:
        result.gradient[:, present] += size * result.gradient[:, value]
    return result


def _add_terms(
    result: Linearised, terms: Sequence[Term], totals: Floats, rows: slice, place: Mapping[str, int]
) -> None:
    mine = totals[rows]
    bases = [
        np.ones(len(mine)) if t.denominator is None else mine[:, place[t.denominator]]
        for t in terms
    ]
    usable = np.array([base != 0 for base in bases])
    coefficient = np.array([[t.coefficient] for t in terms]) * usable
    whole = sum(t.coefficient for t in terms)
    kept = coefficient.sum(axis=0)
    coefficient *= np.where(kept > 0, whole / np.where(kept > 0, kept, 1.0), 0.0)
    value, gradient = np.zeros(len(mine)), result.gradient[rows]
    for term, base, ok, weight in zip(terms, bases, usable, coefficient, strict=True):
        safe = np.where(ok, base, 1.0)
        ratio = np.where(ok, mine[:, place[term.numerator]] / safe, 0.0)
        value += weight * ratio
        gradient[:, place[term.numerator]] += weight / safe
        if term.denominator is not None:
            gradient[:, place[term.denominator]] -= weight * ratio / safe
    result.value[rows] = np.where(usable.any(axis=0), value, np.nan)
    result.missing[rows] = (~usable).sum(axis=0)


def _presence(spec: Spec, name: str) -> str:
    """The variable that says whether a counted value is there."""
    value = next(v for v in spec.variables if v.name == name)
    alike = (
        v
        for v in spec.variables
        if v.rule == "present" and v.column == value.column and v.needs == value.needs
    )
    return next(v for v in alike if v.missing == value.missing).name
