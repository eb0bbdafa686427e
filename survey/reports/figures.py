"""Sections of a report that tell figures: the index, its parts, agencies by kind, dossiers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.agencies.models import AgencyKind
from survey.common.numbers import format_number, share_in_percent
from survey.common.periods import parse_period
from survey.common.text import name_order
from survey.reports.documents import Column, Intervals, Span, bullets, grid, heading, paragraph
from survey.scorecards.bridge.before_after import Measured, compare_before_after
from survey.scorecards.bridge.methods import read_target
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import find_overall
from survey.scorecards.rounds.queries import DossierShares, count_dossiers

Block = dict[str, Any]
Row = Mapping[str, Any]
NOTHING: Final = "–"
MOST_PERIODS: Final = 8
OTHER_METHOD: Final = "(*)"
OTHER_WORDS: Final = "(**)"
VERDICTS: Final = {
    1: gettext_lazy("surely above"),
    -1: gettext_lazy("surely below"),
    0: gettext_lazy("not told apart"),
}
"""Against the mean of agencies of the same kind."""
CHANGES: Final = {
    "better": gettext_lazy("better than before"),
    "worse": gettext_lazy("worse than before"),
    "no-difference": gettext_lazy("no difference found"),
}


def number(value: object, places: int | None = 2) -> str:
    """A figure as the reader writes it; a dash where there is none."""
    return NOTHING if value is None else format_number(Decimal(str(value)), places)


def interval(row: Row) -> str:
    """The limits of a figure's interval."""
    if row.get("ci_low") is None or row.get("ci_high") is None:
        return NOTHING
    return f"{number(row['ci_low'])} – {number(row['ci_high'])}"


def span(row: Row) -> Span | None:
    """A figure with its interval as a picture draws it; None where a part of it is not shown."""
    found = [row.get(name) for name in ("ci_low", "weighted_index", "ci_high")]
    if any(value is None for value in found):
        return None
    low, value, high = (float(str(value)) for value in found)
    return low, value, high


def find_rows(rows: Iterable[Row], level: str) -> list[Row]:
    """Rows of a level that show a figure."""
    return [row for row in rows if row["level"] == level and row["weighted_index"] is not None]


def tell_index(edition: Edition, row: Row, before: Row | None) -> list[Block]:
    """The index of the province or of an agency, against the target and the period before."""
    if row.get("weighted_index") is None:
        return [paragraph(_("The index is not shown: there are too few answers."))]
    target = read_target(edition.about)
    low, high = Decimal(str(row["ci_low"])), Decimal(str(row["ci_high"]))
    verdict = _("not decided: the interval holds the target")
    if target.met(low):
        verdict = _("reached beyond doubt")
    elif not target.met(high):
        verdict = _("not reached")
    words = [
        _("Satisfaction index: %(index)s%% (95%% interval %(interval)s), from %(n)s answers.")
        % {
            "index": number(row["weighted_index"]),
            "interval": interval(row),
            "n": number(row["n"], 0),
        },
        _("Target %(operator)s %(target)s%%: %(verdict)s.")
        % {"operator": target.operator, "target": number(target.value, 0), "verdict": verdict},
    ]
    if before and before.get("weighted_index") is not None:
        words.append(_tell_change(row, before))
    return [bullets(words)]


def _tell_change(row: Row, before: Row) -> str:
    difference = Decimal(str(row["weighted_index"])) - Decimal(str(before["weighted_index"]))
    sign = "+" if difference >= 0 else "−"
    shift = compare_before_after(_read_measured(before), _read_measured(row))
    return _("Against the period before: %(difference)s points (%(verdict)s).") % {
        "difference": sign + number(abs(difference)),
        "verdict": CHANGES[shift.verdict.value],
    }


def _read_measured(row: Row) -> Measured:
    return Measured(*(float(str(row[name])) for name in ("weighted_index", "ci_low", "ci_high")))


def tell_periods(
    history: Sequence[tuple[Edition, Row]], reworded: Collection[str] = ()
) -> list[Block]:
    """The index of the periods up to this one, with marks where they are to be compared with care:
    another version of the method than this one's, ``reworded`` questions. Nothing where there is
    only this one.
    """
    if len(history) < 2:
        return []
    own = history[-1][0].method_sha256
    marks = [
        _mark(edition.method_sha256 != own, edition.period in reworded) for edition, _row in history
    ]
    told = [
        (OTHER_METHOD, _("Computed by another version of the method.")),
        (OTHER_WORDS, _("Questions have other words since this period.")),
    ]
    notes = [f"{mark} {words}" for mark, words in told if any(mark in one for one in marks)]
    return [_grid_periods(history, marks), *map(paragraph, notes)]


def _mark(other_method: bool, other_words: bool) -> str:
    return f"{OTHER_METHOD * other_method}{OTHER_WORDS * other_words}"


def _grid_periods(history: Sequence[tuple[Edition, Row]], marks: Sequence[str]) -> Block:
    columns = [
        Column(_("Period"), share=4),
        Column(_("Answers"), "right", 2),
        Column(_("Index (%)"), "right", 2),
        Column(_("95% interval"), "right", 3),
    ]
    lines = [
        [
            f"{parse_period(edition.period).title} {mark}".rstrip(),
            number(row.get("n"), 0),
            number(row.get("weighted_index")),
            interval(row),
        ]
        for (edition, row), mark in zip(history, marks, strict=True)
    ]
    targets = {read_target(edition.about).value for edition, _row in history}
    spans = [span(row) for _edition, row in history]
    # Where the target was another one, no line through all periods is true.
    target = float(targets.pop()) if len(targets) == 1 else None
    return grid(_("Index by period"), columns, lines, Intervals(2, spans, target))


def tell_parts(rows: Sequence[Row]) -> list[Block]:
    """Factors and procedure domains with their intervals."""
    found = []
    for level, caption in (
        ("factor", _("Satisfaction by factor")),
        ("domain", _("Satisfaction by procedure domain")),
    ):
        shown = find_rows(rows, level)
        lines = [
            [str(row["label"]), number(row["n"], 0), number(row["weighted_index"]), interval(row)]
            for row in shown
        ]
        if lines:
            columns = [
                Column(_("Content"), share=5),
                Column(_("Answers"), "right", 2),
                Column(_("Index (%)"), "right", 2),
                Column(_("95% interval"), "right", 3),
            ]
            intervals = Intervals(2, [span(row) for row in shown])
            found.append(grid(caption, columns, lines, intervals))
    return found


def tell_agencies(edition: Edition, results: Sequence[AgencyResult]) -> list[Block]:
    """A table for each kind of agency, in the order of names: no list of ranks."""
    standing = edition.about.get("standing", {})
    found: list[Block] = []
    for kind, label in AgencyKind.choices:
        own = sorted((r for r in results if r.kind == kind), key=lambda r: name_order(r.name))
        if own:
            lines = [_agency_line(n, result, standing) for n, result in enumerate(own, start=1)]
            caption = _("Satisfaction of agencies: %(kind)s") % {"kind": label}
            spans = [span(find_overall(result)) for result in own]
            target = float(read_target(edition.about).value)
            intervals = Intervals(3, spans, target)
            found.append(grid(caption, _agency_columns(), lines, intervals))
    return found


def _agency_columns() -> list[Column]:
    return [
        Column(_("No."), "right", 2),
        Column(_("Agency"), share=11),
        Column(_("Answers"), "right", 3),
        Column(_("Index (%)"), "right", 3),
        Column(_("95% interval"), "right", 6),
        Column(_("Against the mean"), share=7),
    ]


def _agency_line(n: int, result: AgencyResult, standing: Mapping[str, Any]) -> list[str]:
    row = find_overall(result)
    known = standing.get(str(row.get("agency")))
    verdict = str(VERDICTS[known["verdict_mean"]]) if known else _tell_status(row)
    index = row.get("weighted_index")
    answers = number(row.get("n"), 0)
    return [str(n), result.name, answers, number(index), interval(row), verdict]


def _tell_status(row: Row) -> str:
    words = {
        "few": _("few answers"),
        "unverified": _("not verified"),
        "suppressed": _("not shown"),
        "none": _("no answer"),
    }
    return words.get(str(row.get("status")), NOTHING)


def tell_dossiers(
    edition: Edition, key: str = "", shares: Mapping[str, DossierShares] | None = None
) -> list[Block]:
    """Completed dossiers, those on time and online: of the province, or of one agency."""
    if shares is None:
        shares = count_dossiers(parse_period(edition.period), edition)
    chosen = [shares[key]] if key in shares else [] if key else list(shares.values())
    completed = sum(share.completed for share in chosen)
    if not completed:
        return [paragraph(_("No dossier totals are known for this period."))]
    return [bullets(_dossier_words(chosen, completed))]


def _dossier_words(chosen: Sequence[DossierShares], completed: int) -> list[str]:
    on_time = share_in_percent(sum(share.on_time for share in chosen), completed)
    online = share_in_percent(sum(share.online for share in chosen), completed)
    return [
        _("Completed dossiers: %(count)s.") % {"count": number(completed, 0)},
        _("On time or early: %(share)s%% (target: at least 95%%).") % {"share": number(on_time)},
        _("Filed online: %(share)s%%.") % {"share": number(online)},
    ]


def section(title: str, blocks: Iterable[Block]) -> list[Block]:
    """A heading with what stands under it; nothing where nothing does."""
    found = list(blocks)
    return [heading(title), *found] if found else []
