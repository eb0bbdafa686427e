"""Variances of the targets of a SPEC: their full matrix, or the diagonal at the cost of the
targets' own cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.errors import AnalysisError
from analysis.sample_survey.covariance import _about, _matrix, _Parts, answer_variables
from analysis.sample_survey.linearisation import Targets
from analysis.sample_survey.sample import Sample
from analysis.sample_survey.spec import Spec
from analysis.sample_survey.stage_variance import Own, Residuals, stage_diagonal
from analysis.weighting.calibrate import Calibration

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_CHUNK = 8192


def covariance_pairs(used: Integers, p: int) -> Integers:
    """Places of the products of some of p variables in the packed upper triangle, in its order.

    Examples
    --------
    >>> covariance_pairs(np.array([0, 2]), 3).tolist()
    [0, 2, 5]
    """
    place = np.zeros((p, p), dtype=np.int64)
    place[np.triu_indices(p)] = np.arange(p * (p + 1) // 2)
    rows, columns = np.triu_indices(len(used))
    return place[used[rows], used[columns]]


def estimate_variances(
    spec: Spec,
    sample: Sample,
    calibration: Calibration | None,
    targets: Targets,
    gradient: Floats,
    *,
    full: bool,
) -> tuple[Floats, Floats | None]:
    """Variances (M,) and, if asked for, the covariance matrix (M, M); NaN where no stratum of a
    target shows spread.
    """
    linear = _linear(sample, targets, gradient)
    g = calibration.g if calibration else np.ones(len(sample.cells))
    scale = g * sample.weight
    coefficients = (
        None if calibration is None else _coefficients(sample, calibration, targets, linear)
    )
    if full:
        matrix = _matrix(
            spec, sample, calibration, targets, gradient, (linear, scale, coefficients)
        )
        return np.diag(matrix).copy(), matrix
    return _diagonal(
        spec, sample, calibration, targets, gradient, (linear, scale, coefficients)
    ), None


def _linear(sample: Sample, targets: Targets, gradient: Floats) -> Floats:
    """(E, K) linearised sums of the cells, 0 where a cell lies in no target of the estimand."""
    total = sample.cells.total
    result = np.zeros(targets.code.shape)
    for e, code in enumerate(targets.code):
        inside = np.flatnonzero(code >= 0)
        used = np.flatnonzero((gradient[targets.row_numbers(e)] != 0).any(axis=0))
        result[e, inside] = np.einsum(
            "kp,kp->k", gradient[np.ix_(code[inside], used)], total[np.ix_(inside, used)]
        )
    return result


def _coefficients(
    sample: Sample, calibration: Calibration, targets: Targets, linear: Floats
) -> Floats:
    """B (q, M) of the residuals, by the starting weights."""
    from scipy.sparse import csr_array  # noqa: PLC0415  (scipy is loaded when needed)

    x, start = calibration.x, sample.weight
    matrix = (x.T @ x.multiply((start * sample.cells.n)[:, None])).toarray()
    e, k = np.nonzero(targets.code >= 0)
    entries = csr_array(
        (linear[e, k] * start[k], (targets.code[e, k], k)), shape=targets.member.shape
    )
    by_target = (entries @ x).toarray().T
    if np.array_equal(matrix, np.diag(np.diag(matrix))):
        diagonal = np.diag(matrix)
        return np.asarray(
            by_target
            * np.where(diagonal > 0, 1 / np.where(diagonal > 0, diagonal, 1.0), 0.0)[:, None]
        )
    return np.asarray(np.linalg.pinv(matrix, hermitian=True) @ by_target)


def _within(
    sample: Sample, targets: Targets, gradient: Floats, scale: Floats, e: int, cells: Integers
) -> Floats:
    """Squares of u about the mean inside each of some cells for the target of estimand e they lie
    in, (len(cells),).
    """
    used = np.flatnonzero((gradient[targets.row_numbers(e)] != 0).any(axis=0))
    columns = covariance_pairs(used, len(sample.cells.variables))
    result = np.zeros(len(cells))
    for start in range(0, len(cells), _CHUNK):
        mine = cells[start : start + _CHUNK]
        total = sample.cells.total[np.ix_(mine, used)].astype(np.float64)
        about = _about(sample.cells.cross[np.ix_(mine, columns)], total, sample.cells.n[mine])
        jacobian = gradient[np.ix_(targets.code[e, mine], used)]
        inner = np.einsum("kp,kpq,kq->k", jacobian, about, jacobian)
        gross = np.einsum("kp,kpq,kq->k", np.abs(jacobian), np.abs(about), np.abs(jacobian))
        result[start : start + _CHUNK] = np.where(np.abs(inner) <= 1e-13 * gross, 0.0, inner)
    return np.asarray(scale[cells] ** 2 * result)


def _diagonal(
    spec: Spec,
    sample: Sample,
    calibration: Calibration | None,
    targets: Targets,
    gradient: Floats,
    parts: _Parts,
) -> Floats:
    linear, scale, coefficients = parts
    cells, answered = sample.cells, answer_variables(sample, targets)
    e, k = np.nonzero(targets.code >= 0)
    target, mean = targets.code[e, k], scale[k] * linear[e, k] / cells.n[k]
    size = len(targets)
    z = None if calibration is None else calibration.x.multiply(scale[:, None]).tocsr()
    first = spec.psu is None
    elements = Own(target, k, mean, np.zeros(len(k)), answered[e, k] > 0)
    if first or sample.population2 is not None:
        inside = [
            _within(sample, targets, gradient, scale, i, np.flatnonzero(row >= 0))
            for i, row in enumerate(targets.code)
        ]
        elements = Own(target, k, mean, np.concatenate(inside), elements.answered)
    names = [AnalysisError("stratum {name}", name=name) for name in sample.strata]
    counts = cells.n.astype(np.float64)
    if sample.psu is None:
        units = np.bincount(sample.stratum, weights=cells.n, minlength=len(sample.strata))
        return stage_diagonal(
            spec.lonely,
            elements,
            size,
            counts,
            sample.stratum,
            units,
            sample.population,
            names,
            residuals=_residuals(z, coefficients),
        )
    number, home = len(sample.psu_names), sample.homes
    pair, code = np.unique(target * number + sample.psu[k], return_inverse=True)
    sums = np.bincount(code, weights=counts[k] * mean).astype(np.float64)
    there = np.bincount(code, weights=answered[e, k]) > 0
    own = Own(pair // number, pair % number, sums, np.zeros(len(pair)), there)
    units = np.bincount(home, minlength=len(sample.strata)).astype(np.float64)
    by_psu = None if z is None else _by_group(z, counts, sample.psu, number)
    result = stage_diagonal(
        spec.lonely,
        own,
        size,
        np.ones(number),
        home,
        units,
        sample.population,
        names,
        residuals=_residuals(by_psu, coefficients),
    )
    if sample.population2 is None or sample.population is None:
        return result
    fraction = (units / sample.population)[home]
    members = np.bincount(sample.psu, weights=cells.n, minlength=number)
    names = [AnalysisError("PSU {name}", name=name) for name in sample.psu_names]
    return result + stage_diagonal(
        spec.lonely,
        elements,
        size,
        counts,
        sample.psu,
        members,
        sample.population2,
        names,
        residuals=_residuals(z, coefficients),
        factor=fraction,
    )


def _residuals(z: csr_array | None, coefficients: Floats | None) -> Residuals | None:
    return None if z is None or coefficients is None else Residuals(z, coefficients)


def _by_group(z: csr_array, counts: Floats, group: Integers, size: int) -> csr_array:
    from scipy.sparse import csr_array  # noqa: PLC0415  (scipy is loaded when needed)

    home = csr_array((counts, (group, np.arange(len(group)))), shape=(size, len(group)))
    return csr_array(home @ z)
