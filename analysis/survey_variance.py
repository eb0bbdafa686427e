"""Variances of the targets of a SPEC: their full matrix, or the diagonal at the cost of the targets' own cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from analysis.cells import unpack
from analysis.linearisation import Targets
from analysis.sample import Sample
from analysis.spec import Spec
from analysis.stages import Own, Residuals, stage_diagonal, stage_variance
from analysis.weighting.calibrate import Calibration

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_CHUNK = 8192


def answers_of(sample: Sample, targets: Targets) -> Floats:
    """(E, K) responses of each cell that answered an estimand, or any part of it."""
    estimands = [targets.estimands[start] for start in targets.starts[:-1]]
    return np.array([sample.cells.column(e.answered) for e in estimands], dtype=np.float64)


def pairs_of(used: Integers, p: int) -> Integers:
    """Places of the products of some of p variables in the packed upper triangle, in its order.

    Examples
    --------
    >>> pairs_of(np.array([0, 2]), 3).tolist()
    [0, 2, 5]
    """
    place = np.zeros((p, p), dtype=np.int64)
    place[np.triu_indices(p)] = np.arange(p * (p + 1) // 2)
    rows, columns = np.triu_indices(len(used))
    return place[used[rows], used[columns]]


def variances_of(
    spec: Spec, sample: Sample, calibration: Calibration | None, targets: Targets, gradient: Floats, *, full: bool
) -> tuple[Floats, Floats | None]:
    """Variances (M,) and, if asked for, the covariance matrix (M, M); NaN where no stratum of a target shows spread."""
    linear = _linear(sample, targets, gradient)
    g = calibration.g if calibration else np.ones(len(sample.cells))
    scale = g * sample.weight
    coefficients = None if calibration is None else _coefficients(sample, calibration, targets, linear)
    if full:
        matrix = _matrix(spec, sample, calibration, targets, gradient, (linear, scale, coefficients))
        return np.diag(matrix).copy(), matrix
    return _diagonal(spec, sample, calibration, targets, gradient, (linear, scale, coefficients)), None


_Parts = tuple[Floats, Floats, Floats | None]
"""Linearised cell sums (E, K), scale of a response (K,), calibration coefficients (q, M) or None."""


def _linear(sample: Sample, targets: Targets, gradient: Floats) -> Floats:
    """(E, K) linearised sums of the cells, 0 where a cell lies in no target of the estimand."""
    total = sample.cells.total
    result = np.zeros(targets.code.shape)
    for e, code in enumerate(targets.code):
        inside = np.flatnonzero(code >= 0)
        used = np.flatnonzero((gradient[targets.rows_of(e)] != 0).any(axis=0))
        result[e, inside] = np.einsum("kp,kp->k", gradient[np.ix_(code[inside], used)], total[np.ix_(inside, used)])
    return result


def _coefficients(sample: Sample, calibration: Calibration, targets: Targets, linear: Floats) -> Floats:
    """B (q, M) of the residuals, by the starting weights."""
    from scipy.sparse import csr_array  # noqa: PLC0415  (scipy is loaded when needed)

    x, start = calibration.x, sample.weight
    matrix = (x.T @ x.multiply((start * sample.cells.n)[:, None])).toarray()
    e, k = np.nonzero(targets.code >= 0)
    entries = csr_array((linear[e, k] * start[k], (targets.code[e, k], k)), shape=targets.member.shape)
    by_target = (entries @ x).toarray().T
    if np.array_equal(matrix, np.diag(np.diag(matrix))):
        diagonal = np.diag(matrix)
        return np.asarray(by_target * np.where(diagonal > 0, 1 / np.where(diagonal > 0, diagonal, 1.0), 0.0)[:, None])
    return np.asarray(np.linalg.pinv(matrix, hermitian=True) @ by_target)


def _within(sample: Sample, targets: Targets, gradient: Floats, scale: Floats, e: int, cells: Integers) -> Floats:
    """Squares of u about the mean inside each of some cells for the target of estimand e they lie in, (len(cells),)."""
    used = np.flatnonzero((gradient[targets.rows_of(e)] != 0).any(axis=0))
    columns = pairs_of(used, len(sample.cells.variables))
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


_AT_ONCE: Final = 4096
"""Cells whose products are held at once."""


def _about(cross: npt.NDArray[np.int64], total: Floats, n: Integers) -> Floats:
    """Products about the mean of each cell (k, p, p); what is left of equal numbers is rounding."""
    raw = unpack(cross.astype(np.float64), total.shape[1])
    about = raw - total[:, :, None] * total[:, None, :] / n[:, None, None]
    about[np.abs(about) <= 1e-14 * np.abs(raw)] = 0.0
    return about


def _diagonal(
    spec: Spec, sample: Sample, calibration: Calibration | None, targets: Targets, gradient: Floats, parts: _Parts
) -> Floats:
    linear, scale, coefficients = parts
    cells, answered = sample.cells, answers_of(sample, targets)
    e, k = np.nonzero(targets.code >= 0)
    target, mean = targets.code[e, k], scale[k] * linear[e, k] / cells.n[k]
    size = len(targets)
    z = None if calibration is None else calibration.x.multiply(scale[:, None]).tocsr()
    first = spec.psu is None
    elements = Own(target, k, mean, np.zeros(len(k)), answered[e, k] > 0)
    if first or sample.population2 is not None:
        inside = [
            _within(sample, targets, gradient, scale, i, np.flatnonzero(row >= 0)) for i, row in enumerate(targets.code)
        ]
        elements = Own(target, k, mean, np.concatenate(inside), elements.answered)
    names = [f"stratum {name}" for name in sample.strata]
    counts = cells.n.astype(np.float64)
    if sample.psu is None:
        units = np.bincount(sample.stratum, weights=cells.n, minlength=len(sample.strata))
        return stage_diagonal(
            spec.lonely, elements, size, counts, sample.stratum, units, sample.population, names,
            residuals=_residuals(z, coefficients),
        )  # fmt: skip
    number, home = len(sample.psu_names), sample.homes
    pair, code = np.unique(target * number + sample.psu[k], return_inverse=True)
    sums = np.bincount(code, weights=counts[k] * mean).astype(np.float64)
    there = np.bincount(code, weights=answered[e, k]) > 0
    own = Own(pair // number, pair % number, sums, np.zeros(len(pair)), there)
    units = np.bincount(home, minlength=len(sample.strata)).astype(np.float64)
    by_psu = None if z is None else _by_group(z, counts, sample.psu, number)
    result = stage_diagonal(
        spec.lonely, own, size, np.ones(number), home, units, sample.population, names,
        residuals=_residuals(by_psu, coefficients),
    )  # fmt: skip
    if sample.population2 is None or sample.population is None:
        return result
    fraction = (units / sample.population)[home]
    members = np.bincount(sample.psu, weights=cells.n, minlength=number)
    names = [f"PSU {name}" for name in sample.psu_names]
    return result + stage_diagonal(
        spec.lonely, elements, size, counts, sample.psu, members, sample.population2, names,
        residuals=_residuals(z, coefficients), factor=fraction,
    )  # fmt: skip


def _residuals(z: csr_array | None, coefficients: Floats | None) -> Residuals | None:
    return None if z is None or coefficients is None else Residuals(z, coefficients)


def _by_group(z: csr_array, counts: Floats, group: Integers, size: int) -> csr_array:
    from scipy.sparse import csr_array  # noqa: PLC0415  (scipy is loaded when needed)

    home = csr_array((counts, (group, np.arange(len(group)))), shape=(size, len(group)))
    return csr_array(home @ z)


def _matrix(
    spec: Spec, sample: Sample, calibration: Calibration | None, targets: Targets, gradient: Floats, parts: _Parts
) -> Floats:
    linear, scale, coefficients = parts
    cells = sample.cells
    dense = np.zeros((len(targets), len(cells)))
    e, k = np.nonzero(targets.code >= 0)
    dense[targets.code[e, k], k] = linear[e, k]
    mean = 0.0 if calibration is None or coefficients is None else np.asarray(calibration.x @ coefficients).T
    sums = scale * (dense - cells.n * mean)

    def within(members: Integers) -> Floats:
        """Squares of u about the means of some cells: weight and calibration are the same for all in a cell."""
        total = np.zeros((len(targets), len(targets)))
        kinds, kind = np.unique(targets.code[:, members], axis=1, return_inverse=True)
        for number, codes in enumerate(kinds.T):
            mine = codes[codes >= 0]
            alike = members[kind.ravel() == number]
            for start in range(0, len(alike) if len(mine) else 0, _AT_ONCE):
                some = alike[start : start + _AT_ONCE]
                about = _about(cells.cross[some], cells.total[some].astype(np.float64), cells.n[some])
                squares = (scale[some] ** 2)[:, None, None]
                jacobian = gradient[mine]
                inner = jacobian @ (squares * about).sum(axis=0) @ jacobian.T
                gross = np.abs(jacobian) @ (squares * np.abs(about)).sum(axis=0) @ np.abs(jacobian).T
                total[np.ix_(mine, mine)] += np.where(np.abs(inner) <= 1e-13 * gross, 0.0, inner)
        return total

    result = _stages(spec, sample, sums, within, _present(sample, targets, sample.stratum, len(sample.strata)), targets)
    # A total the calibration fixes has no variance; what is left of it is rounding.
    gross = ((scale * dense) ** 2).sum(axis=1)
    fixed = np.abs(np.diag(result)) <= 1e-24 * gross
    result[fixed] = 0.0
    result[:, fixed] = 0.0
    return result


def _present(sample: Sample, targets: Targets, group: Integers, size: int) -> npt.NDArray[np.bool_]:
    """Groups (M, size) of the cells, strata or PSUs, in which each target has answers."""
    answered = answers_of(sample, targets)
    result = np.zeros((len(targets), size), dtype=bool)
    e, k = np.nonzero((targets.code >= 0) & (answered > 0))
    result[targets.code[e, k], group[k]] = True
    return result


def _stages(
    spec: Spec,
    sample: Sample,
    sums: Floats,
    within: Callable[[Integers], Floats],
    present: npt.NDArray[np.bool_],
    targets: Targets,
) -> Floats:
    """Variance of the first stage, and of elements inside PSUs when their number is known."""
    size = len(sample.strata)
    if sample.psu is None:
        units = np.bincount(sample.stratum, weights=sample.cells.n, minlength=size)
        counts = sample.cells.n.astype(np.float64)
        names = [f"stratum {name}" for name in sample.strata]
        return stage_variance(
            spec.lonely, sums, counts, sample.stratum, units, sample.population, names, within, present=present
        )
    number, home = len(sample.psu_names), sample.homes
    by_psu = np.array([np.bincount(sample.psu, weights=row, minlength=number) for row in sums])
    units = np.bincount(home, minlength=size).astype(np.float64)
    names = [f"stratum {name}" for name in sample.strata]
    result = stage_variance(
        spec.lonely, by_psu, np.ones(number), home, units, sample.population, names, present=present
    )
    if sample.population2 is None or sample.population is None:
        return result
    inside = np.bincount(sample.psu, weights=sample.cells.n, minlength=number)
    names = [f"PSU {name}" for name in sample.psu_names]
    fraction = (units / sample.population)[home]
    counts = sample.cells.n.astype(np.float64)
    inner = stage_variance(
        spec.lonely, sums, counts, sample.psu, inside, sample.population2, names, within, factor=fraction,
        present=_present(sample, targets, sample.psu, number),
    )  # fmt: skip
    return np.asarray(result + inner)
