"""What a rule found of an agency, with everything needed to compute it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One rule of one agency.

    Attributes
    ----------
    value : the statistic: a z, a probability or a number.
    p : one-sided probability under honest answers; None for hard rules.
    fired : whether the threshold is passed.
    inputs : numbers the value comes from.
    """

    rule: str
    unit: str
    value: float
    p: float | None
    fired: bool
    inputs: Mapping[str, Any] = field(default_factory=dict)
    discovery: bool = False
