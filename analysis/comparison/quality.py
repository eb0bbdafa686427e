"""How far the numbers can be trusted beyond their sampling error: response, mode, missing items,
sensitivity.

- R-indicator (Schouten, Cobben & Bethlehem 2009): ``R = 1 - 2 S(rho)``, rho = answers per dossier
  of a cell, S its standard deviation over dossiers; 1 when all kinds of cases answer alike. The
  sampling noise of small cells is taken off S. The largest bias nonresponse can bring is ``S(rho)
  sd(y) / mean(rho)``.
- Mode effect: difference of the index between two channels inside one agency, from their intervals,
  Holm over agencies.
- Item nonresponse: of those who went through the questions, the share that left an item empty or
  chose "does not apply".
- Sensitivity: the index with open posters, with transaction-bound answers only, unweighted, under
  equal channels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis.comparison.change import change_of_intervals, holm, interval_sides
from analysis.counting.cells import Cells
from analysis.counting.variables import Variable
from analysis.errors import AnalysisError
from analysis.index.indices import compute_indices
from analysis.index.results import PROVINCE, Figure
from analysis.method import Method
from analysis.weighting.poststratify import Key

MODES: Final = ("counter", "online")
"""Channels that are compared: the second one minus the first."""
SIGNIFICANT: Final = 0.05

Totals = Mapping[Key, tuple[int, int]]
BOUND: Final = ("E2", "E3", "E4")
"""Evidence classes that stand for one transaction each."""


@dataclass(frozen=True)
class AgencyResponse:
    """Response of one agency: rate in percent, R-indicator, and the largest nonresponse bias in
    percentage points.
    """

    rate: float
    r_indicator: float
    largest_bias: float | None


def r_indicator(responses: npt.ArrayLike, transactions: npt.ArrayLike) -> tuple[float, float]:
    """R and the S(rho) behind it, from C cells with answers and dossiers.

    Examples
    --------
    >>> r_indicator([50, 50], [100, 100])
    (1.0, 0.0)
    >>> tuple(round(x, 3) for x in r_indicator([800, 200], [1000, 1000]))
    (0.4, 0.3)

    Raises
    ------
    AnalysisError
        If a cell has fewer dossiers than answers, or none at all.
    """
    n, big = np.asarray(responses, float), np.asarray(transactions, float)
    if not len(big) or (big <= 0).any() or (n < 0).any() or (n > big).any():
        raise AnalysisError(
            "a response rate needs cells with dossiers and with no more answers than dossiers"
        )
    rho, share = n / big, big / big.sum()
    mean = float(share @ rho)
    noise = rho * (1 - rho) / np.maximum(big - 1, 1)
    square = float(share @ (rho - mean) ** 2 - (share * (1 - share)) @ noise)
    spread = float(np.sqrt(max(square, 0.0)))
    return 1 - 2 * spread, spread


def response_by_agency(
    cells: Cells, completed: Mapping[Key, int], values: Mapping[str, float]
) -> dict[str, AgencyResponse]:
    """Response of each agency with dossiers; ``values`` are shares in percent, for the largest
    bias.

    Where more answers than dossiers arrived (open posters) a cell counts as fully answered.

    Examples
    --------
    >>> response_by_agency(cells, completed, {"s05": 85.0})["s05"]
    AgencyResponse(rate=24.878048780487806, r_indicator=1.0, largest_bias=0.0)
    """
    by_agency: dict[str, list[tuple[float, int]]] = {}
    for key, n, big in _pair_cells(cells, completed):
        by_agency.setdefault(key[0], []).append((n, big))
    result = {}
    for agency, pairs in by_agency.items():
        counts, dossiers = [n for n, _ in pairs], [big for _, big in pairs]
        r, spread = r_indicator(counts, dossiers)
        rate = sum(counts) / sum(dossiers)
        p = values[agency] / 100 if agency in values else None
        bias = (
            None
            if p is None or not rate
            else 100 * spread * float(np.sqrt(max(p * (1 - p), 0.0))) / rate
        )
        result[agency] = AgencyResponse(100 * rate, r, bias)
    return result


def measure_response(cells: Cells, completed: Mapping[Key, int]) -> AgencyResponse:
    """Response of all agencies together, over the cells of agency, domain and channel.

    Raises
    ------
    AnalysisError
        No dossier was completed.

    Examples
    --------
    >>> found = measure_response(cells, completed)
    >>> 0 < found.rate < 100, found.r_indicator <= 1
    (True, True)
    """
    pairs = _pair_cells(cells, completed)
    counts, dossiers = [n for _key, n, _big in pairs], [big for _key, _n, big in pairs]
    r, _spread = r_indicator(counts, dossiers)
    return AgencyResponse(100 * sum(counts) / sum(dossiers), r, None)


def _pair_cells(cells: Cells, completed: Mapping[Key, int]) -> list[tuple[Key, float, int]]:
    """(agency, domain, channel), answers and dossiers, where there are dossiers; answers above them
    count as all.
    """
    answered: dict[Key, float] = {}
    names = ("agency", "domain", "channel")
    for *key, n in zip(*(cells.key(name) for name in names), cells.n.tolist(), strict=True):
        place = (key[0], key[1], key[2])
        answered[place] = answered.get(place, 0) + n
    return [(k, min(answered.get(k, 0), big), big) for k, big in completed.items() if big]


def mode_effects(
    cells: Cells, totals: Totals, method: Method, channels: tuple[str, str]
) -> dict[str, dict[str, Any]]:
    """Index in the second channel minus the first inside each agency where both may be shown;
    p-values after Holm.

    Examples
    --------
    >>> sorted(mode_effects(cells, snapshot.totals(), method, ("counter", "online"))["s05"])
    ['difference', 'high', 'low', 'p_holm', 'se']
    """
    first, second = (
        overall_figures(
            cells_in_channel(cells, channel), totals_in_channel(totals, channel), method
        )
        for channel in channels
    )
    both = [
        agency
        for agency in first
        if agency != PROVINCE
        and is_shown(first[agency], method)
        and is_shown(second.get(agency), method)
        and channels_are_large(cells, agency, method)
    ]
    if not both:
        return {}
    pairs = [(first[agency], second[agency]) for agency in both]
    found = change_of_intervals(
        *(interval_sides(side, method) for side in zip(*pairs, strict=True))
    )
    adjusted = holm(found.p)
    return {
        agency: {
            "difference": 100 * float(found.difference[k]),
            "se": 100 * float(found.se[k]),
            "low": 100 * float(found.low[k]),
            "high": 100 * float(found.high[k]),
            "p_holm": float(adjusted[k]),
        }
        for k, agency in enumerate(both)
    }


@dataclass(frozen=True)
class ModeSummary:
    """Agencies whose index was compared between two channels; of these how many are ``higher`` and
    ``lower`` in the second one beyond chance, and the ``median`` difference in points.
    """

    compared: int
    higher: int
    lower: int
    median: float


def summarise_modes(
    cells: Cells,
    totals: Totals,
    method: Method,
    channels: tuple[str, str],
    shown: Collection[str],
) -> ModeSummary | None:
    """How far an index depends on the channel people answered by, among ``shown`` agencies; None
    where nothing can be compared.

    Examples
    --------
    >>> agencies = {key[0] for key in snapshot.totals()}
    >>> found = summarise_modes(cells, snapshot.totals(), method, ("counter", "online"), agencies)
    >>> found.compared >= found.higher + found.lower
    True
    """
    if not set(channels) <= {channel for (_a, _d, channel), (n, _on) in totals.items() if n}:
        return None
    found = [
        row
        for agency, row in mode_effects(cells, totals, method, channels).items()
        if agency in shown
    ]
    if not found:
        return None
    beyond = [row["difference"] for row in found if row["p_holm"] < SIGNIFICANT]
    return ModeSummary(
        compared=len(found),
        higher=sum(difference > 0 for difference in beyond),
        lower=sum(difference < 0 for difference in beyond),
        median=float(np.median([row["difference"] for row in found])),
    )


def nonresponse_variables(method: Method) -> list[Variable]:
    """What has to be counted for ``item_nonresponse``: whether an item was touched, and answered
    with a level.
    """
    touched = [Variable(f"p_{item}", item, "present") for item in method.items]
    return touched + [Variable(f"v_{item}", item, "among", method.answers) for item in method.items]


def item_nonresponse(cells: Cells, method: Method) -> dict[str, dict[str, tuple[float, float]]]:
    """Agency -> item -> (left empty, does not apply) in percent of those who went through the
    questions.

    Examples
    --------
    >>> sorted(item_nonresponse(items, method)["s05"])[:2]
    ['A1', 'A2']
    """
    code, labels = cells.codes("agency")
    size, count = len(labels), len(method.items)
    n = np.bincount(code, weights=cells.n, minlength=size)
    totals = np.zeros((size, 2 * count))
    np.add.at(totals, code, cells.total)
    empty = 100 * (1 - totals[:, :count] / n[:, None])
    apart = 100 * (totals[:, :count] - totals[:, count:]) / n[:, None]
    return {
        label[0]: {
            item: (float(empty[d, i]), float(apart[d, i])) for i, item in enumerate(method.items)
        }
        for d, label in enumerate(labels)
    }


def channels_are_large(cells: Cells, agency: str, method: Method) -> bool:
    """Whether no channel of an agency has few answers: index, mix and mode effect together would
    tell them.
    """
    sizes: dict[str, int] = {}
    for name, channel, n in zip(
        cells.key("agency"), cells.key("channel"), cells.n.tolist(), strict=True
    ):
        if agency in (name, PROVINCE):
            sizes[channel] = sizes.get(channel, 0) + n
    return all(n >= method.min_n for n in sizes.values())


def is_shown(figure: Figure | None, method: Method) -> bool:
    """Whether enough answers stand behind a figure."""
    return figure is not None and figure.n >= method.min_n and figure.weighted is not None


def overall_figures(cells: Cells, totals: Totals, method: Method) -> dict[str, Figure]:
    """Agency -> its overall figure."""
    result = compute_indices(cells, totals, replace(method, by_domain=False), {})
    return {figure.agency: figure for figure in result.figures if figure.level == "overall"}


def cells_in_channel(cells: Cells, channel: str) -> Cells:
    """The cells of one channel."""
    return cells.restrict(np.array(cells.key("channel")) == channel)


def totals_in_channel(totals: Totals, channel: str) -> dict[Key, tuple[int, int]]:
    """The dossiers of one channel."""
    return {key: n for key, n in totals.items() if key[2] == channel}
