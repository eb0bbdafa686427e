"""What holds a figure still between two editions of one period, so that their difference tells of
nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from survey.scorecards.bridge.indices import Computed, place_name
from survey.scorecards.models import Edition

RESIDUAL = "residual"
"""Under it an edition remembers how many answers its total holds that no shown figure tells."""


def moved_enough(computed: Computed, before: Edition) -> bool:
    """Whether every figure has moved by enough answers, or not at all.

    An agency whose answers are others but whose number is not has changed by somebody's; and a
    figure that did not move has to be shown or hidden as it was, for what is hidden beside it could
    be told from the earlier one.
    """
    shown = _rows_by_place(before.results.all())
    now = {place_name(row): row for rows in computed.rows.values() for row in rows}
    for place in {*before.counted, *computed.counted}:
        step = abs(computed.counted.get(place, 0) - int(before.counted.get(place, 0)))
        if 0 < step < computed.min_n:
            return False
        if step == 0 and place in shown and place in now:
            if (shown[place]["n"] is None) != (now[place]["n"] is None):
                return False
            if shown[place]["unweighted_index"] != now[place]["unweighted_index"]:
                return False
    changed = {
        agency
        for agency in {*before.answers, *computed.answers}
        if before.answers.get(agency) != computed.answers.get(agency)
    }
    return all(_number_changed(agency, computed, before) for agency in changed)


def _number_changed(agency: str, computed: Computed, before: Edition) -> bool:
    place = f"{agency}/overall/overall"
    return bool(computed.counted.get(place, 0) != before.counted.get(place, 0))


def hold_preview(computed: Computed, before: Edition | None) -> Computed:
    """A preview: each agency's figure stays what it was until ten answers have come in.

    The province's stays, too, while what it holds beside the shown figures, or what was added to
    that since, are the answers of a few people.
    """
    if before is None:
        return replace(computed, counted=_with_residual(computed, computed.counted))
    shown = _rows_by_place(before.results.all())
    place = f"{computed.province_key}/overall/overall"
    still = {
        agency: shown[f"{agency}/overall/overall"]
        for agency in computed.rows
        if agency != computed.province_key
        and f"{agency}/overall/overall" in shown
        and _step(f"{agency}/overall/overall", computed, before) < computed.min_n
    }
    rows = {
        agency: [still[agency]] if agency in still else r for agency, r in computed.rows.items()
    }
    held = {f"{agency}/overall/overall": before.counted for agency in still}
    counted = {p: int(held[p][p]) if p in held else n for p, n in computed.counted.items()}
    result = replace(computed, rows=rows, counted=counted)
    residual = _residual(result, computed.counted)
    few = range(1, computed.min_n)
    added = abs(residual - int(before.counted.get(RESIDUAL, 0)))
    if place in shown and (
        _step(place, computed, before) < computed.min_n or residual in few or added in few
    ):
        counted |= {place: int(before.counted[place]), RESIDUAL: before.counted.get(RESIDUAL, 0)}
        rows[computed.province_key] = [shown[place]]
        return replace(result, rows=rows, counted=counted)
    return replace(result, counted={**counted, RESIDUAL: residual})


def _step(place: str, computed: Computed, before: Edition) -> int:
    return abs(computed.counted.get(place, 0) - int(before.counted.get(place, 0)))


def _with_residual(computed: Computed, counted: Mapping[str, int]) -> dict[str, int]:
    return {**counted, RESIDUAL: _residual(computed, counted)}


def _residual(computed: Computed, counted: Mapping[str, int]) -> int:
    """Answers of the province that the shown figures of the agencies do not tell."""
    shown = sum(
        int(rows[0]["n"] or 0)
        for agency, rows in computed.rows.items()
        if agency != computed.province_key and rows
    )
    return abs(counted.get(f"{computed.province_key}/overall/overall", 0) - shown)


def _rows_by_place(results: Any) -> dict[str, dict[str, Any]]:
    return {place_name(row): row for result in results for row in result.rows}
