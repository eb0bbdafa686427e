"""One agency looked at closely: factors, answer levels, periods."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import altair as alt

from analysis.charts.base import (
    ACCENT,
    DASHED,
    DOT,
    INK,
    INK_SOFT,
    LEVELS,
    ON_LEVELS,
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
)


class FactorScore(NamedTuple):
    """One factor in percent: the agency's value and interval, and the province's value."""

    name: str
    value: float
    low: float
    high: float
    province: float


class Shares(NamedTuple):
    """Percent of answers at each of five levels, worst first."""

    name: str
    shares: tuple[float, float, float, float, float]


class Trend(NamedTuple):
    """One period; another ``series`` than the one before means that the two cannot be compared,
    ``reworded`` that a question got other words in it: compare with care.
    """

    label: str
    series: int
    value: float
    low: float
    high: float
    province: float
    reworded: bool = False


def profile_picture(factors: Sequence[FactorScore], agency: str, frame: Frame) -> Picture:
    """Factors of one agency beside the province.

    Examples
    --------
    >>> factors = [FactorScore("Kết quả", 91.0, 89.0, 93.0, 90.0)]
    >>> print(profile_picture(factors, "Sở A", Frame()).text)
    Sở A: Kết quả 91,0 (toàn tỉnh 90,0).
    """
    words, number = frame.words, frame.number
    who = (agency, words["province"])
    base = chart(
        {
            "name": key(f.name),
            "value": value,
            "low": f.low,
            "high": f.high,
            "who": name,
            "label": f"{number(f.value)} ({number(f.value - f.province, sign='+')})",
        }
        for f in factors
        for name, value in zip(who, (f.value, f.province), strict=True)
    ).encode(y=names([f.name for f in factors]))
    own = base.transform_filter(alt.datum.who == agency)
    x = partial(
        alt.X,
        scale=between(min(min(f.low, f.province) for f in factors), 100),
        axis=ruled(words["profile_axis"]),
    )
    color = alt.Scale(domain=list(who), range=[ACCENT, LEVELS[0]])
    shape = alt.Scale(domain=list(who), range=["circle", "diamond"])
    layers = [
        own.mark_rule(color=ACCENT, strokeWidth=3).encode(x=x("low:Q"), x2="high:Q"),
        base.mark_point(**DOT).encode(
            x=x("value:Q"),
            shape=alt.Shape("who:N", scale=shape),
            color=alt.Color("who:N", scale=color, legend=alt.Legend(direction="vertical")),
        ),
        own.mark_text(align="left", dx=12).encode(x=alt.value("width"), text="label:N"),
    ]
    listed = "; ".join(
        words["against"].format(name=f.name, value=number(f.value), province=number(f.province))
        for f in factors
    )
    return frame.finish("profile", layers, 48 * len(factors), agency=agency, list=listed)


def likert_picture(items: Sequence[Shares], frame: Frame) -> Picture:
    """Five levels as bars, zero at the middle of level 3; most satisfied first.

    Examples
    --------
    >>> print(likert_picture([Shares("Sở A", (2.0, 3.0, 5.0, 40.0, 50.0))], Frame()).text)
    Tỷ lệ hài lòng và rất hài lòng: Sở A 90 %.
    """
    levels = frame.words["levels"].split("|")
    ordered = sorted(items, key=lambda item: (-sum(item.shares[3:]), item.name))
    rows = [row for item in ordered for row in _segments(item, levels)]
    base = chart(rows).encode(y=names([item.name for item in ordered]))
    x = partial(
        alt.X,
        scale=between(min(row["start"] for row in rows), max(row["end"] for row in rows), 10),
        axis=ruled(frame.words["likert_axis"], labelExpr="format(abs(datum.value), 'd')"),
    )
    color = alt.Color(
        "level:N",
        scale=alt.Scale(domain=levels, range=list(LEVELS)),
        legend=alt.Legend(symbolType="square", columns=3),
    )
    layers = [
        chart([{"start": 0}]).mark_rule(color=INK).encode(x=x("start:Q")),
        base.mark_bar(size=26).encode(x=x("start:Q"), x2="end:Q", color=color),
        base.transform_filter("datum.share >= 5")
        .mark_text(fontSize=13, color=alt.ExprRef("datum.ink"))
        .encode(x=x("text_at:Q"), text=alt.Text("share:Q", format=".0f")),
    ]
    listed = "; ".join(f"{item.name} {frame.number(sum(item.shares[3:]), 0)} %" for item in ordered)
    return frame.finish("likert", layers, ROW * len(ordered), list=listed)


def _segments(item: Shares, levels: Sequence[str]) -> list[Spec]:
    """The five pieces of one bar."""
    ends = [
        sum(item.shares[:i]) - item.shares[0] - item.shares[1] - item.shares[2] / 2
        for i in range(6)
    ]
    return [
        {
            "name": key(item.name),
            "level": level,
            "share": share,
            "start": start,
            "end": end,
            "ink": ink,
            "text_at": (start + end) / 2,
        }
        for level, share, ink, start, end in zip(
            levels, item.shares, ON_LEVELS, ends, ends[1:], strict=False
        )
    ]


def trend_picture(periods: Sequence[Trend], agency: str, frame: Frame) -> Picture:
    """Index over periods with its interval; nothing joins two periods of different series, and a
    period with new words for a question has a mark.

    Examples
    --------
    >>> periods = [Trend("Q2", 1, 88.0, 86.0, 90.0, 87.0), Trend("Q3", 1, 91.0, 89.0, 93.0, 88.0)]
    >>> print(trend_picture(periods, "Sở A", Frame()).text)
    Sở A: Q2 88,0; Q3 91,0.
    """
    words = frame.words
    who = (agency, words["province"])
    rows = [
        {"at": at, "low": p.low, "high": p.high, "value": value, "who": name, "series": p.series}
        for at, p in enumerate(periods)
        for name, value in zip(who, (p.value, p.province), strict=True)
    ]
    cuts = [
        {
            "at": at - 0.5,
            "label": words[what],
            "align": "left" if 2 * at < len(periods) else "right",
        }
        for at in range(1, len(periods))
        if (what := _break_before(periods[at - 1], periods[at]))
    ]
    axis = ruled(
        None,
        values=list(range(len(periods))),
        grid=False,
        domain=True,
        tickCount=len(periods),
        labelExpr=f"{json.dumps([p.label for p in periods], ensure_ascii=False)}[datum.value]",
    )
    x = alt.X("at:Q", scale=alt.Scale(domain=[-0.4, len(periods) - 0.6], nice=False), axis=axis)
    lowest, highest = (
        min(min(p.low, p.province) for p in periods),
        max(max(p.high, p.province) for p in periods),
    )
    y = partial(alt.Y, axis=ruled(words["index"]), scale=between(lowest, highest))
    base = chart(rows).encode(x=x, y=y("value:Q"), detail="series:N")
    own = base.transform_filter(alt.datum.who == agency)
    legend = alt.Legend(orient="bottom", symbolSize=900)
    color = alt.Color(
        "who:N", legend=legend, scale=alt.Scale(domain=list(who), range=[ACCENT, INK_SOFT])
    )
    dash = alt.StrokeDash(
        "who:N", legend=legend, scale=alt.Scale(domain=list(who), range=[[1, 0], [2, 3]])
    )
    layers = [
        own.mark_area(color=STEPS[2], opacity=0.6).encode(y=y("low:Q"), y2="high:Q"),
        base.mark_line(strokeWidth=2.5).encode(color=color, strokeDash=dash),
        own.mark_point(color=ACCENT, **DOT),
        *halo(own.encode(text=alt.Text("value:Q", format=".1f")), dy=-16, fontWeight="bold"),
        *_cuts(cuts, x),
    ]
    listed = "; ".join(
        f"{p.label} {frame.number(p.value)}" + (f" ({words['reworded']})" if p.reworded else "")
        for p in periods
    )
    return frame.finish("trend", layers, 320, agency=agency, list=listed)


def _break_before(earlier: Trend, later: Trend) -> str:
    """What a dashed line before a period says: the name of its word, or nothing."""
    if earlier.series != later.series:
        return "break"
    return "reworded" if later.reworded else ""


def _cuts(cuts: Sequence[Spec], x: alt.X) -> list[alt.Chart]:
    if not cuts:
        return []
    cut = chart(cuts).encode(x=x)
    label = cut.mark_text(
        align=alt.ExprRef("datum.align"), baseline="bottom", dy=-5, fontWeight="bold"
    )
    return [cut.mark_rule(**DASHED), label.encode(y=alt.value(0), text="label:N")]
