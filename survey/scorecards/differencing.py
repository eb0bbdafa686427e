"""What releases of overlapping periods tell together: every number of answers that can be put
together from them and a new one.

A release tells how many answers lie between two ends of months. Releases that share an end can be
joined, and what lies inside another taken away: a year minus three quarters and two months is one
month. The ends are the nodes of a graph, releases its edges; inside a connected part every span
between two ends is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from survey.common.periods import Period

Place = tuple[str, str, str]
"""(agency key, level, code) of a figure."""
Span = tuple[int, int]
"""First month and the month after the last, counted from year 0."""
MAX_COMBINATIONS = 4096
"""How many ways of taking known spans out of one are looked at."""


class ReleasedFigure(NamedTuple):
    """Answers behind a figure, and its unweighted value in percent."""

    n: int
    unweighted: float | None


class Release(NamedTuple):
    """What an edition has shown: a period, a method, and figures by place."""

    period: Period
    method: str
    figures: Mapping[Place, ReleasedFigure]


def month_span(period: Period) -> Span:
    """A period as a span of months."""
    first = 12 * period.first.year + period.first.month
    last = 12 * period.last.year + period.last.month
    return first, last + 1


def known_numbers(
    period: Period,
    method: str,
    figures: Mapping[Place, ReleasedFigure],
    releases: Sequence[Release],
) -> list[dict[Place, int]]:
    """Numbers k by place such that ``|n - k|`` answers of the new figures could be told.

    Where the new figure is the sum of released ones and yet somebody's answer changed meanwhile,
    k is one less than n: the difference of the values would tell that answer.
    """
    span = month_span(period)
    by_rank: list[dict[Place, int]] = []
    for place, figure in figures.items():
        shown = [
            (month_span(release.period), release.method, release.figures[place])
            for release in releases
            if place in release.figures
        ]
        if not shown:
            continue
        numbers = _numbers_known([(of, other.n) for of, _, other in shown], span)
        if _answer_changed(span, figure, [row for row in shown if row[1] == method]):
            numbers.add(figure.n - 1)
        for rank, number in enumerate(sorted(numbers)):
            if rank == len(by_rank):
                by_rank.append({})
            by_rank[rank][place] = number
    return by_rank


def _numbers_known(edges: Sequence[tuple[Span, int]], span: Span) -> set[int]:
    parts = _connected_parts(edges)
    left = next((part for part in parts if span[0] in part), {span[0]: 0})
    right = next((part for part in parts if span[1] in part), {span[1]: 0})
    if left is right:
        numbers = {left[span[1]] - left[span[0]]}
    else:
        # Every span that becomes known by the new one: from any end on its left to any on its
        # right, and what is left of it when known spans inside are taken away.
        numbers = set()
        for start, before in left.items():
            for end, after in right.items():
                offset = (before - left[span[0]]) - (after - right[span[1]])
                side = 1 if start < end else -1
                inside = _sums_inside(parts, min(start, end), max(start, end))
                numbers |= {offset + side * taken for taken in inside}
    for part in parts:
        numbers |= set(_remainders_around(parts, part, span))
    return numbers - {0}


def _remainders_around(
    parts: Sequence[Mapping[int, int]], part: Mapping[int, int], span: Span
) -> Iterator[int]:
    """What known spans that hold the new one are without everything else known inside them."""
    for start in (node for node in part if node <= span[0]):
        for end in (node for node in part if node >= span[1]):
            if (start, end) != span:
                for before in _sums_inside(parts, start, span[0]):
                    for after in _sums_inside(parts, span[1], end):
                        yield part[end] - part[start] - before - after


def _connected_parts(edges: Sequence[tuple[Span, int]]) -> list[dict[int, int]]:
    """Ends of each connected part, with the answers before each of them, from any zero."""
    parts: list[dict[int, int]] = []
    for (start, end), n in edges:
        left = next((part for part in parts if start in part), None)
        right = next((part for part in parts if end in part), None)
        if left is None and right is None:
            parts.append({start: 0, end: n})
        elif left is None and right is not None:
            right[start] = right[end] - n
        elif right is None and left is not None:
            left[end] = left[start] + n
        elif left is not None and right is not None and left is not right:
            moved = left[start] + n - right[end]
            left.update({node: answers + moved for node, answers in right.items()})
            parts.remove(right)
    return parts


def _sums_inside(parts: Sequence[Mapping[int, int]], start: int, end: int) -> set[int]:
    """Sums of known spans that lie between two ends without overlapping, as many as can be."""
    pieces = [
        (first, last, part[last] - part[first])
        for part in parts
        for nodes in [sorted(node for node in part if start <= node <= end)]
        for first, last in pairwise(nodes)
    ]
    pieces.sort()
    found: set[int] = set()
    stack = [(start, 0)]
    for _ in range(MAX_COMBINATIONS):
        if not stack:
            break
        position, total = stack.pop()
        ahead = [piece for piece in pieces if piece[0] >= position]
        if not ahead:
            found.add(total)
            continue
        # Only pieces that overlap the next one compete with it; nothing is left out needlessly.
        rivals = [piece for piece in ahead if piece[0] < ahead[0][1]]
        stack += [(last, total + n) for _, last, n in rivals]
    return found


def _answer_changed(
    span: Span, figure: ReleasedFigure, shown: Sequence[tuple[Span, str, ReleasedFigure]]
) -> bool:
    """Whether a figure is not the sum of released ones it is made of, though nobody was added."""
    if figure.unweighted is None:
        return False
    counts = _connected_parts([(of, other.n) for of, _, other in shown])
    part = next((part for part in counts if span[0] in part and span[1] in part), None)
    if part is None or part[span[1]] - part[span[0]] != figure.n:
        return False
    sums = _connected_parts(
        [(of, round(100 * other.n * (other.unweighted or 0))) for of, _, other in shown]
    )
    whole = next(part for part in sums if span[0] in part and span[1] in part)
    # Shown to two decimals: each of the sums is known to half a hundredth times its answers.
    room = 0.5 * (figure.n + sum(other.n for _, _, other in shown)) + 1
    return abs(whole[span[1]] - whole[span[0]] - 100 * figure.n * figure.unweighted) > room
