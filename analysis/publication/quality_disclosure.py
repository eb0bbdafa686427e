"""Which figures of the quality report have to be left out, because others would give a small group
away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.counting.cells import Cells
from analysis.index.results import PROVINCE
from analysis.method import Method
from analysis.publication.hiding import Place, hidden_in_table


def channels_given_away(
    cells: Cells, shown: Mapping[str, Mapping[str, Any]], method: Method
) -> set[tuple[str, str]]:
    """Channels of agencies by which a hidden one could be worked out, across agencies and against
    the whole index.

    ``shown`` holds, per agency, the channels that would be shown; returns (agency, channel) pairs
    to leave out.
    """
    n: dict[Place, int] = {}
    for agency, channel, count in zip(
        cells.key("agency"), cells.key("channel"), cells.n.tolist(), strict=True
    ):
        for name, column in ((agency, channel), (PROVINCE, channel)):
            n[name, "domain", column] = n.get((name, "domain", column), 0) + count
            n[name, "overall", "overall"] = n.get((name, "overall", "overall"), 0) + count
    closed = {
        place for place in n if place[1] == "domain" and place[2] not in shown.get(place[0], {})
    }
    hidden = hidden_in_table(n, closed, method.min_n)
    return {
        (agency, code)
        for agency, level, code in hidden
        if level == "domain" and code in shown.get(agency, {})
    }


def hide_across(
    rows: dict[str, dict[str, float | None]],
    name: str,
    base: Mapping[str, int],
    left: Mapping[str, int],
    method: Method,
) -> None:
    """Set a variant to None where the others of its column would tell what a hidden one adds or
    leaves out.

    ``rows`` holds agency -> variant -> index and is changed; ``base`` and ``left`` are answers by
    agency under the method and under the variant.
    """
    for counts in (
        {a: abs(left.get(a, 0) - base.get(a, 0)) for a in rows},
        {a: left.get(a, 0) for a in rows},
    ):
        n = {(agency, "overall", "overall"): count for agency, count in counts.items()}
        closed = {place for place, count in n.items() if count and rows[place[0]].get(name) is None}
        for agency, _level, _code in hidden_in_table(n, closed, method.min_n):
            rows[agency][name] = None
