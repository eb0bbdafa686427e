"""From estimates as arrays to figures: intervals, design effects, and what has to be said beside
each number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.estimation import intervals
from analysis.index.results import PROVINCE, Figure, Measure
from analysis.method import Method
from analysis.weighting.poststratify import Weights


@dataclass(frozen=True)
class Estimates:
    """Arrays over D agencies and M measures; values, variances and SRS variances on the
    scale 0..1.
    """

    n: Integers
    value: Floats
    unweighted: Floats
    variance: Floats
    srs: Floats
    kish: Floats
    missing: Integers
    df: Integers
    size: Floats


@dataclass(frozen=True)
class Agencies:
    """What stands beside the estimates of D agencies.

    Attributes
    ----------
    names : D keys.
    transactions : completed dossiers by key.
    weights : how the weights came about.
    classes : (D, 5) counted answers by evidence class.
    received : (D,) answers before classes were left out or capped.
    opened : (D, M) values with the classes that stand beside the index, NaN where there are none.
    opened_n : (D,) answers these rest on.
    """

    names: Sequence[str]
    transactions: Mapping[str, int]
    weights: Weights
    classes: Floats
    received: Integers
    opened: Floats
    opened_n: Integers

    def together(self, *, received: int, opened: Floats, opened_n: int) -> Agencies:
        """All agencies as one; what includes open answers is told, for it covers agencies without a
        row here.
        """
        return Agencies(
            names=[PROVINCE],
            transactions={PROVINCE: sum(self.transactions.values())},
            weights=self.weights,
            classes=self.classes.sum(axis=0, keepdims=True),
            received=np.array([received]),
            opened=opened,
            opened_n=np.array([opened_n]),
        )


def build_figures(
    estimates: Estimates, about: Agencies, chosen: Sequence[Measure], method: Method
) -> list[Figure]:
    """One figure per agency and measure, in percent."""
    tables = _tables(estimates, method)
    shares = 100 * about.classes / np.maximum(about.classes.sum(axis=1, keepdims=True), 1)
    result = []
    for d, agency in enumerate(about.names):
        beside = _agency_columns(d, about, shares[d])
        for m, (measure, n, *values, missing) in enumerate(
            zip(chosen, *(table[d] for table in tables), strict=True)
        ):
            known = n > 0 and values[1] == values[1]
            unweighted, weighted, se, low, high, deff, n_eff = _mask_unknown(
                values, known=known, spread=known and n > 1
            )
            dossiers = about.transactions.get(agency, 0)
            opened = 100 * float(about.opened[d, m])
            result.append(
                Figure(
                    agency=agency,
                    level=measure.level,
                    code=measure.code,
                    n=n,
                    response_rate=100 * n / dossiers if dossiers else None,
                    unweighted=unweighted,
                    weighted=weighted,
                    se=se,
                    low=low,
                    high=high,
                    deff=deff,
                    df=int(max(estimates.df[d, m], 1)),
                    size=float(max(estimates.size[d, m], 1.0)),
                    n_eff=n_eff,
                    items_missing=missing,
                    with_open=opened if known and opened == opened else None,
                    **beside,
                )
            )
    return result


def _tables(estimates: Estimates, method: Method) -> list[list[list[float]]]:
    df = np.maximum(estimates.df, 1)
    size = np.maximum(estimates.size, 1)
    value = np.nan_to_num(estimates.value)
    low, high = intervals.limits(
        method.interval, value, estimates.variance, size, df, method.confidence, method.span
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = np.where(
            estimates.variance > 0, estimates.variance / estimates.srs, estimates.kish[:, None]
        )
    # A design effect below 1 is no reason to count answers that nobody gave.
    n_eff = np.where(deff > 0, estimates.n / np.maximum(np.where(deff > 0, deff, 1.0), 1.0), np.nan)
    percent = (estimates.unweighted, estimates.value, np.sqrt(estimates.variance), low, high)
    return [
        table.tolist()
        for table in (
            estimates.n,
            *(100 * part for part in percent),
            deff,
            n_eff,
            estimates.missing,
        )
    ]


def _agency_columns(d: int, about: Agencies, shares: Floats) -> dict[str, Any]:
    """The part of a figure that is the same for all measures of an agency."""
    agency, weights = about.names[d], about.weights
    everywhere = agency == PROVINCE
    return {
        "transactions": about.transactions.get(agency, 0),
        "received": int(about.received[d]),
        "evidence": tuple(shares.tolist()),
        "n_with_open": int(about.opened_n[d]),
        "margin_loss": 100
        * (
            max(weights.loss.values(), default=0.0) if everywhere else weights.loss.get(agency, 0.0)
        ),
        "cells_joined": sum(weights.joined.values())
        if everywhere
        else weights.joined.get(agency, 0),
        "without_totals": bool(weights.without_totals)
        if everywhere
        else agency in weights.without_totals,
    }


def _mask_unknown(values: Sequence[float], *, known: bool, spread: bool) -> list[float | None]:
    """Unweighted, weighted, SE, low, high, deff, n_eff; None where the answers do not tell."""
    told = (known, known, spread, known, known, spread, spread and values[6] == values[6])
    return [value if tell else None for value, tell in zip(values, told, strict=True)]


def empty_figure(agency: str, measure: Measure, transactions: int, received: int = 0) -> Figure:
    """An agency without a counted answer: present, with nothing to say."""
    return Figure(
        agency=agency,
        level=measure.level,
        code=measure.code,
        n=0,
        transactions=transactions,
        received=received,
        response_rate=0.0 if transactions else None,
        items_missing=len(measure.items),
    )
