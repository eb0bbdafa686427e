"""Agencies beside each other: index with intervals, possible ranks, funnel plot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import altair as alt

from analysis.charts.base import (
    ACCENT,
    DASHED,
    DOT,
    EDGE,
    INK_SOFT,
    LEVELS,
    PAPER,
    ROW,
    STEPS,
    Frame,
    Picture,
    Spec,
    between,
    chart,
    halo,
    key,
    names,
    ruled,
    wrap,
)
from analysis.publication.targets import Target

Box = tuple[float, float, float, float]
_PLOT: Final = (640.0, 400.0)
_CHARACTER: Final = 7.4
"""Mean width of a character of 14 px text."""


class Score(NamedTuple):
    """An agency's index in percent, its interval and its answers."""

    name: str
    value: float
    low: float
    high: float
    n: int


class RankSet(NamedTuple):
    """The places an agency may hold; ``place`` is the one its figure has in the order."""

    name: str
    place: int
    best: int
    worst: int


def index_picture(scores: Sequence[Score], target: Target, frame: Frame) -> Picture:
    """Index with interval, highest first, against the target.

    Examples
    --------
    >>> from analysis.publication.targets import SATISFACTION_TARGET
    >>> scores = [Score("Sở A", 91.0, 89.0, 93.0, 120), Score("Sở B", 80.0, 74.0, 86.0, 60)]
    >>> index_picture(scores, SATISFACTION_TARGET, Frame()).text[:65]
    'Chỉ số của 2 đơn vị. Cao nhất: Sở A 91,0. Thấp nhất: Sở B 80,0. C'
    """
    ordered = sorted(scores, key=lambda score: (-score.value, score.name))
    number, words, goal_value = frame.number, frame.words, float(target.value)
    said = number(goal_value, 0 if goal_value.is_integer() else 1)
    base = chart(
        {
            "name": key(s.name),
            "value": s.value,
            "low": s.low,
            "high": s.high,
            "label": f"{number(s.value)} ({number(s.low)}–{number(s.high)})",
        }
        for s in ordered
    ).encode(y=names([s.name for s in ordered]))
    scale = between(min([goal_value, *(s.low for s in ordered)]), 100)
    x = partial(alt.X, axis=ruled(words["index"]), scale=scale)
    goal = chart([{"value": goal_value, "label": words["target"].format(value=said)}]).encode(
        x=x("value:Q")
    )
    layers = [
        goal.mark_rule(**DASHED),
        goal.mark_text(baseline="bottom", dy=-5, fontWeight="bold").encode(
            y=alt.value(0), text="label:N"
        ),
        base.mark_rule(color=ACCENT, strokeWidth=3).encode(x=x("low:Q"), x2="high:Q"),
        base.mark_point(color=ACCENT, **DOT).encode(x=x("value:Q")),
        base.mark_text(align="left", dx=12).encode(x=alt.value("width"), text="label:N"),
    ]
    return frame.finish(
        "index",
        layers,
        ROW * max(len(ordered), 1),
        count=len(ordered),
        first=_said(ordered[0], frame) if ordered else words["none"],
        last=_said(ordered[-1], frame) if ordered else words["none"],
        above=sum(target.met(score.low) for score in ordered),
        target=said,
        reach=words[target.operator],
    )


def _said(score: Score, frame: Frame) -> str:
    return f"{score.name} {frame.number(score.value)}"


def ranks_picture(ranks: Sequence[RankSet], frame: Frame) -> Picture:
    """The places each agency may hold as a bar; the disc is its place in the order of the figures.

    Examples
    --------
    >>> print(ranks_picture([RankSet("Sở A", 1, 1, 2), RankSet("Sở B", 2, 1, 2)], Frame()).text)
    Thứ hạng có thể có của 2 đơn vị, đúng đồng thời với độ tin cậy 95 %: Sở A 1–2; Sở B 1–2.
    """
    ordered = sorted(ranks, key=lambda item: (item.place, item.name))

    def span(item: RankSet) -> str:
        return f"{item.best}–{item.worst}" if item.worst > item.best else f"{item.best}"

    base = chart(
        {
            "name": key(r.name),
            "place": r.place,
            "low": r.best - 0.42,
            "high": r.worst + 0.42,
            "label": span(r),
        }
        for r in ordered
    ).encode(y=names([r.name for r in ordered]))
    axis = ruled(frame.words["rank"], values=[1, *range(5, len(ordered) + 1, 5)], format="d")
    x = partial(alt.X, scale=alt.Scale(domain=[0.4, len(ordered) + 0.6], nice=False), axis=axis)
    layers = [
        base.mark_bar(color=STEPS[2], size=22, cornerRadius=4).encode(x=x("low:Q"), x2="high:Q"),
        base.mark_point(color=LEVELS[4], **(DOT | {"size": 420})).encode(x=x("place:Q")),
        base.mark_text(color=PAPER, fontWeight="bold", fontSize=13).encode(
            x=x("place:Q"), text=alt.Text("place:Q", format="d")
        ),
        base.mark_text(align="left", dx=12).encode(x=alt.value("width"), text="label:N"),
    ]
    listed = "; ".join(f"{item.name} {span(item)}" for item in ordered)
    return frame.finish(
        "ranks", layers, ROW * max(len(ordered), 1), count=len(ordered), list=listed
    )


def funnel_picture(
    scores: Sequence[Score], middle: float, error: Callable[[float], float], frame: Frame
) -> Picture:
    """Index by effective answers, limits at middle ± z · error(n) (Spiegelhalter 2005); the outer
    ones are named.

    Examples
    --------
    >>> from analysis.publication.targets import SATISFACTION_TARGET
    >>> scores = [Score("Sở A", 91.0, 89.0, 93.0, 120), Score("Sở B", 80.0, 74.0, 86.0, 60)]
    >>> funnel_picture(scores, 88.0, lambda n: 32.5 / n**0.5, Frame()).text[:63]
    'Trung vị 88,0. Cao hơn giới hạn 95 %: không có. Thấp hơn: không'
    """
    words = frame.words
    sides = (words["inside"], words["above"], words["below"])
    most = 1.06 * max([s.n for s in scores], default=1)
    lines = _limits(middle, error, min([s.n for s in scores], default=1), most, frame)
    every = [float(line["value"]) for line in lines] + [s.value for s in scores]
    low, high = 5 * (min(every) // 5), min(100, 5 * -(-max(every) // 5))
    x = alt.X(
        "n:Q",
        scale=alt.Scale(domain=[0, most], nice=False),
        axis=ruled(words["effective"], grid=False, domain=True),
    )
    y = alt.Y("value:Q", scale=alt.Scale(domain=[low, high]), axis=ruled(words["index"]))
    rows = [_point(s, (s.value - middle) / error(s.n), sides, (most, low, high)) for s in scores]
    points = chart(_placed(rows, sides[0])).encode(x=x, y=y)
    text = points.transform_filter("datum.text").encode(text="text:N")
    order = list(dict.fromkeys(line["line"] for line in lines))
    dash = alt.StrokeDash(
        "line:N",
        legend=alt.Legend(orient="bottom", symbolSize=900),
        scale=alt.Scale(domain=order, range=[[6, 4], [2, 3], [1, 0]]),
    )
    color = alt.Scale(domain=list(sides), range=[EDGE, LEVELS[4], LEVELS[0]])
    shape = alt.Scale(domain=list(sides), range=["circle", "triangle-up", "triangle-down"])
    layers = [
        chart(lines)
        .mark_line(color=INK_SOFT, strokeWidth=1.5)
        .encode(x=x, y=y, detail="z:N", strokeDash=dash),
        points.mark_point(**DOT).encode(
            color=alt.Color("state:N", scale=color), shape=alt.Shape("state:N", scale=shape)
        ),
        *halo(
            text,
            align=alt.ExprRef("datum.align"),
            dx=alt.ExprRef("datum.dx"),
            dy=alt.ExprRef("datum.dy"),
        ),
    ]
    outside = {
        side: "; ".join(row["name"] for row in rows if row["state"] == side) or words["none"]
        for side in sides[1:]
    }
    return frame.finish(
        "funnel",
        layers,
        int(_PLOT[1]),
        mean=frame.number(middle),
        above=outside[sides[1]],
        below=outside[sides[2]],
    )


def _point(score: Score, z: float, sides: Sequence[str], plot: tuple[float, float, float]) -> Spec:
    most, low, high = plot
    return {
        "n": score.n,
        "value": score.value,
        "z": z,
        "state": sides[1] if z > 1.96 else sides[2] if z < -1.96 else sides[0],
        "name": score.name,
        "px": score.n / most * _PLOT[0],
        "py": (high - score.value) / (high - low) * _PLOT[1],
    }


def _limits(
    middle: float, error: Callable[[float], float], least: float, most: float, frame: Frame
) -> list[Spec]:
    """Points of the lines, closer together where n is small."""
    words = frame.words
    kinds = (
        (words["limit95"], (-1.96, 1.96)),
        (words["limit998"], (-3.09, 3.09)),
        (words["middle"].format(value=frame.number(middle)), (0.0,)),
    )
    at = [least + (most - least) * (i / 60) ** 2 for i in range(61)]
    return [
        {"n": round(n, 2), "value": round(middle + z * error(n), 3), "z": z, "line": name}
        for name, zs in kinds
        for z in zs
        for n in at
        if 0 <= middle + z * error(n) <= 100
    ]


def _placed(rows: list[Spec], inside: str) -> list[Spec]:
    """Names for the points outside, the furthest out first, each where there is room; without room
    no name.
    """
    taken: list[Box] = [
        (row["px"] - 6, row["py"] - 6, row["px"] + 6, row["py"] + 6) for row in rows
    ]
    for row in sorted(rows, key=lambda row: -abs(row["z"])):
        lines = wrap(row["name"], 26)
        free = [spot for spot in _spots(row["px"], row["py"], lines) if not _clash(spot[0], taken)]
        if free and row["state"] != inside:
            taken.append(free[0][0])
            row.update(free[0][1], text=lines)
    return rows


def _spots(px: float, py: float, lines: Sequence[str]) -> list[tuple[Box, dict[str, Any]]]:
    """Right, left, above and below a point: the box and the mark's offsets."""
    wide, tall = _CHARACTER * max(map(len, lines)), 17.0 * len(lines)
    first = -8.5 * (len(lines) - 1)
    return [
        (
            (px + 10, py - tall / 2, px + 10 + wide, py + tall / 2),
            {"align": "left", "dx": 10, "dy": first},
        ),
        (
            (px - 10 - wide, py - tall / 2, px - 10, py + tall / 2),
            {"align": "right", "dx": -10, "dy": first},
        ),
        (
            (px - wide / 2, py - 8 - tall, px + wide / 2, py - 8),
            {"align": "center", "dx": 0, "dy": 2 * first - 17},
        ),
        (
            (px - wide / 2, py + 8, px + wide / 2, py + 8 + tall),
            {"align": "center", "dx": 0, "dy": 17},
        ),
    ]


def _clash(box: Box, taken: Iterable[Box]) -> bool:
    left, top, right, bottom = box
    outside = left < 0 or top < 0 or right > _PLOT[0] or bottom > _PLOT[1]
    return outside or any(
        left < b[2] and b[0] < right and top < b[3] and b[1] < bottom for b in taken
    )
