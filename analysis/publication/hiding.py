"""Which figures are hidden, so that no hidden one can be worked out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from analysis.arrays import Floats
from analysis.index.results import PROVINCE, Figure, IndexResult
from analysis.publication.audit import ALL, Counts
from analysis.publication.suppression import protect

MIN_WIDTH: Final = 10.0
"""Points an outsider's interval for a hidden figure must leave."""


def narrow_groups(result: IndexResult, hidden: Collection[Place]) -> set[Place]:
    """Figures to hide as well, because hidden ones can be told to within ``MIN_WIDTH`` points from
    the shown ones.

    A shown mean is the mean of its parts weighted by their dossiers, which are shown. What the
    hidden parts have together is known then, and near 0 or 100 it leaves each of them little room:
    part i lies between ``(S - 100 (N - N_i)) / N_i`` and ``S / N_i`` with S = sum N_i P_i over the
    hidden ones. The smallest shown parts are hidden with them until every one has room. Where
    hiding all of them would not give it, the mean is hidden.
    """
    found: set[Place] = set()
    for mean, parts in _parts_of_means(result, hidden):
        closed = [f for f in parts if (f.agency, f.level, f.code) in hidden]
        taken = {id(figure) for figure in closed}
        shown = [f for f in parts if id(f) not in taken and f.weighted is not None and f.n > 0]
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


def _parts_of_means(
    result: IndexResult, hidden: Collection[Place]
) -> list[tuple[Place, list[Figure]]]:
    """Every shown mean and its parts: domains of an agency, and agencies in a column of the
    province.
    """
    shown = {(f.agency, f.level, f.code) for f in result.figures if f.weighted is not None} - set(
        hidden
    )
    domains: dict[str, list[Figure]] = {}
    columns: dict[tuple[str, str], list[Figure]] = {}
    for figure in result.figures:
        if figure.unverified or figure.apart or not figure.transactions:
            continue
        if figure.agency != PROVINCE and figure.level in ("overall", "domain"):
            columns.setdefault((figure.level, figure.code), []).append(figure)
        if figure.level == "domain":
            domains.setdefault(figure.agency, []).append(figure)
    whole = {(agency, "overall", "overall"): parts for agency, parts in domains.items()}
    whole |= {(PROVINCE, *column): parts for column, parts in columns.items()}
    return [(mean, parts) for mean, parts in whole.items() if mean in shown]


def _width(parts: Sequence[Figure]) -> float:
    return narrowest_width(
        np.array([figure.transactions for figure in parts], dtype=np.float64),
        np.array([figure.weighted or 0.0 for figure in parts]),
    )


def narrowest_width(sizes: Floats, values: Floats) -> float:
    """The narrowest interval, in points, an outsider can give one of some hidden parts from what
    they have together: ``sizes`` (P,) above 0, ``values`` (P,) in percent, P at least 1.

    Examples
    --------
    >>> narrowest_width(np.array([10.0, 30.0]), np.array([100.0, 90.0]))
    10.0
    """
    total = float(sizes @ values)
    low = np.maximum((total - 100 * (sizes.sum() - sizes)) / sizes, 0.0)
    high = np.minimum(total / sizes, 100.0)
    return float((high - low).min())


def agencies_hiding_open(result: IndexResult) -> set[Place]:
    """Agencies whose index with open answers would tell about a few people, there or elsewhere."""
    overall = [
        figure
        for figure in result.figures
        if figure.level == "overall" and not (figure.unverified or figure.apart)
    ]
    added = {(f.agency, f.level, f.code): f.n_with_open - f.n for f in overall}
    return hidden_in_table(added, set(), result.method.min_n)


def hidden_places(
    result: IndexResult, earlier: Sequence[Mapping[Place, int]], more: Collection[Place] = ()
) -> set[Place]:
    """Everything that has to be hidden, beside ``earlier`` releases and ``more`` places."""
    minimum = result.method.min_n
    n = {(figure.agency, figure.level, figure.code): figure.n_added for figure in result.figures}
    small = {place for place, count in n.items() if 0 < count < minimum} | set(more)
    told = {(figure.agency, figure.level, figure.code): figure.n for figure in result.figures}
    for release in earlier:
        shared = told.keys() & release.keys()
        difference = {place: abs(told[place] - release[place]) for place in shared}
        small |= {place for place, count in difference.items() if 0 < count < minimum}
        small |= hidden_in_table(
            {k: v for k, v in difference.items() if k[1] in ("overall", "domain")}, set(), minimum
        )
    hidden = small | hidden_in_table(
        {k: v for k, v in n.items() if k[1] in ("overall", "domain")}, small, minimum
    )
    details = sorted({(level, code) for _, level, code in n if level in ("factor", "item")})
    silenced = {agency for agency, level, _ in hidden if level == "overall"}
    while True:
        before = len(silenced)
        for level, code in details:
            column = {place: count for place, count in n.items() if place[1:] == (level, code)}
            start = (
                hidden & column.keys()
                | {(agency, level, code) for agency in silenced} & column.keys()
            )
            found = start | hidden_in_table(column, start, minimum)
            hidden |= found
            # A single hidden part of a shown mean could be worked out: an agency that protects
            # another hides all of its details. Parts that are small themselves are no part of the
            # mean (analysis.index.formula).
            silenced |= {
                place[0] for place in found if n[place] >= minimum and place[0] != PROVINCE
            }
        if len(silenced) == before:
            return hidden


def hidden_in_table(n: Mapping[Place, int], start: Iterable[Place], minimum: int) -> set[Place]:
    """What has to be hidden in one table of agencies (rows) by domains or by nothing (columns), so
    that no sum tells.

    ``n`` answers of each figure, ``start`` the figures that are hidden already, ``minimum`` answers
    a figure must have.

    Examples
    --------
    >>> counts = (("a", 40), ("b", 12), ("c", 3), ("*", 55))
    >>> n = {(name, "overall", "overall"): count for name, count in counts}
    >>> sorted(place[0] for place in hidden_in_table(n, {("c", "overall", "overall")}, 10))
    ['b', 'c']
    """
    agencies = sorted({agency for agency, _, _ in n} - {PROVINCE})
    columns = sorted({code if level == "domain" else ALL for _, level, code in n} | {ALL})
    place = {
        (agency, code if level == "domain" else ALL): (agency, level, code)
        for agency, level, code in n
    }
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
    return {
        place[rows[r], columns[c]] for r, c in np.argwhere(found) if (rows[r], columns[c]) in place
    }


Place = tuple[str, str, str]
"""(agency, level, code) of a figure."""
