"""Stored rows as what the staff templates show: numbers, words for each state, and places on the
interval chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.common.numbers import format_number
from survey.common.text import name_order
from survey.reports.figures import VERDICTS
from survey.scorecards.bridge.methods import DEFAULT_TARGET, Target
from survey.scorecards.models import AgencyResult
from survey.templatetags.figures import figure


@dataclass(frozen=True)
class Axis:
    """Left end of the interval charts, in percent; the right end is 100. ``aim`` is the target an
    edition was computed beside.
    """

    start: int
    aim: Target = DEFAULT_TARGET

    def place(self, value: Decimal) -> str:
        """Position 0..100 on the axis, as SVG wants it (decimal point)."""
        return f"{max(Decimal(0), (value - self.start) * 100 / (100 - self.start)):.2f}"

    @property
    def ticks(self) -> list[tuple[str, int]]:
        """(position, label) of the axis marks."""
        step = 10 if self.start >= 50 else 20
        return [(self.place(Decimal(mark)), mark) for mark in range(self.start, 101, step)]

    @property
    def target(self) -> str:
        """Position of the target line."""
        return self.place(self.aim.value)

    @property
    def target_words(self) -> str:
        """The target with its comparison."""
        value = {"target": figure(self.aim.value)}
        if self.aim.operator == ">":
            return _("Target: more than %(target)s%%") % value
        return _("Target: at least %(target)s%%") % value


@dataclass(frozen=True)
class Line:
    """One figure ready to show."""

    label: str
    level: str
    code: str
    status: str
    n: Any
    transactions: int
    response_rate: str | None
    unweighted: str | None
    value: str | None
    low: str | None
    high: str | None
    n_eff: str | None
    with_open: str | None
    n_with_open: Any
    ranks: str
    x: str = ""
    x_low: str = ""
    width: str = ""
    met: bool | None = None
    standing: Mapping[str, Any] | None = None
    """Verdicts and expected rank of the edition; None where nothing can be said."""
    result_id: int | None = None
    kind: str = ""

    @property
    def verdict(self) -> str:
        """How the agency stands to the mean of its kind, in words."""
        if self.standing is None:
            return ""
        return str(VERDICTS[self.standing["verdict_mean"]])

    @property
    def expected_rank(self) -> str:
        """The rank the model expects, with its interval: ``12 (8–17)``."""
        if self.standing is None:
            return ""
        rank = format_number(self.standing["expected_rank"], 0)
        return f"{rank} ({self.standing['rank_low']}–{self.standing['rank_high']})"

    @property
    def sentence(self) -> str:
        """What is said in place of a number, or about it."""
        return {
            "none": _("No answer yet"),
            "suppressed": _("Too few answers here or in a neighbouring figure: not shown"),
            "few": _("Few answers: not ranked"),
            "unverified": _("Not verified: not ranked"),
            "published": "",
        }[self.status]


def choose_axis(rows: Iterable[Mapping[str, Any]], aim: Target = DEFAULT_TARGET) -> Axis:
    """An axis that holds every interval and the target, starting at a multiple of ten."""
    lows = [Decimal(row["ci_low"]) for row in rows if row["ci_low"] is not None]
    lowest = min([*lows, aim.value - 10])
    return Axis(int(lowest // 10 * 10), aim)


def build_line(
    row: Mapping[str, Any],
    axis: Axis,
    *,
    label: str,
    result: AgencyResult | None = None,
    standing: Mapping[str, Any] | None = None,
) -> Line:
    """One stored row as a line of a table."""
    low, high, value = row["ci_low"], row["ci_high"], row["weighted_index"]
    chart: dict[str, Any] = {}
    if value is not None and low is not None and high is not None:
        x_low, x_high = axis.place(Decimal(low)), axis.place(Decimal(high))
        width = f"{Decimal(x_high) - Decimal(x_low):.2f}"
        chart = {
            "x": axis.place(Decimal(value)),
            "x_low": x_low,
            "width": width,
            "met": _met(low, high, axis.aim),
        }
    return Line(
        label=label,
        level=row["level"],
        code=row["code"],
        status=row["status"],
        n=row["n"],
        transactions=row["transactions"],
        response_rate=row["response_rate"],
        unweighted=row["unweighted_index"],
        value=value,
        low=low,
        high=high,
        n_eff=row["n_eff"],
        with_open=row.get("index_with_open"),
        n_with_open=row.get("n_with_open"),
        ranks=_ranks(row),
        standing=standing,
        result_id=result.pk if result else None,
        kind=result.kind if result else "",
        **chart,
    )


def _ranks(row: Mapping[str, Any]) -> str:
    """Places the agency may hold among those of its kind; empty when it is not ranked."""
    best, worst = row.get("rank_best"), row.get("rank_worst")
    if best is None or worst is None or row.get("ranked") == 1:
        return ""
    return f"{best}" if best == worst else f"{best}–{worst}"


def _met(low: str, high: str, aim: Target) -> bool | None:
    """True: reaches the target beyond doubt; False: misses it; None: the interval holds the
    target.
    """
    if aim.met(Decimal(low)):
        return True
    return None if aim.met(Decimal(high)) else False


APPLICANTS: Final = {
    "citizen": gettext_lazy("Citizens"),
    "business": gettext_lazy("Businesses and organisations"),
    "untold": gettext_lazy("Not told"),
}
"""For whom dossiers were, as figures are split by it."""


def overall(result: AgencyResult, applicant: str = "") -> dict[str, Any]:
    """The overall row of an agency, or that of applicants of one kind; without any answer of theirs
    an empty one.
    """
    level, code = ("applicant", applicant) if applicant else ("overall", "overall")
    rows = (row for row in result.rows if row["level"] == level and row["code"] == code)
    found = next(rows, None)
    return found if found is not None else _unanswered(overall(result), level, code)


def _unanswered(row: Mapping[str, Any], level: str, code: str) -> dict[str, Any]:
    """A row of the same agency of which nothing is stored: not shown, unless nobody answered it at
    all.
    """
    kept = {name: row[name] for name in ("agency", "agency_name", "transactions")}
    nobody = row["status"] == "none"
    told = {"status": "none" if nobody else "suppressed", "n": 0 if nobody else None}
    return {**dict.fromkeys(row), **kept, **told, "level": level, "code": code}


def offered_applicants(result: AgencyResult | None) -> list[tuple[str, str]]:
    """(code, name) of the applicants an edition tells apart, by the row of the province; empty
    where nobody was asked.
    """
    told = {row["code"] for row in result.rows if row["level"] == "applicant"} if result else set()
    return [(code, str(name)) for code, name in APPLICANTS.items() if code in told]


SORTS: Final = ("index", "name", "n")


def agency_lines(
    results: Sequence[AgencyResult],
    axis: Axis,
    sort: str,
    applicant: str = "",
    standing: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Line]:
    """Agencies with published figures first, in the order asked for; the others by name at
    the end. ``standing`` by agency key is about all applicants together.
    """
    known = standing or {} if not applicant else {}
    lines = []
    for result in results:
        row = overall(result, applicant)
        stands = known.get(row["agency"])
        lines.append(build_line(row, axis, label=result.name, result=result, standing=stands))
    shown = [line for line in lines if line.status == "published"]
    keys = {
        "name": lambda line: (Decimal(0), name_order(line.label)),
        "n": lambda line: (-Decimal(line.n), name_order(line.label)),
        "index": lambda line: (-Decimal(line.value or 0), name_order(line.label)),
    }
    rest = {"few": 1, "unverified": 2, "suppressed": 3, "none": 4}
    others = sorted(
        (line for line in lines if line.status != "published"),
        key=lambda line: (rest[line.status], name_order(line.label)),
    )
    return sorted(shown, key=keys[sort]) + others


def label_row(row: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """Words of a figure: the questionnaire's where it has some; of one by applicant those of the
    part, or of the applicant.
    """
    applicant, _dot, part = row["code"].partition(".")
    if row["level"] == "applicant":
        return str(APPLICANTS.get(applicant, row["label"]))
    return texts.get(part or applicant, row["label"])


def group_factors(
    lines: Sequence[Line], members: Mapping[str, Sequence[str]], applicant: str = ""
) -> list[dict[str, Any]]:
    """Factors with their items: of everybody, or of applicants of one kind."""
    before, level = (f"{applicant}.", "applicant-") if applicant else ("", "")
    items = {line.code: line for line in lines if line.level == f"{level}item"}
    return [
        {
            "line": line,
            "items": [
                items[f"{before}{item}"]
                for item in members[line.code.removeprefix(before)]
                if f"{before}{item}" in items
            ],
        }
        for line in lines
        if line.level == f"{level}factor" and line.code.startswith(before)
    ]
