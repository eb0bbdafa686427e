"""Small areas: Fay-Herriot model-based estimates for communes with few answers. Always labelled
model-based.

``y_d = x_d' beta + u_d + e_d``, u ~ (0, A), e ~ (0, psi_d) known. A by REML (Fisher scoring), EBLUP
``gamma_d y_d + (1 - gamma_d) x_d' beta``, ``gamma_d = A/(A + psi_d)``, MSE g1 + g2 + 2 g3 (Prasad &
Rao 1990; Fay & Herriot 1979). A suppressed agency gets a model-based figure at most, never a rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats
from analysis.data.csv_text import read_csv_text
from analysis.data.names import normal
from analysis.errors import AnalysisError
from analysis.estimation.intervals import korn_graubard

MAX_ROUNDS: Final = 100
TOLERANCE: Final = 1e-14
"""Of the model variance and the median sampling variance together."""


@dataclass(frozen=True)
class FayHerriot:
    """Fit over D areas: model variance A, coefficients (q,), EBLUP, gamma and MSE (D,)."""

    model_variance: float
    beta: Floats
    eblup: Floats
    gamma: Floats
    mse: Floats


def fay_herriot(direct: npt.ArrayLike, variance: npt.ArrayLike, x: npt.ArrayLike) -> FayHerriot:
    """Fit the model to direct estimates (D,) with sampling variances (D,) and covariates (D, q),
    intercept included.

    Raises
    ------
    AnalysisError
        If the shapes do not fit together, a value is not a number, a variance is not above 0, the
        covariates are collinear, or there are too few areas.

    Examples
    --------
    >>> direct, variance = [80.0, 90.0, 70.0, 85.0, 60.0], [4.0, 4.0, 25.0, 4.0, 25.0]
    >>> fit = fay_herriot(direct, variance, np.ones((5, 1)))
    >>> round(fit.model_variance, 1), fit.eblup.round(1).tolist()
    (124.7, [79.9, 89.6, 71.3, 84.8, 63.0])
    >>> fit.gamma.round(2).tolist()
    [0.97, 0.97, 0.83, 0.97, 0.83]
    """
    y, psi, design = (np.asarray(value, float) for value in (direct, variance, x))
    if y.ndim != 1 or psi.shape != y.shape or design.ndim != 2 or len(design) != len(y):
        raise AnalysisError(
            "small areas: estimates {estimates}, variances {variances} and covariates {covariates} "
            "do not fit together; one row per area in each, covariates as a table",
            estimates=y.shape,
            variances=psi.shape,
            covariates=design.shape,
        )
    for name, values in (("direct estimates", y), ("covariates", design)):
        if not np.isfinite(values).all():
            row = int(np.argwhere(~np.isfinite(values))[0][0])
            raise AnalysisError(
                "small areas: {name}, area {row} is not a number; leave the area out",
                name=name,
                row=row + 1,
            )
    if not (np.isfinite(psi).all() and (psi > 0).all()):
        raise AnalysisError("small areas: every direct estimate needs a sampling variance above 0")
    if len(y) <= design.shape[1] + 1 or np.linalg.matrix_rank(design) < design.shape[1]:
        raise AnalysisError(
            "small areas: more areas than covariates are needed, and covariates that are not "
            "collinear"
        )
    a = _reml(y, psi, design)
    weight = 1 / (a + psi)
    inverse = np.linalg.inv((design * weight[:, None]).T @ design)
    beta = inverse @ (design * weight[:, None]).T @ y
    gamma = a / (a + psi)
    fitted = design @ beta
    g1 = gamma * psi
    g2 = (1 - gamma) ** 2 * np.einsum("dq,qr,dr->d", design, inverse, design)
    g3 = psi**2 * weight**3 * 2 / np.sum(weight**2)
    return FayHerriot(a, beta, gamma * y + (1 - gamma) * fitted, gamma, g1 + g2 + 2 * g3)


def _reml(y: Floats, psi: Floats, design: Floats) -> float:
    """Model variance by Fisher scoring of the restricted likelihood, kept at 0 or above.

    Scoring may end in a circle of rounding errors, or step back and forth over the maximum; then
    the root of the score is bracketed and found by Brent's method.
    """
    a = float(np.median(psi))
    for _ in range(MAX_ROUNDS):
        score, information = _score(a, y, psi, design)
        new = max(a + score / information, 0.0)
        if abs(new - a) <= TOLERANCE * (a + float(np.median(psi))):
            return new
        a = new
    return _root_of_score(y, psi, design)


def _score(a: float, y: Floats, psi: Floats, design: Floats) -> tuple[float, float]:
    """First derivative of the restricted likelihood in A, and the information."""
    w = 1 / (a + psi)
    middle = np.linalg.inv((design * w[:, None]).T @ design)
    # P = W - W X M X' W without its D x D numbers: a country has 3,321 areas.
    left = w * (y - design @ (middle @ (design.T @ (w * y))))
    squares, cubes = ((design * (w**k)[:, None]).T @ design @ middle for k in (2, 3))
    trace = w.sum() - np.trace(squares)
    trace_of_square = (w**2).sum() - 2 * np.trace(cubes) + np.trace(squares @ squares)
    return float(-0.5 * trace + 0.5 * left @ left), float(0.5 * trace_of_square)


def _root_of_score(y: Floats, psi: Floats, design: Floats) -> float:
    from scipy.optimize import brentq  # noqa: PLC0415  (scipy is loaded when needed)

    def score(a: float) -> float:
        return _score(a, y, psi, design)[0]

    if score(0.0) <= 0:
        return 0.0
    high = float(np.max(psi) + np.var(y))
    while score(high) > 0:
        high *= 4
    return float(brentq(score, 0.0, high, xtol=1e-300, rtol=4 * np.finfo(float).eps))


@dataclass(frozen=True)
class ModelledShare:
    """A share of one area by the model, in percent, with its interval; ``own`` is the part of it
    that its own answers decide, in percent.
    """

    value: float
    low: float
    high: float
    own: float


def model_shares(
    shares: Sequence[tuple[float, float, float, float]], level: float = 0.95
) -> list[ModelledShare]:
    """Fay-Herriot estimates of areas of one kind from what is published of them: share, lower and
    upper limit in percent, answers.

    No covariates: each area is drawn to the mean of all. The sampling variance is that of the
    common share at the area's answers, times a common design effect (a generalised variance
    function, Wolter 2007, ch. 7): an area's own variance is small just where its share is high by
    chance, and intervals made with it hold 67 to 92 % of the truth instead of 90 and more.

    Raises
    ------
    AnalysisError
        Fewer than three areas, or a figure that is no number.

    Examples
    --------
    >>> found = model_shares([(80, 71, 87, 100), (92, 85, 96, 100), (60, 33, 84, 15)])
    >>> [round(one.value, 1) for one in found], round(found[2].own)
    ([79.9, 91.1, 66.2], 68)
    """
    from scipy.special import ndtri  # noqa: PLC0415  (scipy is loaded when needed)

    share, low, high, n = np.array(shares, dtype=np.float64).T
    variance = _common_variance(share, high - low, n)
    fit = fay_herriot(share, variance, np.ones((len(share), 1)))
    half = float(ndtri(0.5 + level / 2)) * np.sqrt(fit.mse)
    value, least, most = (
        np.clip(fit.eblup + sign * half, 0.0, 100.0).tolist() for sign in (0, -1, 1)
    )
    own = (100 * fit.gamma).tolist()
    return [ModelledShare(*one) for one in zip(value, least, most, own, strict=True)]


def _common_variance(share: Floats, width: Floats, n: Floats) -> Floats:
    """Variances (D,) in points squared; the design effect is the middle of how much wider intervals
    are than those of so many plain answers.
    """
    p = np.clip(share / 100, 0.0, 1.0)
    plain_low, plain_high = korn_graubard(p, p * (1 - p) / n, n, n - 1)
    effect = max(1.0, float(np.median((width / (100 * (plain_high - plain_low))) ** 2)))
    # A half answer to either side: where all are satisfied there is a variance still.
    common = (np.sum(n * p) + 0.5) / (np.sum(n) + 1)
    return np.asarray(1e4 * effect * common * (1 - common) / n)


def read_covariates(path: Path) -> dict[str, list[float]]:
    r"""Numbers by area, from CSV: the area in the first column, a number in each other one.

    Raises
    ------
    AnalysisError
        Naming the row that holds something else.

    Examples
    --------
    >>> _ = (folder / "x.csv").write_text("area,online share\na,0.4\nb,0.6\n")
    >>> read_covariates(folder / "x.csv")
    {'a': [0.4], 'b': [0.6]}
    """
    text = read_csv_text(path.read_bytes(), path.name)
    rows: dict[str, list[float]] = {}
    for record in text.records(path.name):
        name, *numbers = record.cells
        try:
            rows[normal(name)] = [float(number) for number in numbers]
        except ValueError as error:
            raise AnalysisError(
                "{name}, row {line}: {error}", name=path.name, line=record.line, error=error
            ) from error
    return rows


def small_area_estimates(
    result: Mapping[str, Any],
    *,
    estimand: str = "",
    covariates: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Fay-Herriot estimates of the domains of one estimand, from a result of ``estimate``.

    Domains without an estimate or a spread take no part in the fit, and are listed as left out.

    Raises
    ------
    AnalysisError
        No such estimand, a domain without covariates, or too few domains.

    Examples
    --------
    >>> rows = [
    ...     {"label": name, "estimand": "y", "domain": {"g": name}, "estimate": v, "se": s}
    ...     for name, v, s in (("a", 80.0, 2.0), ("b", 90.0, 2.0), ("c", 70.0, 5.0))
    ... ]
    >>> areas = small_area_estimates({"estimates": rows})["areas"]
    >>> [(area["label"], round(area["estimate"], 1)) for area in areas]
    [('a', 80.0), ('b', 89.6), ('c', 72.5)]
    """
    estimates = result.get("estimates") or []
    name = estimand or (estimates[0]["estimand"] if estimates else "")
    mine = [row for row in estimates if row["estimand"] == name]
    if not mine:
        raise AnalysisError("there is no estimand {name!r} in the result", name=name)
    usable = [row for row in mine if row["estimate"] is not None and row["se"]]
    design = np.array([[1.0, *_find_covariates(row, covariates)] for row in usable])
    fit = fay_herriot(
        [row["estimate"] for row in usable], [row["se"] ** 2 for row in usable], design
    )
    return {
        "model_variance": fit.model_variance,
        "coefficients": fit.beta.tolist(),
        "areas": [
            {
                "label": row["label"],
                "direct": row["estimate"],
                "estimate": float(fit.eblup[k]),
                "rmse": float(np.sqrt(fit.mse[k])),
                "weight_of_direct": float(fit.gamma[k]),
            }
            for k, row in enumerate(usable)
        ],
        "left_out": [row["label"] for row in mine if row not in usable],
    }


def _find_covariates(
    row: Mapping[str, Any], covariates: Mapping[str, Sequence[float]] | None
) -> Sequence[float]:
    if covariates is None:
        return []
    area = " ".join(str(value) for value in row["domain"].values())
    if area not in covariates:
        raise AnalysisError("small areas: there are no covariates of {area!r}", area=area)
    return covariates[area]
