"""The quality report: what may be shown of response, mode effects, missing items and
sensitivity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from analysis.comparison.quality import (
    MODES,
    Totals,
    cells_in_channel,
    channels_are_large,
    is_shown,
    item_nonresponse,
    mode_effects,
    overall_figures,
    response_by_agency,
    totals_in_channel,
)
from analysis.counting.cells import Cells
from analysis.index.counted import counted_mask
from analysis.index.results import PROVINCE
from analysis.method import Method
from analysis.publication.quality_disclosure import channels_given_away, hide_across
from analysis.rounding import rounded_row

BOUND: Final = ("E2", "E3", "E4")
"""Evidence classes that stand for one transaction each."""


def channel_indices(
    cells: Cells, totals: Totals, method: Method
) -> dict[str, dict[str, tuple[float, float, int]]]:
    """Agency -> channel -> (index, standard error, answers) from the answers of that channel alone.

    Only channels that may be shown, and only where no channel of the agency is too small to be told
    apart.

    Examples
    --------
    >>> sorted(channel_indices(cells, snapshot.totals(), method)["s05"])
    ['counter', 'online']
    """
    result: dict[str, dict[str, tuple[float, float, int]]] = {}
    for channel in sorted({key[2] for key, (n, _) in totals.items() if n}):
        for agency, figure in overall_figures(
            cells_in_channel(cells, channel), totals_in_channel(totals, channel), method
        ).items():
            if is_shown(figure, method) and (
                agency == PROVINCE or channels_are_large(cells, agency, method)
            ):
                result.setdefault(agency, {})[channel] = (
                    figure.weighted or 0.0,
                    figure.se or 0.0,
                    figure.n,
                )
    for agency, channel in channels_given_away(cells, result, method):
        del result[agency][channel]
    return {agency: row for agency, row in result.items() if row}


def sensitivity(cells: Cells, totals: Totals, method: Method) -> dict[str, dict[str, float | None]]:
    """Agency -> variant -> overall index in percent; None where too few answers are left, or too
    few are left out.

    Examples
    --------
    >>> sorted(sensitivity(cells, snapshot.totals(), method)["s05"])[:4]
    ['equal_channels', 'index', 'transaction_bound_only', 'unweighted']
    """
    base = overall_figures(cells, totals, method)
    channels = sorted({key[2] for key, (n, _) in totals.items() if n})
    equal = {channel: Fraction(1, len(channels)) for channel in channels}
    variants = {
        "with_open_posters": method.counting(*method.counted, "E0"),
        "transaction_bound_only": replace(
            method, counted=tuple(c for c in method.counted if c in BOUND)
        ),
        "without_flagged": replace(method, flagged=False),
    }
    if len(channels) > 1 and "channel" in method.weighting_cells:
        variants["equal_channels"] = replace(method, channel_mix=equal)
    found = {name: overall_figures(cells, totals, variant) for name, variant in variants.items()}
    left = {name: _left(cells, variant) for name, variant in {"": method, **variants}.items()}
    result: dict[str, dict[str, float | None]] = {}
    for agency, figure in base.items():
        row: dict[str, float | None] = {"index": figure.weighted, "unweighted": figure.unweighted}
        told = [left[""].get(agency, 0)]
        for name, table in found.items():
            size = left[name].get(agency, 0)
            # Every two variants must differ by nobody or by many: their difference is a figure of
            # its own.
            apart = all(size == other or abs(size - other) >= method.min_n for other in told)
            other = table.get(agency)
            if other is not None and apart and is_shown(other, method) and size >= method.min_n:
                row[name], told = other.weighted, [*told, size]
            else:
                row[name] = None
        if not channels_are_large(cells, agency, method):
            row["equal_channels"] = None
        result[agency] = row
    for name in found:
        hide_across(result, name, left[""], left[name], method)
    return result


def _left(cells: Cells, method: Method) -> dict[str, int]:
    """Answers received that a method does not leave out, before any cap, by agency and for all."""
    counted = counted_mask(method, cells)
    sizes: dict[str, int] = {}
    for agency, n, inside in zip(
        cells.key("agency"), cells.n.tolist(), counted.tolist(), strict=True
    ):
        sizes[agency] = sizes.get(agency, 0) + (n if inside else 0)
    return sizes | {PROVINCE: sum(sizes.values())}


def build_quality_report(
    cells: Cells, items: Cells, totals: Totals, method: Method, hidden: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Everything of this module per agency, agencies in ``hidden`` left out.

    ``cells`` are those of the index, ``items`` those of ``nonresponse_variables``.
    """
    completed = {key: n for key, (n, _) in totals.items()}
    sensitive = sensitivity(cells, totals, method)
    share = method.statistic == "share"
    values = (
        {a: row["index"] for a, row in sensitive.items() if row["index"] is not None}
        if share
        else {}
    )
    responses = response_by_agency(cells, completed, values)
    channels = sorted({key[2] for key, (n, _) in totals.items() if n})
    modes = mode_effects(cells, totals, method, MODES) if {*MODES} <= {*channels} else {}
    missing = item_nonresponse(items, method) if len(items) else {}
    by_channel = channel_indices(cells, totals, method)
    result: dict[str, dict[str, Any]] = {}
    for agency in sorted(sensitive):
        if agency in hidden:
            continue
        response, told = responses.get(agency), by_channel.get(agency, {}).keys()
        result[agency] = {
            "response": _rounded(vars(response)) if response else None,
            "sensitivity": rounded_row(sensitive[agency], method.decimals, method.rounding),
            "channels": rounded_row(
                {name: row[0] for name, row in by_channel.get(agency, {}).items()},
                method.decimals,
                method.rounding,
            ),
            # With the index and the dossiers, the difference of two channels tells each of them.
            "mode_effect": _rounded(modes[agency], 4)
            if {*MODES} <= told and agency in modes
            else None,
            "item_nonresponse": {
                item: [round(x) for x in pair] for item, pair in missing.get(agency, {}).items()
            },
        }
    return result


def _rounded(row: Mapping[str, float | None], places: int = 2) -> dict[str, float | None]:
    return {name: None if value is None else round(value, places) for name, value in row.items()}
