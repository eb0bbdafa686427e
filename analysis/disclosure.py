"""What may be shown: minimum n, complementary suppression, differencing, rounding. One engine for every output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal

import numpy as np

from analysis.method import Method
from analysis.result import PROVINCE, Figure, IndexResult
from analysis.suppression import ALL, Counts, protect

Status = Literal["published", "few", "suppressed", "none"]
Place = tuple[str, str, str]
"""(agency, level, code) of a figure."""
_MODES: Final = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN}


@dataclass(frozen=True)
class Published:
    """A figure as it may leave the house: rounded, or without numbers.

    ``status``: ``published``; ``few`` = shown but never ranked (effective n below the minimum); ``suppressed`` = too
    few answered, or the figure would give away another one; ``none`` = nobody answered. Which of the two reasons a
    suppressed figure has is not told, and neither is its n: both would help to work it out.
    """

    agency: str
    level: str
    code: str
    status: Status
    n: int | None
    transactions: int
    response_rate: Decimal | None = None
    unweighted: Decimal | None = None
    weighted: Decimal | None = None
    se: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    deff: Decimal | None = None
    n_eff: Decimal | None = None
    band: str = ""
    items_missing: int = 0
    cells_joined: int = 0
    without_totals: bool = False
    received: int | None = None
    evidence: tuple[Decimal | None, ...] = field(default=(None,) * 5)
    without_open: Decimal | None = None
    margin_loss: Decimal | None = None


def half_up(value: float | Decimal | None, places: int) -> Decimal | None:
    """Round half away from zero, as published tables do; floats by their shortest decimal form.

    Examples
    --------
    >>> half_up(1.25, 1), half_up(0.125, 2)
    (Decimal('1.3'), Decimal('0.13'))
    """
    return rounded(value, places, "half-up")


def rounded(value: float | Decimal | None, places: int, rounding: str) -> Decimal | None:
    """Round a number as a method says: ``half-up`` or ``half-even``.

    Examples
    --------
    >>> rounded(0.125, 2, "half-up"), rounded(0.125, 2, "half-even")
    (Decimal('0.13'), Decimal('0.12'))
    """
    if value is None:
        return None
    # Ten digits are more than any figure is worth, and turn 2.4999999999999996 back into the half it is.
    exact = value if isinstance(value, Decimal) else Decimal(repr(round(value, 10)))
    return exact.quantize(Decimal(1).scaleb(-places), rounding=_MODES[rounding])


def status_of(figure: Figure, method: Method) -> Status:
    """Which of the four states a figure is in, looked at alone.

    Examples
    --------
    >>> from analysis.cli import compute
    >>> result = compute(snapshot, "sipas-service")
    >>> figure = next(f for f in result.figures if (f.agency, f.level) == ("x99", "overall"))
    >>> status_of(figure, result.method)
    'suppressed'
    """
    if figure.n == 0:
        # Answers may be there that a cap left nothing of.
        return "suppressed" if figure.received and figure.level in ("overall", "domain") else "none"
    if figure.n < method.min_n or figure.weighted is None:
        return "suppressed"
    # Both have to reach the minimum: a design effect below 1 must not turn 26 answers into 36 (NCHS 2(175)).
    if figure.n_eff is None or min(figure.n, rounded_n(figure.n_eff)) < method.min_n_eff:
        return "few"
    return "published"


def rounded_n(value: float) -> float:
    """An effective n without the noise of its last digits.

    Examples
    --------
    >>> rounded_n(29.9999999999)
    30.0
    """
    return round(value, 6)


def publish(figure: Figure, method: Method, *, hidden: bool = False, hide_open: bool = False) -> Published:
    """Apply the rules of ``method`` to one figure.

    ``hidden``: it would give another one away; ``hide_open``: its value without open posters would.

    Examples
    --------
    >>> from analysis.cli import compute
    >>> result = compute(snapshot, "sipas-service")
    >>> figure = next(f for f in result.figures if (f.agency, f.level) == ("s00", "overall"))
    >>> publish(figure, result.method).weighted
    Decimal('86.37')
    """
    status = "suppressed" if hidden else status_of(figure, method)
    place: dict[str, Any] = {
        "agency": figure.agency,
        "level": figure.level,
        "code": figure.code,
        "transactions": figure.transactions,
    }
    if status in ("suppressed", "none"):
        return Published(**place, status=status, n=None if status == "suppressed" else 0)

    def shown(value: float | None) -> Decimal | None:
        return rounded(value, method.decimals, method.rounding)

    apart = figure.n - figure.n_without_open
    open_shown = figure.n_without_open >= method.min_n and (apart == 0 or apart >= method.min_n) and not hide_open
    # Only of whole agencies: parts of one could be subtracted from each other.
    open_shown &= figure.level == "overall"
    return Published(
        **place,
        status=status,
        n=figure.n,
        response_rate=shown(figure.response_rate),
        unweighted=shown(figure.unweighted),
        weighted=shown(figure.weighted),
        se=shown(figure.se),
        low=shown(figure.low),
        high=shown(figure.high),
        deff=shown(figure.deff),
        n_eff=shown(figure.n_eff),
        band=method.band(figure.weighted),
        items_missing=figure.items_missing,
        cells_joined=figure.cells_joined,
        without_totals=figure.without_totals,
        received=figure.received,
        evidence=tuple(shown(share) for share in figure.evidence),
        without_open=shown(figure.without_open) if open_shown else None,
        margin_loss=shown(figure.margin_loss),
    )


def publish_all(result: IndexResult, earlier: Sequence[Mapping[Place, int]] = ()) -> list[Published]:
    """All figures of a result as they may be shown, none of them found by subtraction.

    ``earlier`` holds the numbers of answers of releases that overlap this one (the same months, or a part of them): a
    figure that differs from one of them by 1 to ``min_n - 1`` answers is hidden, for the difference would tell them.

    Examples
    --------
    >>> from analysis.cli import compute
    >>> shown = publish_all(compute(snapshot, "sipas-service"))
    >>> [(p.n, p.weighted) for p in shown if (p.agency, p.level) == ("x99", "overall")]  # three answers
    [(None, None)]
    """
    hidden, hide_open = _hidden(result, earlier), _hidden_open(result)
    return [
        publish(
            figure,
            result.method,
            hidden=(figure.agency, figure.level, figure.code) in hidden,
            hide_open=(figure.agency, figure.level, figure.code) in hide_open,
        )
        for figure in result.figures
    ]


def _hidden_open(result: IndexResult) -> set[Place]:
    """Agencies whose index without open posters would tell about a few people, there or elsewhere."""
    overall = [figure for figure in result.figures if figure.level == "overall"]
    found: set[Place] = set()
    closed = {(f.agency, f.level, f.code): f.n_without_open for f in overall}
    opened = {(f.agency, f.level, f.code): f.n - f.n_without_open for f in overall}
    for column in (closed, opened):
        found |= _in_table(column, found, result.method.min_n)
    return found


def _hidden(result: IndexResult, earlier: Sequence[Mapping[Place, int]]) -> set[Place]:
    minimum = result.method.min_n
    n = {(figure.agency, figure.level, figure.code): figure.n for figure in result.figures}
    small = {place for place, count in n.items() if 0 < count < minimum}
    for release in earlier:
        shared = n.keys() & release.keys()
        difference = {place: abs(n[place] - release[place]) for place in shared}
        small |= {place for place, count in difference.items() if 0 < count < minimum}
        small |= _in_table({k: v for k, v in difference.items() if k[1] in ("overall", "domain")}, set(), minimum)
    hidden = small | _in_table({k: v for k, v in n.items() if k[1] in ("overall", "domain")}, small, minimum)
    details = sorted({(level, code) for _, level, code in n if level in ("factor", "item")})
    silenced = {agency for agency, level, _ in hidden if level == "overall"}
    while True:
        before = len(silenced)
        for level, code in details:
            column = {place: count for place, count in n.items() if place[1:] == (level, code)}
            start = hidden & column.keys() | {(agency, level, code) for agency in silenced} & column.keys()
            found = start | _in_table(column, start, minimum)
            hidden |= found
            # A single hidden part of a shown mean could be worked out: an agency that protects another hides all of
            # its details. Parts that are small themselves are no part of the mean (analysis.index).
            silenced |= {place[0] for place in found if n[place] >= minimum and place[0] != PROVINCE}
        if len(silenced) == before:
            return hidden


def _in_table(n: Mapping[Place, int], start: Iterable[Place], minimum: int) -> set[Place]:
    """What has to be hidden in one table of agencies (rows) by domains or by nothing (columns)."""
    agencies = sorted({agency for agency, _, _ in n} - {PROVINCE})
    columns = sorted({code if level == "domain" else ALL for _, level, code in n} | {ALL})
    place = {(agency, code if level == "domain" else ALL): (agency, level, code) for agency, level, code in n}
    row = {agency: number for number, agency in enumerate([*agencies, PROVINCE])}
    counts = np.zeros((len(row), len(columns)), dtype=np.int64)
    for (agency, column), key in place.items():
        if agency != PROVINCE:
            counts[row[agency], columns.index(column)] = n[key]
    if len(columns) > 1:
        # Capped answers are shares of cells: the sums are made of the rounded parts.
        counts[:, columns.index(ALL)] = 0
        counts[:, columns.index(ALL)] = counts.sum(axis=1)
    counts[-1] = counts.sum(axis=0)
    rows = tuple(row)
    known = np.ones(counts.shape, dtype=bool)
    for agency, column in place:
        known[row[agency], columns.index(column)] = False
    mask = np.zeros(counts.shape, dtype=bool)
    for key in set(start) & n.keys():
        mask[row[key[0]], columns.index(key[2] if key[1] == "domain" else ALL)] = True
    table = Counts(rows, dict.fromkeys(agencies, PROVINCE), tuple(columns), counts)
    found = protect(table, minimum, mask, known=known)
    return {place[rows[r], columns[c]] for r, c in np.argwhere(found) if (rows[r], columns[c]) in place}
