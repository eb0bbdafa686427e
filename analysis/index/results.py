"""What an index run gives: figures per agency and measure, with the method they were computed
under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from analysis.data.schema import EVIDENCE
from analysis.method import Method

if TYPE_CHECKING:
    import pandas as pd

PROVINCE: Final = "*"
"""Key of the row for all agencies together."""


UNTOLD: Final = "untold"
"""Code of the figures of answers that do not tell for whom the dossier was."""
APPLICANT_LEVELS: Final[Mapping[str, str]] = {
    "applicant": "overall",
    "applicant-factor": "factor",
    "applicant-item": "item",
}
"""Level of a figure of applicants of one kind -> level of the figure it is a part of."""


@dataclass(frozen=True)
class Measure:
    """One published figure: ``level`` overall, factor, item or domain, its code and the parts it is
    made of.

    Figures of applicants of one kind have the levels ``APPLICANT_LEVELS``; their code is the
    applicant, a dot and the code of the factor or item.
    """

    level: str
    code: str
    items: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether it is the overall index, of everything, of a domain or of applicants."""
        return self.level in ("overall", "domain", "applicant")

    def among(self, applicant: str) -> Measure:
        """The same figure of the answers of one kind of applicant."""
        if self.level == "overall":
            return Measure("applicant", applicant, self.items)
        return Measure(f"applicant-{self.level}", f"{applicant}.{self.code}", self.items)


@dataclass(frozen=True)
class Figure:
    """One figure of one agency. Shares, SE and limits in percent; None where there is nothing to
    say.

    ``received`` counts answers before evidence classes were left out or held to the dossiers,
    ``evidence`` is the share of the counted ones in each class of ``schema.EVIDENCE``,
    ``with_open`` the index with the classes that stand beside it ("kể cả phiếu mở"), resting on
    ``n_with_open`` answers; ``unverified`` figures rest on open answers alone, because only
    ``n_proven`` of the agency's answers prove that somebody was there; ``overfull`` agencies (or
    domains of one) sent more proven answers than they have dossiers; ``apart`` figures add nothing
    to those of all agencies, for there are no dossiers to hold them against, or too few; ``df`` and
    ``size`` are what an interval at another level needs; ``margin_loss`` is the share of weight
    that trimming moved.
    """

    agency: str
    level: str
    code: str
    n: int
    transactions: int
    response_rate: float | None = None
    unweighted: float | None = None
    weighted: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    deff: float | None = None
    n_eff: float | None = None
    df: int = 0
    size: float = 0.0
    items_missing: int = 0
    cells_joined: int = 0
    without_totals: bool = False
    overfull: bool = False
    apart: bool = False
    received: int = 0
    evidence: tuple[float, ...] = (0.0,) * len(EVIDENCE)
    with_open: float | None = None
    n_with_open: int = 0
    unverified: bool = False
    n_proven: int = 0
    margin_loss: float = 0.0

    @property
    def n_added(self) -> int:
        """Answers by which the figure adds to those of all agencies: of an unverified one only the
        proven ones, of one that stands apart none.
        """
        if self.apart and self.agency != PROVINCE:
            return 0
        return self.n_proven if self.unverified else self.n


@dataclass(frozen=True)
class IndexResult:
    """All figures of one snapshot under one method; ``about`` says which."""

    figures: tuple[Figure, ...]
    method: Method
    about: Mapping[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Figures as a pandas frame, one row per agency and measure."""
        import pandas as pd  # noqa: PLC0415  (pandas is loaded when a frame is asked for)

        rows = [asdict(figure) for figure in self.figures]
        for row in rows:
            row |= {
                f"share_{name}": share
                for name, share in zip(EVIDENCE, row.pop("evidence"), strict=True)
            }
        return pd.DataFrame(rows)

    def of(self, agency: str) -> list[Figure]:
        """Figures of one agency, overall first."""
        return [figure for figure in self.figures if figure.agency == agency]


def measures(method: Method) -> list[Measure]:
    """Overall, factors and, unless the method counts factors only, items, in the order of the
    questionnaire.
    """
    if method.detail == "factors":
        return [
            Measure("overall", "overall", method.parts),
            *(Measure("factor", code, (code,)) for code in method.parts),
        ]
    factors = [Measure("factor", code, items) for code, items in method.factors.items()]
    items = [Measure("item", item, (item,)) for item in method.items]
    return [Measure("overall", "overall", method.items), *factors, *items]
