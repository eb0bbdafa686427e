"""What leaves the house: figures of a released edition with counts in steps of five, as many places
as their number of answers bears, and none whose interval says too little.

Counts to the nearest five (as the ONS rounds), percentages with one place below a hundred answers
and two from there on. Widths by the presentation standard for proportions of the NCHS (Vital and
Health Statistics 2(175), 2017): an interval of 30 points and more is not printed, one of up to 5
is, and between them the figure must be wider than 130 % of itself to be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from analysis.rounding import half_up

STEP: Final = 5
ALWAYS_WIDE: Final = Decimal(30)
NEVER_WIDE: Final = Decimal(5)
RELATIVE_WIDTH: Final = Decimal("1.3")
MANY: Final = 100
"""From so many answers on a figure has two places."""
PUBLIC_LEVELS: Final = ("overall", "factor", "item", "domain", "applicant")
PUBLIC_COLUMNS: Final = (
    "cell",
    "period",
    "agency",
    "agency_code",
    "agency_name",
    "agency_kind",
    "level",
    "code",
    "label",
    "status",
    "n",
    "index",
    "ci_low",
    "ci_high",
    "rank_best",
    "rank_worst",
    "ranked",
)
"""Columns of the open data, in their order."""
PublicRow = dict[str, Any]


def round_count(n: int) -> int:
    """A count to the nearest five, halves up.

    Examples
    --------
    >>> [round_count(n) for n in (10, 12, 13, 1000, 1003)]
    [10, 10, 15, 1000, 1005]
    """
    return (2 * n + STEP) // (2 * STEP) * STEP


def is_imprecise(value: Decimal, low: Decimal, high: Decimal) -> bool:
    """Whether an interval is too wide for its figure to be printed; all in percent.

    Examples
    --------
    >>> is_imprecise(Decimal(60), Decimal(45), Decimal(75)), is_imprecise(Decimal(90), 80, 96)
    (True, False)
    """
    width = high - low
    if width >= ALWAYS_WIDE or width <= NEVER_WIDE:
        return width >= ALWAYS_WIDE
    return width > RELATIVE_WIDTH * value


def build_public_rows(rows: Iterable[Mapping[str, Any]]) -> list[PublicRow]:
    """Rows an edition stores (decimal text) as the public sees them, in their order; numbers are
    int or ``Decimal``, what is not told is None.

    ``status`` gets one value more: ``imprecise``, shown without numbers.

    Examples
    --------
    >>> row = {"period": "2026-Q3", "agency": "a", "agency_code": "", "agency_name": "A",
    ...        "agency_kind": "commune", "level": "overall", "code": "overall", "label": "x",
    ...        "status": "published", "n": 143, "weighted_index": "83.54", "ci_low": "80.10",
    ...        "ci_high": "86.62", "rank_best": 1, "rank_worst": 9, "ranked": 12}
    >>> shown = build_public_rows([row])[0]
    >>> shown["cell"], shown["n"], shown["index"]
    ('a/overall/overall', 145, Decimal('83.54'))
    """
    return [_build_row(row) for row in rows if row["level"] in PUBLIC_LEVELS]


def _build_row(row: Mapping[str, Any]) -> PublicRow:
    told = ("period", "agency", "agency_code", "agency_name", "agency_kind", "level", "code")
    found: PublicRow = dict.fromkeys(PUBLIC_COLUMNS)
    found |= {name: row[name] for name in (*told, "label", "status")}
    found["cell"] = f"{row['agency']}/{row['level']}/{row['code']}"
    n = row["n"]
    found["n"] = None if n is None else round_count(int(n))
    if row["weighted_index"] is None or not n:
        return found
    value, low, high = (_number(row[name]) for name in ("weighted_index", "ci_low", "ci_high"))
    if value is None or low is None or high is None or is_imprecise(value, low, high):
        return found | {"status": "imprecise"}
    places = 2 if int(n) >= MANY else 1
    shown = {"index": value, "ci_low": low, "ci_high": high}
    found |= {name: half_up(number, places) for name, number in shown.items()}
    return found | {name: row.get(name) for name in ("rank_best", "rank_worst", "ranked")}


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
