"""Changes of stored figures, by the statistics' own rule."""

from __future__ import annotations

from analysis import Measured, Shift, compare_before_after, compare_with_others

__all__ = ["Measured", "Shift", "compare_before_after", "compare_with_others"]
