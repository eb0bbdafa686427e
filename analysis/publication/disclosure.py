"""What may be shown: minimum n, complementary suppression, differencing, rounding. One engine for
every output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from analysis.data.schema import EVIDENCE
from analysis.index.results import APPLICANT_LEVELS, PROVINCE, Figure, IndexResult
from analysis.method import Method
from analysis.publication.hiding import Place, agencies_hiding_open, hidden_places, narrow_groups
from analysis.publication.splits import hidden_splits
from analysis.rounding import rounded

PARTS: Final = ("domain", *APPLICANT_LEVELS)
"""Levels of figures that are a part of an agency's overall one."""
Status = Literal["published", "few", "unverified", "suppressed", "none"]


@dataclass(frozen=True)
class Published:
    """A figure as it may leave the house: rounded, or without numbers.

    ``status``: ``published``; ``few`` = shown but never ranked (effective n below the minimum);
    ``unverified`` = shown, never ranked: it rests on open answers alone, or there are no dossiers
    to hold its answers against, or more answers than dossiers came in that claim to prove presence;
    ``suppressed`` = too few answered, or the figure would give away another one; ``none`` = nobody
    answered. Which of the two reasons a suppressed figure has is not told, and neither is its n:
    both would help to work it out.
    """

    agency: str
    level: str
    code: str
    status: Status
    n: int | None
    transactions: int
    response_rate: Decimal | None = None
    unweighted: Decimal | None = None
    weighted: Decimal | None = None
    se: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    deff: Decimal | None = None
    n_eff: Decimal | None = None
    band: str = ""
    items_missing: int = 0
    cells_joined: int = 0
    without_totals: bool = False
    overfull: bool = False
    received: int | None = None
    evidence: tuple[Decimal | None, ...] = field(default=(None,) * len(EVIDENCE))
    with_open: Decimal | None = None
    n_with_open: int | None = None
    margin_loss: Decimal | None = None


def publication_status(figure: Figure, method: Method) -> Status:
    """Which of the four states a figure is in, looked at alone.

    Examples
    --------
    >>> from analysis import open_run
    >>> result = open_run(snapshot, "sipas-service").result
    >>> figure = next(f for f in result.figures if (f.agency, f.level) == ("x99", "overall"))
    >>> publication_status(figure, result.method)
    'suppressed'
    """
    if figure.n == 0:
        # Answers may be there that a cap left nothing of.
        whole = figure.level in ("overall", "domain", "applicant")
        return "suppressed" if figure.received and whole else "none"
    if figure.n < method.min_n or figure.weighted is None:
        return "suppressed"
    if _is_unverified(figure):
        return "unverified"
    # Both have to reach the minimum: a design effect below 1 must not turn 26 answers into 36 (NCHS
    # 2(175)).
    if figure.n_eff is None or min(figure.n, rounded_n(figure.n_eff)) < method.min_n_eff:
        return "few"
    return "published"


def _is_unverified(figure: Figure) -> bool:
    """Whether nobody can tell that the answers are those of the dossiers."""
    if figure.unverified or figure.apart or figure.overfull:
        return True
    if figure.level == "domain" and not figure.transactions:
        return True
    return figure.without_totals and figure.agency != PROVINCE


def rounded_n(value: float) -> float:
    """An effective n without the noise of its last digits.

    Examples
    --------
    >>> rounded_n(29.9999999999)
    30.0
    """
    return round(value, 6)


def publish(
    figure: Figure, method: Method, *, hidden: bool = False, hide_open: bool = False
) -> Published:
    """Apply the rules of ``method`` to one figure.

    ``hidden``: it would give another one away; ``hide_open``: its value with open answers would.

    Examples
    --------
    >>> from analysis import open_run
    >>> result = open_run(snapshot, "sipas-service").result
    >>> figure = next(f for f in result.figures if (f.agency, f.level) == ("s00", "overall"))
    >>> publish(figure, result.method).weighted
    Decimal('85.93')
    """
    # What an unverified figure adds to others is not in it: it cannot give them away.
    status = (
        "suppressed" if hidden and not figure.unverified else publication_status(figure, method)
    )
    place: dict[str, Any] = {
        "agency": figure.agency,
        "level": figure.level,
        "code": figure.code,
        "transactions": figure.transactions,
    }
    if status in ("suppressed", "none"):
        return Published(**place, status=status, n=None if status == "suppressed" else 0)

    def shown(value: float | None) -> Decimal | None:
        return rounded(value, method.decimals, method.rounding)

    apart = figure.n_with_open - figure.n
    open_shown = not figure.unverified and apart >= method.min_n and not hide_open
    # Only of whole agencies: parts of one could be subtracted from each other.
    open_shown &= figure.level == "overall"
    # One value only of the province's part: with the other it would be two equations for a reader.
    alone = figure.level in APPLICANT_LEVELS and figure.agency == PROVINCE
    return Published(
        **place,
        status=status,
        n=figure.n,
        response_rate=shown(figure.response_rate),
        unweighted=None if alone else shown(figure.unweighted),
        weighted=shown(figure.weighted),
        se=None if alone else shown(figure.se),
        low=shown(figure.low),
        high=shown(figure.high),
        deff=None if alone else shown(figure.deff),
        n_eff=None if alone else shown(figure.n_eff),
        band=method.band(figure.weighted),
        items_missing=figure.items_missing,
        cells_joined=figure.cells_joined,
        without_totals=figure.without_totals,
        overfull=figure.overfull,
        # Of parts it would tell of agencies that show none: theirs are in the province's.
        received=None if figure.level in PARTS else figure.received or None,
        evidence=tuple(shown(share) for share in figure.evidence),
        with_open=shown(figure.with_open) if open_shown else None,
        n_with_open=figure.n_with_open if open_shown else None,
        margin_loss=shown(figure.margin_loss),
    )


def publish_all(
    result: IndexResult, earlier: Sequence[Mapping[Place, int]] = ()
) -> list[Published]:
    """All figures of a result as they may be shown, none of them found by subtraction.

    ``earlier`` holds the numbers of answers of releases that overlap this one (the same months, or
    a part of them): a figure that differs from one of them by 1 to ``min_n - 1`` answers is hidden,
    for the difference would tell them.

    Examples
    --------
    >>> from analysis import open_run
    >>> shown = publish_all(open_run(snapshot, "sipas-service").result)
    >>> [(p.n, p.weighted) for p in shown if (p.agency, p.level) == ("x99", "overall")]
    [(None, None)]
    """
    hide_open = agencies_hiding_open(result)
    hidden = hidden_places(result, earlier)
    while more := narrow_groups(result, hidden):
        hidden = hidden_places(result, earlier, hidden | more)
    n = {(figure.agency, figure.level, figure.code): figure.n_added for figure in result.figures}
    values = {
        (figure.agency, figure.level, figure.code): figure.unweighted
        for figure in result.figures
        if figure.unweighted is not None
    }
    hidden |= hidden_splits(n, hidden, result.method.min_n, values=values, earlier=earlier)
    return [
        publish(
            figure,
            result.method,
            hidden=(figure.agency, figure.level, figure.code) in hidden,
            hide_open=(figure.agency, figure.level, figure.code) in hide_open,
        )
        for figure in result.figures
    ]
