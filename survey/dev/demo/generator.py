"""Made-up answers with a known truth: no Django, no database, everything from one seed.

Every agency has cells (domain x channel) with N_h completed dossiers. In a cell each item has a
true probability of being answered "satisfied"; the true index of an agency is the mean over items
of sum N_h p_hi / sum N_h. Answers of one person are correlated through a normal copula, which
leaves every p_hi exactly as it is. Channels answer at different rates, so unweighted figures are
biased and the weighting has something to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]

ITEMS: Final = tuple("A1 A2 A3 B1 B2 B3 B4 C1 C2 C3 D1 D2 D3 E1 E2 E3".split())  # noqa: SIM905
ALL: Final = ("overall", *ITEMS)
_ITEM_EFFECT: Final = np.array(
    [0.0, 0.1, -0.2, 0.0, 0.2, 0.1, 0.4, -0.2, 0.25, -0.1, 0.3, -0.35, 0.15, 0.1, -0.4, -0.5, -0.6]
)
_CHANNEL_EFFECT: Final = {"counter": 0.0, "online": 0.35, "postal": -0.25}
_CHANNEL_SHARE: Final = {"counter": 0.55, "online": 0.37, "postal": 0.08}
_CHANNEL_RESPONSE: Final = {"counter": 1.0, "online": 0.5, "postal": 0.7}
_DOMAIN_EFFECT: Final = {
    "land": -0.75,
    "construction": -0.35,
    "civil-status": 0.45,
    "authentication": 0.5,
    "business": 0.2,
    "social": 0.0,
}
_NOT_APPLICABLE: Final = np.array([0.0] + [0.02] * 13 + [0.6] * 3)
_BLANK: Final = np.array([0.0] + [0.03] * 16)
_CORRELATION: Final = 0.5


@dataclass(frozen=True)
class Plan:
    """What one agency gets: key, level of satisfaction on the logit scale, responses, domains."""

    key: str
    level: float
    responses: int
    domains: tuple[str, ...]


@dataclass(frozen=True)
class CellData:
    """Everything about one cell.

    Attributes
    ----------
    transactions, on_time : completed dossiers of the period.
    truth : (17,) probability of a satisfied answer per item, ``overall`` first.
    levels : (n, 17) int8 answers 1..5, 0 not applicable, -1 blank or not asked.
    full : (n,) whether the person went on to the 16 questions.
    """

    agency: str
    domain: str
    channel: str
    transactions: int
    on_time: int
    truth: Floats
    levels: npt.NDArray[np.int8]
    full: npt.NDArray[np.bool_]


def plans(keys: Sequence[tuple[str, tuple[str, ...]]], seed: int, *, total: int) -> list[Plan]:
    """Sizes from 3 to 5,000 answers and levels of satisfaction for agencies given as (key,
    domains).
    """
    rng = np.random.default_rng([seed, 1])
    sizes = np.exp(rng.normal(0.0, 0.8, len(keys)))
    sizes = np.clip(np.rint(sizes / sizes.sum() * max(total - 5015, 0)), 12, 1500).astype(int)
    sizes[:3] = (5000, 3, 12)[: len(keys)]
    levels = rng.normal(1.75, 0.45, len(keys))
    return [
        Plan(key, float(a), int(n), domains)
        for (key, domains), a, n in zip(keys, levels, sizes, strict=True)
    ]


def draw_cells(plan: Plan, seed: int) -> Iterator[CellData]:
    """The cells of one agency; the same plan and seed give the same answers."""
    rng = np.random.default_rng([seed, 2, *plan.key.encode()])
    places = [(domain, channel) for domain in plan.domains for channel in _CHANNEL_SHARE]
    shares = np.array([_CHANNEL_SHARE[channel] for _, channel in places]) / len(plan.domains)
    shares *= rng.uniform(0.6, 1.4, len(places))
    big = plan.responses * rng.uniform(2.5, 6.0)
    transactions = np.maximum(np.rint(big * shares / shares.sum()), 1).astype(int)
    answering = transactions * np.array([_CHANNEL_RESPONSE[channel] for _, channel in places])
    counts = rng.multinomial(plan.responses, answering / answering.sum())
    counts = np.minimum(counts, transactions)
    for (domain, channel), big_n, n in zip(places, transactions, counts, strict=True):
        level = plan.level + _DOMAIN_EFFECT[domain] + _CHANNEL_EFFECT[channel] + rng.normal(0, 0.15)
        truth = 1 / (1 + np.exp(-(level + _ITEM_EFFECT)))
        full = np.ones(n, bool) if channel != "counter" else rng.random(n) < 0.6
        on_time = int(rng.binomial(big_n, min(0.995, 0.9 + 0.03 * plan.level)))
        yield CellData(
            plan.key, domain, channel, int(big_n), on_time, truth, _answers(truth, full, rng), full
        )


def _answers(
    truth: Floats, full: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.int8]:
    n, k = len(full), len(truth)
    person = rng.standard_normal((n, 1))
    score = sqrt(_CORRELATION) * person + sqrt(1 - _CORRELATION) * rng.standard_normal((n, k))
    satisfied = score < ndtri(truth)
    pick = rng.random((n, k))
    high = np.where(pick < 0.45, 5, 4)
    low = np.where(pick < 0.6, 3, np.where(pick < 0.88, 2, 1))
    levels = np.where(satisfied, high, low).astype(np.int8)
    levels[rng.random((n, k)) < _NOT_APPLICABLE] = 0
    levels[rng.random((n, k)) < _BLANK] = -1
    levels[~full, 1:] = -1
    return levels


def true_index(cells: Sequence[CellData]) -> tuple[float, float]:
    """(16-item index, overall question) of some cells together, in percent."""
    big = np.array([cell.transactions for cell in cells], float)
    shares = big @ np.array([cell.truth for cell in cells]) / big.sum()
    return float(100 * shares[1:].mean()), float(100 * shares[0])
