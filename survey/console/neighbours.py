"""How far the order of agencies can be trusted, and what tells two neighbours apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import Any

from survey.agencies.models import AgencyKind
from survey.common.numbers import format_number

Standing = Mapping[str, Any]


def tell_apart(agencies: Sequence[tuple[str, Standing | None]]) -> list[dict[str, Any]]:
    """From (kind, standing in an edition) of agencies, by kind: how much of the order is no noise,
    in percent, and about how many answers each of two neighbours would need to be told apart, the
    middle of all.
    """
    found = []
    for kind in dict.fromkeys(kind for kind, _standing in agencies):
        known = [standing for own, standing in agencies if own == kind and standing]
        needed = [one["answers_to_next"] for one in known if one.get("answers_to_next")]
        if needed:
            share = Decimal(100) * Decimal(str(known[0]["list_reliability"]))
            line = {
                "kind": AgencyKind(kind).label,
                "reliability": format_number(share, 0),
                "answers": _round_up(median(needed)),
            }
            found.append(line)
    return found


def _round_up(number: float) -> int:
    """To two digits: more would be a precision nobody has."""
    step = int(10 ** max(0, len(str(int(number))) - 2))
    return -int(-number // step) * step
