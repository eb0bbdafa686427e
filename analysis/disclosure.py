"""What may be shown: minimum n, complementary suppression, differencing, rounding. One engine for every output."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

import numpy as np

from analysis.method import Method
from analysis.result import PROVINCE, Figure, IndexResult
from analysis.rounding import rounded
from analysis.suppression import ALL, Counts, protect

Status = Literal["published", "few", "unverified", "suppressed", "none"]
MIN_WIDTH: Final = 10.0
"""Points an outsider's interval for a hidden figure must leave."""
Place = tuple[str, str, str]
"""(agency, level, code) of a figure."""


@dataclass(frozen=True)
class Published:
    """A figure as it may leave the house: rounded, or without numbers.

    ``status``: ``published``; ``few`` = shown but never ranked (effective n below the minimum); ``unverified`` = shown,
    never ranked: it rests on open answers alone, or there are no dossiers to hold its answers against, or more answers
    than dossiers came in that claim to prove presence; ``suppressed`` =
    too few answered, or the figure would give away another one; ``none`` = nobody answered. Which of the two reasons a
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
    overfull: bool = False
    received: int | None = None
    evidence: tuple[Decimal | None, ...] = field(default=(None,) * 5)
    with_open: Decimal | None = None
    n_with_open: int | None = None
    margin_loss: Decimal | None = None


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
    if figure.unverified or ((figure.without_totals or figure.overfull) and figure.agency != PROVINCE):
        return "unverified"
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

    ``hidden``: it would give another one away; ``hide_open``: its value with open answers would.

    Examples
    --------
    >>> from analysis.cli import compute
    >>> result = compute(snapshot, "sipas-service")
    >>> figure = next(f for f in result.figures if (f.agency, f.level) == ("s00", "overall"))
    >>> publish(figure, result.method).weighted
    Decimal('85.93')
    """
    # What an unverified figure adds to others is not in it: it cannot give them away.
    status = "suppressed" if hidden and not figure.unverified else status_of(figure, method)
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

    apart = figure.n_with_open - figure.n
    open_shown = not figure.unverified and apart >= method.min_n and not hide_open
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
        overfull=figure.overfull,
        received=figure.received or None,
        evidence=tuple(shown(share) for share in figure.evidence),
        with_open=shown(figure.with_open) if open_shown else None,
        n_with_open=figure.n_with_open if open_shown else None,
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
    while more := narrow_groups(result, hidden):
        hidden = _hidden(result, earlier, hidden | more)
    return [
        publish(
            figure,
            result.method,
            hidden=(figure.agency, figure.level, figure.code) in hidden,
            hide_open=(figure.agency, figure.level, figure.code) in hide_open,
        )
        for figure in result.figures
    ]


def narrow_groups(result: IndexResult, hidden: Collection[Place]) -> set[Place]:
    """Figures to hide as well, because hidden ones can be told to within ``MIN_WIDTH`` points from the shown ones.

    A shown mean is the mean of its parts weighted by their dossiers, which are shown. What the hidden parts have
    together is known then, and near 0 or 100 it leaves each of them little room: part i lies between
    ``(S - 100 (N - N_i)) / N_i`` and ``S / N_i`` with S = sum N_i P_i over the hidden ones. The smallest shown parts
    are hidden with them until every one has room. Where hiding all of them would not give it, the mean is hidden.
    """
    found: set[Place] = set()
    for mean, parts in _parts_of_means(result, hidden):
        closed = [f for f in parts if (f.agency, f.level, f.code) in hidden]
        shown = [f for f in parts if f not in closed and f.weighted is not None and f.n > 0]
        if not closed or _width(closed) >= MIN_WIDTH:
            continue
        if _width([*closed, *shown]) < MIN_WIDTH:
            found.add(mean)
            continue
        for least in sorted(shown, key=lambda f: (f.n, f.agency, f.code)):
            closed.append(least)
            found.add((least.agency, least.level, least.code))
            if _width(closed) >= MIN_WIDTH:
                break
    return found


def _parts_of_means(result: IndexResult, hidden: Collection[Place]) -> list[tuple[Place, list[Figure]]]:
    """Every shown mean and its parts: domains of an agency, and agencies in a column of the province."""
    shown = {(f.agency, f.level, f.code) for f in result.figures if f.weighted is not None} - set(hidden)
    domains: dict[str, list[Figure]] = {}
    columns: dict[tuple[str, str], list[Figure]] = {}
    for figure in result.figures:
        if figure.unverified or not figure.transactions:
            continue
        if figure.agency != PROVINCE and figure.level in ("overall", "domain"):
            columns.setdefault((figure.level, figure.code), []).append(figure)
        if figure.level == "domain":
            domains.setdefault(figure.agency, []).append(figure)
    whole = {(agency, "overall", "overall"): parts for agency, parts in domains.items()}
    whole |= {(PROVINCE, *column): parts for column, parts in columns.items()}
    return [(mean, parts) for mean, parts in whole.items() if mean in shown]


def _width(parts: Sequence[Figure]) -> float:
    """The narrowest interval, in points, an outsider can give one of some hidden parts from what they have together."""
    sizes = np.array([figure.transactions for figure in parts], dtype=np.float64)
    values = np.array([figure.weighted or 0.0 for figure in parts])
    total = float(sizes @ values)
    low = np.maximum((total - 100 * (sizes.sum() - sizes)) / sizes, 0.0)
    high = np.minimum(total / sizes, 100.0)
    return float((high - low).min())


def _hidden_open(result: IndexResult) -> set[Place]:
    """Agencies whose index with open answers would tell about a few people, there or elsewhere."""
    overall = [figure for figure in result.figures if figure.level == "overall" and not figure.unverified]
    added = {(f.agency, f.level, f.code): f.n_with_open - f.n for f in overall}
    return hidden_in_table(added, set(), result.method.min_n)


def _hidden(result: IndexResult, earlier: Sequence[Mapping[Place, int]], more: Collection[Place] = ()) -> set[Place]:
    minimum = result.method.min_n
    n = {(figure.agency, figure.level, figure.code): figure.n_added for figure in result.figures}
    small = {place for place, count in n.items() if 0 < count < minimum} | set(more)
    told = {(figure.agency, figure.level, figure.code): figure.n for figure in result.figures}
    for release in earlier:
        shared = told.keys() & release.keys()
        difference = {place: abs(told[place] - release[place]) for place in shared}
        small |= {place for place, count in difference.items() if 0 < count < minimum}
        small |= hidden_in_table({k: v for k, v in difference.items() if k[1] in ("overall", "domain")}, set(), minimum)
    hidden = small | hidden_in_table({k: v for k, v in n.items() if k[1] in ("overall", "domain")}, small, minimum)
    details = sorted({(level, code) for _, level, code in n if level in ("factor", "item")})
    silenced = {agency for agency, level, _ in hidden if level == "overall"}
    while True:
        before = len(silenced)
        for level, code in details:
            column = {place: count for place, count in n.items() if place[1:] == (level, code)}
            start = hidden & column.keys() | {(agency, level, code) for agency in silenced} & column.keys()
            found = start | hidden_in_table(column, start, minimum)
            hidden |= found
            # A single hidden part of a shown mean could be worked out: an agency that protects another hides all of
            # its details. Parts that are small themselves are no part of the mean (analysis.index).
            silenced |= {place[0] for place in found if n[place] >= minimum and place[0] != PROVINCE}
        if len(silenced) == before:
            return hidden


def hidden_in_table(n: Mapping[Place, int], start: Iterable[Place], minimum: int) -> set[Place]:
    """What has to be hidden in one table of agencies (rows) by domains or by nothing (columns), so that no sum tells.

    ``n`` answers of each figure, ``start`` the figures that are hidden already, ``minimum`` answers a figure must have.

    Examples
    --------
    >>> n = {(name, "overall", "overall"): count for name, count in (("a", 40), ("b", 12), ("c", 3), ("*", 55))}
    >>> sorted(place[0] for place in hidden_in_table(n, {("c", "overall", "overall")}, 10))
    ['b', 'c']
    """
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
