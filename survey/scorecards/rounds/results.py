"""The points of a round as plain rows: what an edition stores and every list of losses reads.

A row is one agency: ``agency``, ``key``, ``name``, ``kind``, ``known`` (the points of lines with
enough data), ``total`` (None while one has not), ``own_total``, ``maximum``, ``percent``, ``band``,
and ``lines`` with ``code``, ``state``, ``points``, ``own``, ``maximum``,
``lost``. Points are decimal text; what is not known is None.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from survey.scorecards.bridge.frameworks import Framework, Scorecard
from survey.scorecards.rounds.models import AgencyScoring, ScoreEdition, ScoringRound, Stage
from survey.scorecards.rounds.queries import framework_scored_by, scorecard_at, shown_stage

Row = dict[str, Any]


def compute_rows(
    framework: Framework, scorings: Iterable[AgencyScoring], *, appraises: bool = True
) -> list[Row]:
    """Rows as they stand, in the order given; of an appraisal under way only for its writers."""
    found = []
    for scoring in scorings:
        entries = list(scoring.entries.all())
        stage = shown_stage(scoring, appraises=appraises)
        card = scorecard_at(framework, scoring, entries, stage)
        own = scorecard_at(framework, scoring, entries, Stage.SELF)
        found.append(_make_row(scoring, card, own))
    return found


def _make_row(scoring: AgencyScoring, card: Scorecard, own: Scorecard) -> Row:
    own_points = {line.criterion.code: line.points for line in own.lines}
    lines = [
        {
            "code": line.criterion.code,
            "state": line.state,
            "points": _text(line.points),
            "own": _text(own_points.get(line.criterion.code)),
            "maximum": str(line.maximum),
            "lost": _text(line.lost),
        }
        for line in card.lines
    ]
    return {
        "agency": scoring.agency_id,
        "key": scoring.agency.key,
        "name": scoring.name,
        "kind": scoring.kind,
        "known": str(card.total),
        "total": None if card.missing else str(card.total),
        "own_total": str(own.total),
        "maximum": str(card.maximum),
        "percent": _text(card.percent),
        "band": card.band,
        "lines": lines,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def edition_rows(edition: ScoreEdition, agency: int | None = None) -> list[Row]:
    """The rows an edition keeps, in its order; of one agency, or of all."""
    scores = edition.scores.all() if agency is None else edition.scores.filter(agency=agency)
    return list(scores.values_list("row", flat=True))


def read_points(row: Row) -> dict[str, Any]:
    """The sums of a kept row as numbers."""
    known, maximum = Decimal(row["known"]), Decimal(row["maximum"])
    return {
        "own": Decimal(row["own_total"]),
        "total": known,
        "maximum": maximum,
        "lost": None if row["total"] is None else maximum - known,
        "band": row["band"],
    }


def round_rows(scoring_round: ScoringRound, agency: int | None = None) -> list[Row]:
    """Agencies of a round, one or all: the newest edition where it is published, else as they
    stand.
    """
    edition = scoring_round.editions.first()
    if edition is not None:
        return edition_rows(edition, agency)
    scorings = scoring_round.scorings.select_related("agency")
    scorings = scorings if agency is None else scorings.filter(agency=agency)
    rows = scorings.prefetch_related("entries", "hand_overs").order_by("name", "pk")
    return compute_rows(framework_scored_by(scoring_round), rows)
