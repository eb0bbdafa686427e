"""How far the order of agencies can be trusted, and what tells two neighbours apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from survey.agencies.models import AgencyKind
from survey.common.numbers import format_number

Standing = Mapping[str, Any]


def tell_apart(agencies: Sequence[tuple[str, Standing | None]]) -> list[dict[str, Any]]:
    """From (kind, standing in an edition) of agencies, by kind: the reliability of the whole order
    in percent, and about how many answers each of two neighbours would need to be told apart, the
    middle of all; None where most are level. The same for whoever sees a part of the list.
    """
    found: dict[str, dict[str, Any]] = {}
    for kind, standing in agencies:
        if standing and "answers_apart" in standing and kind not in found:
            share = Decimal(100) * Decimal(str(standing["list_reliability"]))
            needed = standing["answers_apart"]
            found[kind] = {
                "kind": AgencyKind(kind).label,
                "reliability": format_number(share, 0),
                "answers": _round_up(needed) if needed else None,
            }
    return list(found.values())


def _round_up(number: int) -> int:
    """To two digits: more would be a precision nobody has."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return -int(-number // step) * step
