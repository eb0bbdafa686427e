"""Targets with their comparison; the one definition of the target in force."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal


@dataclass(frozen=True)
class Target:
    """A target with its comparison: ``>`` is strict, ``>=`` is not."""

    operator: Literal[">", ">="]
    value: Decimal

    def met(self, rate: Decimal | float) -> bool:
        """Whether the unrounded rate reaches the target."""
        return rate > self.value if self.operator == ">" else rate >= self.value


SATISFACTION_TARGET: Final = Target(">", Decimal(90))
"""Satisfied citizens in percent. Source: the national programme of administrative reform."""
