"""How the sample came about: weights before and after trimming, response by agency and month."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import altair as alt
import numpy as np
import numpy.typing as npt

from analysis.charts.base import (
    ACCENT,
    INK,
    LEVELS,
    LINE,
    PAPER,
    ROW,
    STEPS,
    Frame,
    Picture,
    chart,
    key,
    names,
    ruled,
)


class CoverageCell(NamedTuple):
    """Response of one agency in one month, in percent; None where too few answered to say."""

    name: str
    month: str
    percent: float | None


def weights_picture(
    before: npt.ArrayLike, after: npt.ArrayLike, n: npt.ArrayLike, frame: Frame, bins: int = 24
) -> Picture:
    """Weights of K cells with ``n`` answers each, before trimming (wide bars) and after (narrow
    bars in front).

    Examples
    --------
    >>> print(weights_picture([1, 1], [2.0, 6.0], [50, 50], Frame()).text)
    Trọng số của 100 phiếu, lớn nhất 1,0 trước và 6,0 sau khi cắt.
    """
    first, second, size = (np.asarray(part, float) for part in (before, after, n))
    edges = np.linspace(0, max(float(first.max()), float(second.max())) * 1.001, bins + 1)
    words = frame.words
    who = (words["before"], words["after"])
    cut_at_all = not np.array_equal(first, second)
    base = chart(
        {"start": start, "end": end, "count": count, "who": name}
        for name, weights in zip(who, (first, second), strict=True)
        for start, end, count in zip(
            edges[:-1].tolist(),
            edges[1:].tolist(),
            np.histogram(weights, edges, weights=size)[0].tolist(),
            strict=True,
        )
    )
    x = partial(
        alt.X, axis=ruled(words["weight"], grid=False, domain=True, format=".1f", tickCount=8)
    )
    y = alt.Y("count:Q", stack=None, axis=ruled(words["answers"]))
    color = alt.Color(
        "who:N",
        scale=alt.Scale(domain=list(who)[: 1 + cut_at_all], range=[LEVELS[1], ACCENT]),
        legend=alt.Legend(symbolType="square", orient="bottom"),
    )
    base = base.encode(x=x("start:Q", bin="binned"), x2="end:Q", y=y, color=color)
    layers = [base.transform_filter(alt.datum.who == who[0]).mark_bar(binSpacing=2)]
    layers += (
        [base.transform_filter(alt.datum.who == who[1]).mark_bar(binSpacing=12)]
        if cut_at_all
        else []
    )
    said = {"most": frame.number(float(first.max())), "cut": frame.number(float(second.max()))}
    return frame.finish("weights", layers, 280, count=frame.number(float(size.sum()), 0), **said)


def coverage_picture(cells: Sequence[CoverageCell], frame: Frame) -> Picture:
    """Response rate by agency and month, with the numbers.

    Examples
    --------
    >>> cells = [CoverageCell("Sở A", "2026-07", 31.5), CoverageCell("Sở A", "2026-08", None)]
    >>> print(coverage_picture(cells, Frame()).text)
    Tỷ lệ trả lời của 1 đơn vị qua 2 tháng; 1 ô chưa đủ số phiếu.
    """
    steps = frame.words["steps"].split("|")
    order, months = (
        list(dict.fromkeys(c.name for c in cells)),
        list(dict.fromkeys(c.month for c in cells)),
    )
    level = [
        0 if c.percent is None else 1 + sum(c.percent >= edge for edge in (20, 40, 60))
        for c in cells
    ]
    base = chart(
        {
            "name": key(c.name),
            "month": c.month,
            "step": steps[step],
            "ink": PAPER if step == len(STEPS) - 1 else INK,
            "label": "–" if c.percent is None else frame.number(c.percent, 0),
        }
        for c, step in zip(cells, level, strict=True)
    )
    axis = alt.Axis(orient="top", labelAngle=0, domain=False, title=None)
    x = alt.X("month:N", scale=alt.Scale(domain=months), axis=axis)
    base = base.encode(x=x, y=names(order))
    color = alt.Color(
        "step:N",
        scale=alt.Scale(domain=steps, range=list(STEPS)),
        legend=alt.Legend(symbolType="square", symbolStrokeColor=LINE, orient="bottom"),
    )
    layers = [
        base.mark_rect(stroke=LINE, strokeWidth=1).encode(color=color),
        base.mark_text(fontSize=13, color=alt.ExprRef("datum.ink")).encode(text="label:N"),
    ]
    missing = sum(c.percent is None for c in cells)
    return frame.finish(
        "coverage",
        layers,
        ROW * max(len(order), 1),
        count=len(order),
        months=len(months),
        missing=missing,
    )
