"""What may be shown of a figure: minimum n, minimum effective n, rounding. One engine for every output."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from analysis.method import Method
from analysis.result import Figure

Status = Literal["published", "few", "suppressed", "none"]
SUPPRESSED: Final = "suppressed"


@dataclass(frozen=True)
class Published:
    """A figure as it may leave the house: rounded, or without numbers when too few answered.

    ``status``: ``published``; ``few`` = shown but never ranked (effective n below the minimum); ``suppressed`` =
    fewer than the minimum answered; ``none`` = nobody answered. ``n`` is None where it must not be told.
    """

    agency: str
    level: str
    code: str
    status: Status
    n: int | None
    transactions: int
    response_rate: Decimal | None
    unweighted: Decimal | None
    weighted: Decimal | None
    se: Decimal | None
    low: Decimal | None
    high: Decimal | None
    deff: Decimal | None
    n_eff: Decimal | None
    items_missing: int
    cells_joined: int
    without_totals: bool


def half_up(value: float | Decimal | None, places: int) -> Decimal | None:
    """Round half away from zero, as published tables do; floats by their shortest decimal form.

    Examples
    --------
    >>> half_up(1.25, 1), half_up(0.125, 2)
    (Decimal('1.3'), Decimal('0.13'))
    """
    if value is None:
        return None
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def status_of(figure: Figure, method: Method) -> Status:
    """Which of the four states a figure is in."""
    if figure.n == 0:
        return "none"
    if figure.n < method.min_n or figure.weighted is None:
        return "suppressed"
    # Both have to reach the minimum: a design effect below 1 must not turn 26 answers into 36 (NCHS 2(175)).
    if figure.n_eff is None or min(figure.n, round(figure.n_eff, 6)) < method.min_n_eff:
        return "few"
    return "published"


def publish(figure: Figure, method: Method) -> Published:
    """Apply the rules of ``method`` to one figure."""
    status = status_of(figure, method)
    hidden = status in ("suppressed", "none")

    def shown(value: float | None) -> Decimal | None:
        return None if hidden else half_up(value, method.decimals)

    return Published(
        agency=figure.agency,
        level=figure.level,
        code=figure.code,
        status=status,
        n=None if status == "suppressed" else figure.n,
        transactions=figure.transactions,
        response_rate=shown(figure.response_rate),
        unweighted=shown(figure.unweighted),
        weighted=shown(figure.weighted),
        se=shown(figure.se),
        low=shown(figure.low),
        high=shown(figure.high),
        deff=shown(figure.deff),
        n_eff=shown(figure.n_eff),
        items_missing=figure.items_missing,
        cells_joined=figure.cells_joined,
        without_totals=figure.without_totals,
    )
