"""How far the numbers can be trusted beyond their sampling error: response, mode, missing items, sensitivity.

- R-indicator (Schouten, Cobben & Bethlehem 2009): ``R = 1 - 2 S(rho)``, rho = answers per dossier of a cell, S its
  standard deviation over dossiers; 1 when all kinds of cases answer alike. The sampling noise of small cells is taken
  off S. The largest bias nonresponse can bring is ``S(rho) sd(y) / mean(rho)``.
- Mode effect: difference of the index between two channels inside one agency, from their intervals, Holm over agencies.
- Item nonresponse: of those who went through the questions, the share that left an item empty or chose "does not
  apply".
- Sensitivity: the index with open posters, with transaction-bound answers only, unweighted, under equal channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis.cells import Cells, Variable
from analysis.change import change_of_intervals, holm, sides_of
from analysis.errors import AnalysisError
from analysis.method import Method
from analysis.quality_disclosure import channels_given_away, hide_across
from analysis.result import PROVINCE, Figure
from analysis.rounding import rounded_row
from analysis.tables import agency_indices, counted_by
from analysis.weighting.poststratify import Key

Floats = npt.NDArray[np.float64]
Totals = Mapping[Key, tuple[int, int]]
BOUND: Final = ("E2", "E3", "E4")
"""Evidence classes that stand for one transaction each."""


@dataclass(frozen=True)
class Response:
    """Response of one agency: rate in percent, R-indicator, and the largest nonresponse bias in percentage points."""

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
        raise AnalysisError("a response rate needs cells with dossiers and with no more answers than dossiers")
    rho, share = n / big, big / big.sum()
    mean = float(share @ rho)
    noise = rho * (1 - rho) / np.maximum(big - 1, 1)
    square = float(share @ (rho - mean) ** 2 - (share * (1 - share)) @ noise)
    spread = float(np.sqrt(max(square, 0.0)))
    return 1 - 2 * spread, spread


def response_of(cells: Cells, completed: Mapping[Key, int], values: Mapping[str, float]) -> dict[str, Response]:
    """Response of each agency with dossiers; ``values`` are shares in percent, for the largest bias.

    Where more answers than dossiers arrived (open posters) a cell counts as fully answered.

    Examples
    --------
    >>> from analysis.engine import LocalEngine
    >>> from analysis.method import load_method
    >>> from analysis.tables import KEYS
    >>> method = load_method("sipas-service")
    >>> cells = LocalEngine().cells(snapshot.parts, KEYS, method.variables())
    >>> completed = {key: n for key, (n, _) in snapshot.totals().items()}
    >>> response_of(cells, completed, {"s05": 85.0})["s05"]
    Response(rate=24.878048780487806, r_indicator=1.0, largest_bias=0.0)
    """
    answered: dict[Key, float] = {}
    keys = zip(cells.key("agency"), cells.key("domain"), cells.key("channel"), cells.n.tolist(), strict=True)
    for agency, domain, channel, n in keys:
        answered[agency, domain, channel] = answered.get((agency, domain, channel), 0) + n
    by_agency: dict[str, list[tuple[float, int]]] = {}
    for key, big in completed.items():
        if big:
            by_agency.setdefault(key[0], []).append((min(answered.get(key, 0), big), big))
    result = {}
    for agency, pairs in by_agency.items():
        counts, dossiers = [n for n, _ in pairs], [big for _, big in pairs]
        r, spread = r_indicator(counts, dossiers)
        rate = sum(counts) / sum(dossiers)
        p = values[agency] / 100 if agency in values else None
        bias = None if p is None or not rate else 100 * spread * float(np.sqrt(max(p * (1 - p), 0.0))) / rate
        result[agency] = Response(100 * rate, r, bias)
    return result


def mode_effects(cells: Cells, totals: Totals, method: Method, channels: tuple[str, str]) -> dict[str, dict[str, Any]]:
    """Index in the second channel minus the first inside each agency where both may be shown; p-values after Holm.

    Examples
    --------
    >>> from analysis.engine import LocalEngine
    >>> from analysis.method import load_method
    >>> from analysis.tables import KEYS
    >>> method = load_method("sipas-service")
    >>> cells = LocalEngine().cells(snapshot.parts, KEYS, method.variables())
    >>> sorted(mode_effects(cells, snapshot.totals(), method, ("counter", "online"))["s05"])
    ['difference', 'high', 'low', 'p_holm', 'se']
    """
    first, second = (_overall(_channel(cells, channel), _of(totals, channel), method) for channel in channels)
    both = [
        agency
        for agency in first
        if agency != PROVINCE
        and _shown(first[agency], method)
        and _shown(second.get(agency), method)
        and _channels_large(cells, agency, method)
    ]
    if not both:
        return {}
    pairs = [(first[agency], second[agency]) for agency in both]
    found = change_of_intervals(*(sides_of(side, method) for side in zip(*pairs, strict=True)))
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


def channel_indices(cells: Cells, totals: Totals, method: Method) -> dict[str, dict[str, tuple[float, float, int]]]:
    """Agency -> channel -> (index, standard error, answers) from the answers of that channel alone.

    Only channels that may be shown, and only where no channel of the agency is too small to be told apart.

    Examples
    --------
    >>> from analysis.engine import LocalEngine
    >>> from analysis.method import load_method
    >>> from analysis.tables import KEYS
    >>> method = load_method("sipas-service")
    >>> cells = LocalEngine().cells(snapshot.parts, KEYS, method.variables())
    >>> sorted(channel_indices(cells, snapshot.totals(), method)["s05"])
    ['counter', 'online']
    """
    result: dict[str, dict[str, tuple[float, float, int]]] = {}
    for channel in sorted({key[2] for key, (n, _) in totals.items() if n}):
        for agency, figure in _overall(_channel(cells, channel), _of(totals, channel), method).items():
            if _shown(figure, method) and (agency == PROVINCE or _channels_large(cells, agency, method)):
                result.setdefault(agency, {})[channel] = (figure.weighted or 0.0, figure.se or 0.0, figure.n)
    for agency, channel in channels_given_away(cells, result, method):
        del result[agency][channel]
    return {agency: row for agency, row in result.items() if row}


def nonresponse_variables(method: Method) -> list[Variable]:
    """What has to be counted for ``item_nonresponse``: whether an item was touched, and answered with a level."""
    touched = [Variable(f"p_{item}", item, "present") for item in method.items]
    return touched + [Variable(f"v_{item}", item, "among", method.answers) for item in method.items]


def item_nonresponse(cells: Cells, method: Method) -> dict[str, dict[str, tuple[float, float]]]:
    """Agency -> item -> (left empty, does not apply) in percent of those who went through the questions.

    Examples
    --------
    >>> from analysis.engine import LocalEngine
    >>> from analysis.method import load_method
    >>> from analysis.tables import KEYS
    >>> method = load_method("sipas-service")
    >>> items = LocalEngine().cells(snapshot.parts, KEYS, nonresponse_variables(method))
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
        label[0]: {item: (float(empty[d, i]), float(apart[d, i])) for i, item in enumerate(method.items)}
        for d, label in enumerate(labels)
    }


def sensitivity(cells: Cells, totals: Totals, method: Method) -> dict[str, dict[str, float | None]]:
    """Agency -> variant -> overall index in percent; None where too few answers are left, or too few are left out.

    Examples
    --------
    >>> from analysis.engine import LocalEngine
    >>> from analysis.method import load_method
    >>> from analysis.tables import KEYS
    >>> method = load_method("sipas-service")
    >>> cells = LocalEngine().cells(snapshot.parts, KEYS, method.variables())
    >>> sorted(sensitivity(cells, snapshot.totals(), method)["s05"])
    ['equal_channels', 'index', 'transaction_bound_only', 'unweighted', 'with_open_posters', 'without_flagged']
    """
    base = _overall(cells, totals, method)
    channels = sorted({key[2] for key, (n, _) in totals.items() if n})
    equal = {channel: Fraction(1, len(channels)) for channel in channels}
    variants = {
        "with_open_posters": method.counting(*method.counted, "E0"),
        "transaction_bound_only": replace(method, counted=tuple(c for c in method.counted if c in BOUND)),
        "without_flagged": replace(method, flagged=False),
    }
    if len(channels) > 1 and "channel" in method.weighting_cells:
        variants["equal_channels"] = replace(method, channel_mix=equal)
    found = {name: _overall(cells, totals, variant) for name, variant in variants.items()}
    left = {name: _left(cells, variant) for name, variant in {"": method, **variants}.items()}
    result: dict[str, dict[str, float | None]] = {}
    for agency, figure in base.items():
        row: dict[str, float | None] = {"index": figure.weighted, "unweighted": figure.unweighted}
        told = [left[""].get(agency, 0)]
        for name, table in found.items():
            size = left[name].get(agency, 0)
            # Every two variants must differ by nobody or by many: their difference is a figure of its own.
            apart = all(size == other or abs(size - other) >= method.min_n for other in told)
            other = table.get(agency)
            if other is not None and apart and _shown(other, method) and size >= method.min_n:
                row[name], told = other.weighted, [*told, size]
            else:
                row[name] = None
        if not _channels_large(cells, agency, method):
            row["equal_channels"] = None
        result[agency] = row
    for name in found:
        hide_across(result, name, left[""], left[name], method)
    return result


def _left(cells: Cells, method: Method) -> dict[str, int]:
    """Answers received that a method does not leave out, before any cap, by agency and for all."""
    counted = counted_by(method, cells)
    sizes: dict[str, int] = {}
    for agency, n, inside in zip(cells.key("agency"), cells.n.tolist(), counted.tolist(), strict=True):
        sizes[agency] = sizes.get(agency, 0) + (n if inside else 0)
    return sizes | {PROVINCE: sum(sizes.values())}


def _channels_large(cells: Cells, agency: str, method: Method) -> bool:
    """Whether no channel of an agency has few answers: index, mix and mode effect together would tell them."""
    sizes: dict[str, int] = {}
    for name, channel, n in zip(cells.key("agency"), cells.key("channel"), cells.n.tolist(), strict=True):
        if agency in (name, PROVINCE):
            sizes[channel] = sizes.get(channel, 0) + n
    return all(n >= method.min_n for n in sizes.values())


def _shown(figure: Figure | None, method: Method) -> bool:
    return figure is not None and figure.n >= method.min_n and figure.weighted is not None


def _overall(cells: Cells, totals: Totals, method: Method) -> dict[str, Figure]:
    result = agency_indices(cells, totals, replace(method, by_domain=False), {})
    return {figure.agency: figure for figure in result.figures if figure.level == "overall"}


def _channel(cells: Cells, channel: str) -> Cells:
    return cells.restrict(np.array(cells.key("channel")) == channel)


def _of(totals: Totals, channel: str) -> dict[Key, tuple[int, int]]:
    return {key: n for key, n in totals.items() if key[2] == channel}


def quality_of(
    cells: Cells, items: Cells, totals: Totals, method: Method, hidden: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Everything of this module per agency, agencies in ``hidden`` left out.

    ``cells`` are those of the index, ``items`` those of ``nonresponse_variables``.
    """
    completed = {key: n for key, (n, _) in totals.items()}
    sensitive = sensitivity(cells, totals, method)
    share = method.statistic == "share"
    values = {a: row["index"] for a, row in sensitive.items() if row["index"] is not None} if share else {}
    responses = response_of(cells, completed, values)
    channels = sorted({key[2] for key, (n, _) in totals.items() if n})
    modes = mode_effects(cells, totals, method, ("counter", "online")) if {"counter", "online"} <= {*channels} else {}
    missing = item_nonresponse(items, method) if len(items) else {}
    by_channel = channel_indices(cells, totals, method)
    result: dict[str, dict[str, Any]] = {}
    for agency in sorted(sensitive):
        if agency in hidden:
            continue
        response, told = responses.get(agency), by_channel.get(agency, {}).keys()
        result[agency] = {
            "response": _rounded(vars(response)) if response else None,
            "sensitivity": rounded_row(sensitive[agency], method.decimals, method.rounding),
            "channels": rounded_row(
                {name: row[0] for name, row in by_channel.get(agency, {}).items()}, method.decimals, method.rounding
            ),
            # With the index and the dossiers, the difference of two channels tells each of them.
            "mode_effect": _rounded(modes[agency], 4) if {"counter", "online"} <= told and agency in modes else None,
            "item_nonresponse": {item: [round(x) for x in pair] for item, pair in missing.get(agency, {}).items()},
        }
    return result


def _rounded(row: Mapping[str, float | None], places: int = 2) -> dict[str, float | None]:
    return {name: None if value is None else round(value, places) for name, value in row.items()}
