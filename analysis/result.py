"""What an index run gives: figures per agency and measure, with the method they were computed under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from analysis.method import Method

if TYPE_CHECKING:
    import pandas as pd

PROVINCE: Final = "*"
"""Key of the row for all agencies together."""


@dataclass(frozen=True)
class Measure:
    """One published figure: ``level`` overall, factor or item, its code and the items it is the mean of."""

    level: str
    code: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """One figure of one agency. Shares, SE and limits in percent; None where there is nothing to say."""

    agency: str
    level: str
    code: str
    n: int
    transactions: int
    response_rate: float | None
    unweighted: float | None
    weighted: float | None
    se: float | None
    low: float | None
    high: float | None
    deff: float | None
    n_eff: float | None
    items_missing: int
    cells_joined: int
    without_totals: bool


@dataclass(frozen=True)
class IndexResult:
    """All figures of one snapshot under one method; ``about`` says which."""

    figures: tuple[Figure, ...]
    method: Method
    about: Mapping[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Figures as a pandas frame, one row per agency and measure."""
        import pandas as pd  # noqa: PLC0415  (pandas is loaded when a frame is asked for)

        return pd.DataFrame([asdict(figure) for figure in self.figures])

    def of(self, agency: str) -> list[Figure]:
        """Figures of one agency, overall first."""
        return [figure for figure in self.figures if figure.agency == agency]


def measures(method: Method) -> list[Measure]:
    """Overall, factors and items of a method, in the order of the questionnaire."""
    factors = [Measure("factor", code, items) for code, items in method.factors.items()]
    items = [Measure("item", item, (item,)) for item in method.items]
    return [Measure("overall", "overall", method.items), *factors, *items]
