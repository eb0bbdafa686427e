"""Facts from a snapshot. It holds no hour and no counter: bursts, blocks, tablets and telephones
are known to the product only, which adds them (``manage.py run_integrity``).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analysis.data.snapshot import Snapshot
from analysis.errors import AnalysisError
from analysis.integrity.adding import (
    ANSWERED,
    BELOW,
    BY_LINK,
    FULL,
    LEVELS,
    LOW,
    ON_DEVICE,
    PROVEN,
    RICH,
    TIED,
    TOP,
    UNMARKED,
)
from analysis.integrity.facts import Moments, UnitMonth


def gather_facts(snapshot: Snapshot) -> list[UnitMonth]:
    """Facts of every agency and month of a snapshot.

    Raises
    ------
    AnalysisError
        It has no items of the service questionnaire.
    """
    frame = _read_answers(snapshot)
    kinds = {row["agency"]: row["kind"] for row in snapshot.agencies()}
    dossiers = snapshot.monthly_totals()
    rich = _count_rich(frame)
    rows = frame.group_by("agency", "month").agg(
        answers=pl.len(),
        tied=(pl.col("evidence").is_in(TIED) & pl.col("flag").is_in(UNMARKED)).sum(),
        marked=(~pl.col("flag").is_in(UNMARKED)).sum(),
        **_tops("counter", ~pl.col("evidence").eq(BY_LINK)),
        **_tops("link", pl.col("evidence").eq(BY_LINK)),
        late=(pl.col("evidence").eq(ON_DEVICE) & pl.col("flag").eq("hours")).sum(),
        **_left(),
        **_moments("counter", ~pl.col("evidence").eq(BY_LINK)),
        **_moments("link", pl.col("evidence").eq(BY_LINK)),
    )
    found = []
    for row in rows.sort("month", "agency").iter_rows(named=True):
        unit, month = row.pop("agency"), row.pop("month")
        told = dossiers.get((unit, month))
        over, late = 0 if told is None else max(0, row["tied"] - told), row.pop("late")
        found.append(
            UnitMonth(
                unit,
                kinds.get(unit, ""),
                month,
                dossiers=told,
                rich=rich.get((unit, month), ()),
                hard={name: n for name, n in (("H1", over), ("H2", late)) if n},
                left=(row.pop("left_0"), row.pop("left_1"), row.pop("left_2"), row.pop("left_3")),
                top_counter=(row.pop("counter_top"), row.pop("counter_full")),
                top_link=(row.pop("link_top"), row.pop("link_full")),
                counter=_take(row, "counter"),
                link=_take(row, "link"),
                **row,
            )
        )
    return found


def _read_answers(snapshot: Snapshot) -> pl.DataFrame:
    columns = ["agency", "month", "evidence", "flag", *ANSWERED]
    try:
        frames = [pl.read_parquet(path, columns=columns) for path in snapshot.parts]
    except pl.exceptions.ColumnNotFoundError as error:
        raise AnalysisError("{folder}: {error}", folder=snapshot.folder, error=error) from error
    if not frames:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.Int8))
    items = [pl.col(name) for name in ANSWERED]
    frame = pl.concat(frames).filter(pl.col("evidence").is_in(PROVEN))
    return frame.with_columns(
        answered=pl.sum_horizontal([one.is_between(1, TOP).fill_null(False) for one in items]),
        below=pl.sum_horizontal([one.is_between(1, TOP - 1).fill_null(False) for one in items]),
        different=pl.sum_horizontal(
            [pl.any_horizontal([one == level for one in items]) for level in range(1, TOP + 1)]
        ),
    )


def _moments(name: str, chosen: pl.Expr) -> dict[str, pl.Expr]:
    is_level = chosen & pl.col("overall").is_between(1, TOP)
    level = pl.when(is_level).then(pl.col("overall")).cast(pl.Int64)
    return {
        f"{name}_n": level.count(),
        f"{name}_sum": level.sum(),
        f"{name}_squares": (level * level).sum(),
    }


def _left() -> dict[str, pl.Expr]:
    touched = pl.col("evidence").eq(ON_DEVICE) & pl.col("overall").is_between(1, TOP)
    high, sent = pl.col("overall") > LOW, pl.col("flag") != "unsent"
    return {
        "left_0": (touched & ~high & ~sent).sum(),
        "left_1": (touched & ~high & sent).sum(),
        "left_2": (touched & high & ~sent).sum(),
        "left_3": (touched & high & sent).sum(),
    }


def _tops(name: str, chosen: pl.Expr) -> dict[str, pl.Expr]:
    full = chosen & (pl.col("answered") >= FULL)
    return {f"{name}_top": (full & (pl.col("below") == 0)).sum(), f"{name}_full": full.sum()}


def _take(row: dict[str, int], name: str) -> Moments:
    return (row.pop(f"{name}_n"), row.pop(f"{name}_sum"), row.pop(f"{name}_squares"))


def _count_rich(frame: pl.DataFrame) -> Mapping[tuple[str, str], tuple[tuple[int, int], ...]]:
    chosen = frame.filter(
        (pl.col("answered") >= RICH) & (pl.col("below") >= BELOW) & (pl.col("different") >= LEVELS)
    )
    same = chosen.group_by("agency", "month", *ANSWERED).agg(size=pl.len())
    sizes = same.group_by("agency", "month", "size").agg(count=pl.len())
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in sizes.sort("agency", "month", "size").iter_rows(named=True):
        found.setdefault((row["agency"], row["month"]), []).append((row["size"], row["count"]))
    return {key: tuple(rows) for key, rows in found.items()}
