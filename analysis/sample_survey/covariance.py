"""The full covariance of all estimates, as large as their number squared; only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.arrays import Floats, Integers, Mask
from analysis.counting.cells import unpack
from analysis.errors import AnalysisError
from analysis.sample_survey.linearisation import Targets
from analysis.sample_survey.sample import Sample
from analysis.sample_survey.spec import Spec
from analysis.sample_survey.stage_variance import stage_variance
from analysis.weighting.calibrate import Calibration

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    pass


def _matrix(
    spec: Spec,
    sample: Sample,
    calibration: Calibration | None,
    targets: Targets,
    gradient: Floats,
    parts: _Parts,
) -> Floats:
    linear, scale, coefficients = parts
    cells = sample.cells
    dense = np.zeros((len(targets), len(cells)))
    e, k = np.nonzero(targets.code >= 0)
    dense[targets.code[e, k], k] = linear[e, k]
    mean = (
        0.0
        if calibration is None or coefficients is None
        else np.asarray(calibration.x @ coefficients).T
    )
    sums = scale * (dense - cells.n * mean)

    def within(members: Integers) -> Floats:
        """Squares of u about the means of some cells: weight and calibration are the same for all
        in a cell.
        """
        total = np.zeros((len(targets), len(targets)))
        kinds, kind = np.unique(targets.code[:, members], axis=1, return_inverse=True)
        for number, codes in enumerate(kinds.T):
            mine = codes[codes >= 0]
            alike = members[kind.ravel() == number]
            for start in range(0, len(alike) if len(mine) else 0, _AT_ONCE):
                some = alike[start : start + _AT_ONCE]
                about = _about(
                    cells.cross[some], cells.total[some].astype(np.float64), cells.n[some]
                )
                squares = (scale[some] ** 2)[:, None, None]
                jacobian = gradient[mine]
                inner = jacobian @ (squares * about).sum(axis=0) @ jacobian.T
                gross = (
                    np.abs(jacobian) @ (squares * np.abs(about)).sum(axis=0) @ np.abs(jacobian).T
                )
                total[np.ix_(mine, mine)] += np.where(np.abs(inner) <= 1e-13 * gross, 0.0, inner)
        return total

    result = _stages(
        spec,
        sample,
        sums,
        within,
        _present(sample, targets, sample.stratum, len(sample.strata)),
        targets,
    )
    # A total the calibration fixes has no variance; what is left of it is rounding.
    gross = ((scale * dense) ** 2).sum(axis=1)
    fixed = np.abs(np.diag(result)) <= 1e-24 * gross
    result[fixed] = 0.0
    result[:, fixed] = 0.0
    return result


_Parts = tuple[Floats, Floats, Floats | None]
"""Linearised cell sums (E, K), scale of a response (K,), calibration coefficients (q, M) or None.
"""


_AT_ONCE: Final = 4096
"""Cells whose products are held at once."""


def _about(cross: Integers, total: Floats, n: Integers) -> Floats:
    """Products about the mean of each cell (k, p, p); what is left of equal numbers is rounding."""
    raw = unpack(cross.astype(np.float64), total.shape[1])
    about = raw - total[:, :, None] * total[:, None, :] / n[:, None, None]
    about[np.abs(about) <= 1e-14 * np.abs(raw)] = 0.0
    return about


def _present(sample: Sample, targets: Targets, group: Integers, size: int) -> Mask:
    """Groups (M, size) of the cells, strata or PSUs, in which each target has answers."""
    answered = answer_variables(sample, targets)
    result = np.zeros((len(targets), size), dtype=bool)
    e, k = np.nonzero((targets.code >= 0) & (answered > 0))
    result[targets.code[e, k], group[k]] = True
    return result


def _stages(
    spec: Spec,
    sample: Sample,
    sums: Floats,
    within: Callable[[Integers], Floats],
    present: Mask,
    targets: Targets,
) -> Floats:
    """Variance of the first stage, and of elements inside PSUs when their number is known."""
    size = len(sample.strata)
    if sample.psu is None:
        units = np.bincount(sample.stratum, weights=sample.cells.n, minlength=size)
        counts = sample.cells.n.astype(np.float64)
        names = [AnalysisError("stratum {name}", name=name) for name in sample.strata]
        return stage_variance(
            spec.lonely,
            sums,
            counts,
            sample.stratum,
            units,
            sample.population,
            names,
            within,
            present=present,
        )
    number, home = len(sample.psu_names), sample.homes
    by_psu = np.array([np.bincount(sample.psu, weights=row, minlength=number) for row in sums])
    units = np.bincount(home, minlength=size).astype(np.float64)
    names = [AnalysisError("stratum {name}", name=name) for name in sample.strata]
    result = stage_variance(
        spec.lonely, by_psu, np.ones(number), home, units, sample.population, names, present=present
    )
    if sample.population2 is None or sample.population is None:
        return result
    inside = np.bincount(sample.psu, weights=sample.cells.n, minlength=number)
    names = [AnalysisError("PSU {name}", name=name) for name in sample.psu_names]
    fraction = (units / sample.population)[home]
    counts = sample.cells.n.astype(np.float64)
    inner = stage_variance(
        spec.lonely,
        sums,
        counts,
        sample.psu,
        inside,
        sample.population2,
        names,
        within,
        factor=fraction,
        present=_present(sample, targets, sample.psu, number),
    )
    return np.asarray(result + inner)


def answer_variables(sample: Sample, targets: Targets) -> Floats:
    """(E, K) responses of each cell that answered an estimand, or any part of it."""
    estimands = [targets.estimands[start] for start in targets.starts[:-1]]
    return np.array([sample.cells.column(e.answered) for e in estimands], dtype=np.float64)
