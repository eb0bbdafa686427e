"""What stands beside the values: answers, degrees of freedom, sizes, and variances under SRS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats, Integers, Mask
from analysis.counting.cells import unpack
from analysis.estimation import intervals
from analysis.estimation.sizes import size_of_mean, sizes
from analysis.sample_survey.covariance import answer_variables
from analysis.sample_survey.linearisation import Linearised, Targets
from analysis.sample_survey.sample import Sample
from analysis.sample_survey.spec import Spec
from analysis.sample_survey.variance import covariance_pairs


@dataclass(frozen=True)
class Accompaniment:
    """What stands beside the M values: variances, rows, answers, degrees of freedom, and variances
    under SRS.
    """

    variance: Floats
    n: Integers
    answers: Integers
    df: Integers
    srs: Floats
    srs_replace: Floats
    kish: Floats
    size: Floats
    census: Mask

    @classmethod
    def of(
        cls,
        spec: Spec,
        sample: Sample,
        weight: Floats,
        targets: Targets,
        found: Linearised,
        variance: Floats,
    ) -> Accompaniment:
        """Counted from the sample and its weights."""
        n = np.rint(targets.sums(sample.cells.n)).astype(np.int64)
        answered = answer_variables(sample, targets)
        answers = np.rint(targets.sums_of_each(answered)).astype(np.int64)
        srs, replace = _srs(sample, weight, targets, found.gradient, answered)
        total, squares = (targets.sums(power * sample.cells.n) for power in (weight, weight**2))
        of_answers = [targets.sums_of_each(power * answered) for power in (weight, weight**2)]
        method, df = spec.interval or intervals.DEFAULT, _degrees(sample, targets)
        size = sizes(method, variance, answers, _kish(answers, *of_answers))
        bounded = np.minimum(size, _resting_on(spec, sample, weight, targets))
        size = np.where((variance <= 0) | (method == intervals.DEFAULT), bounded, size)
        if method == intervals.DEFAULT:
            size = _wide_enough(spec, sample, weight, targets, size)
        if sample.psu is not None:
            # Clusters that all say the same are as many answers as there are clusters.
            size = np.where(variance <= 0, np.minimum(size, df + 1), size)
        return cls(
            variance=variance,
            n=n,
            answers=answers,
            df=df,
            srs=srs,
            srs_replace=replace,
            kish=_kish(n, total, squares),
            size=size,
            census=targets.sums(sample.cells.n * ~_in_census(sample)) == 0,
        )


def _in_census(sample: Sample) -> Mask:
    """Cells (K,) of strata, and of PSUs, all of whose units were asked: nothing was drawn."""
    n = sample.cells.n
    if sample.population is None:
        return np.zeros(len(n), dtype=bool)
    home = sample.stratum if sample.psu is None else sample.homes
    units = np.bincount(home, weights=n if sample.psu is None else None)
    complete = (units >= sample.population * (1 - 1e-12))[sample.stratum]
    if sample.psu is not None and sample.population2 is not None:
        inside = np.bincount(sample.psu, weights=n) >= sample.population2 * (1 - 1e-12)
        complete &= inside[sample.psu]
    return np.asarray(complete)


def _resting_on(spec: Spec, sample: Sample, weight: Floats, targets: Targets) -> Floats:
    """Answers (M,) a mean of shares rests on, 1 / sum c_j^2 / m_j, m_j = (sum w)^2 / sum w^2 of
    term j.
    """
    result = np.full(len(targets), np.inf)
    place = {name: column for column, name in enumerate(sample.cells.variables)}
    for e, estimand in enumerate(spec.estimands):
        if estimand.kind != "mean-of-shares":
            continue
        rows = targets.row_numbers(e)
        counts = sample.cells.total[:, [place[str(term.denominator)] for term in estimand.terms]]
        total, squares = (
            targets.sums(power[:, None] * counts)[rows] for power in (weight, weight**2)
        )
        coefficient = np.array([abs(term.coefficient) for term in estimand.terms]) * (total > 0)
        coefficient = coefficient / np.maximum(coefficient.sum(axis=1, keepdims=True), 1e-300)
        with np.errstate(divide="ignore", invalid="ignore"):
            result[rows] = 1 / (coefficient**2 * np.where(total > 0, squares / total**2, 0.0)).sum(
                axis=1
            )
    return result


def _wide_enough(
    spec: Spec, sample: Sample, weight: Floats, targets: Targets, size: Floats
) -> Floats:
    """Sizes (M,) at which the interval of a mean of shares holds what the terms' own intervals
    leave open.

    As ``index`` does for means of items: a mean hangs on the term the fewest answered.
    """
    result, place = (
        size.copy(),
        {name: column for column, name in enumerate(sample.cells.variables)},
    )
    for e, estimand in enumerate(spec.estimands):
        if estimand.kind != "mean-of-shares" or len(estimand.terms) < 2:
            continue
        rows = targets.row_numbers(e)
        counted, answered = (
            sample.cells.total[:, [place[str(name)] for name in names]]
            for names in (
                [t.numerator for t in estimand.terms],
                [t.denominator for t in estimand.terms],
            )
        )
        total, squares = (
            targets.sums(power[:, None] * answered)[rows] for power in (weight, weight**2)
        )
        there = total > 0
        share = np.where(
            there, targets.sums(weight[:, None] * counted)[rows] / np.where(there, total, 1.0), 0.0
        )
        left = np.where(there, total**2 / np.where(there, squares, 1.0), 1.0)
        coefficient = np.array([abs(term.coefficient) for term in estimand.terms]) * there
        coefficient = coefficient / np.maximum(coefficient.sum(axis=1, keepdims=True), 1e-300)
        middle = (coefficient * share).sum(axis=1)
        result[rows] = size_of_mean(middle, size[rows], coefficient, share, left)
    return result


def _kish(n: npt.ArrayLike, total: Floats, squares: Floats) -> Floats:
    """Kish's design effect of weights, 1 + cv^2, from their number, sum and sum of squares."""
    safe = np.where(total > 0, total, 1.0)
    return np.where(total > 0, np.maximum(np.asarray(n) * squares / safe**2, 1.0), 1.0)


def _degrees(sample: Sample, targets: Targets) -> Integers:
    """Units minus strata of each target, counted where it has responses."""
    strata = _distinct(targets, sample.stratum, len(sample.strata))
    if sample.psu is None:
        return np.rint(targets.sums(sample.cells.n)).astype(np.int64) - strata
    return _distinct(targets, sample.psu, len(sample.psu_names)) - strata


def _distinct(targets: Targets, group: Integers, size: int) -> Integers:
    """How many groups the cells of each target lie in."""
    there = targets.code >= 0
    pairs = np.unique(
        targets.code[there] * size + np.broadcast_to(group, targets.code.shape)[there]
    )
    return np.bincount(pairs // size, minlength=len(targets))


def _srs(
    sample: Sample, weight: Floats, targets: Targets, gradient: Floats, answered: Floats
) -> tuple[Floats, Floats]:
    """Variances (M,) under simple random sampling of as many answers, without and with replacement
    (R's two deff).
    """
    n, big = targets.sums_of_each(answered), targets.sums_of_each(weight * answered)
    spread = np.zeros(len(targets))
    for e in range(len(targets.code)):
        rows = targets.row_numbers(e)
        used = np.flatnonzero((gradient[rows] != 0).any(axis=0))
        spread[rows] = _spread(
            sample, weight, targets, rows, used, gradient[rows][:, used], big[rows]
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        replaced = np.where(n > 1, big**2 * spread / (n - 1), 0.0)
        return np.where(big > 0, replaced * (1 - n / big), 0.0), replaced


def _spread(
    sample: Sample,
    weight: Floats,
    targets: Targets,
    rows: slice,
    used: Integers,
    gradient: Floats,
    big: Floats,
) -> Floats:
    """Spread of the linearised values of the answers of some targets, (D,)."""
    cells, member = sample.cells, targets.member[rows]
    size = np.where(big > 0, big, 1.0)[:, None]
    first = member @ (weight[:, None] * cells.total[:, used]) / size
    cross = (
        member
        @ (weight[:, None] * cells.cross[:, covariance_pairs(used, len(cells.variables))])
        / size
    )
    about = unpack(np.asarray(cross), len(used)) - first[:, :, None] * first[:, None, :]
    spread = np.einsum("dp,dpq,dq->d", gradient, about, gradient)
    gross = np.einsum("dp,dpq,dq->d", np.abs(gradient), np.abs(about), np.abs(gradient))
    return np.asarray(np.where(spread > 1e-13 * gross, spread, 0.0))
