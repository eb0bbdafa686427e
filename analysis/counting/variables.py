"""What is counted per response: variables, and requests for tables of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, cast

import polars as pl

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def says_something(variables: Sequence[Variable]) -> pl.Expr:
    """Condition on a row: at least one variable is not 0. Others are not counted."""
    return pl.any_horizontal([variable.expression() != 0 for variable in variables])


@dataclass(frozen=True)
class Variable:
    """One quantity counted per response, derived from one column or added up over several.

    ``among`` is 1 when the answer is one of ``levels`` (valid answers, or the satisfied ones) and
    -1 when it is one of ``against``, ``value`` is the number itself (0 when missing or not in
    ``levels``), ``present`` is 1 when there is one, ``compare`` is 1 when the number stands in
    relation ``operator`` to ``bound``, ``one`` is 1. Where a column of ``needs`` is missing, or not
    in ``needs_levels``, the variable is 0. ``more`` columns are added up with the first; ``any`` is
    1 when the first or one of ``more`` is there. ``centre`` is taken off a value, so that squares
    of large numbers do not cancel. ``missing`` codes are made missing by who reads a survey file.
    """

    name: str
    column: str
    rule: Literal["among", "value", "one", "present", "compare", "any"]
    levels: tuple[int, ...] = ()
    operator: str = ">="
    bound: float | str | bool = 0
    needs: tuple[str, ...] = ()
    needs_levels: tuple[int, ...] = ()
    against: tuple[int, ...] = ()
    more: tuple[str, ...] = ()
    centre: float = 0.0
    missing: tuple[float | str, ...] = ()

    def expression(self) -> pl.Expr:
        """The variable as a Polars expression without nulls."""
        if self.rule == "one":
            return pl.lit(1.0).alias(self.name)
        if self.rule == "any":
            there = pl.any_horizontal(
                pl.col(name).is_not_null() for name in (self.column, *self.more)
            )
            return there.cast(pl.Float64).alias(self.name)
        value = self._value(pl.col(self.column))
        for name in self.more:
            value = value.cast(pl.Int8).fill_null(0) + self._value(pl.col(name)).cast(
                pl.Int8
            ).fill_null(0)
        if self.needs:
            value = pl.when(pl.all_horizontal(self._there(name) for name in self.needs)).then(value)
        return value.cast(pl.Float64).fill_null(0.0).alias(self.name)

    def _there(self, name: str) -> pl.Expr:
        return (
            pl.col(name).is_in(list(self.needs_levels))
            if self.needs_levels
            else pl.col(name).is_not_null()
        )

    def _value(self, column: pl.Expr) -> pl.Expr:
        if self.rule == "among":
            member = column.is_in(list(self.levels))
            return (
                member.cast(pl.Int8) - column.is_in(list(self.against)).cast(pl.Int8)
                if self.against
                else member
            )
        if self.rule == "present":
            return column.is_not_null()
        if self.rule == "compare":
            return cast("pl.Expr", COMPARISONS[self.operator](column, pl.lit(self.bound)))
        if self.centre:
            # A whole number first loses its centre, then becomes a float: beyond 2**53 the other
            # order loses digits.
            return (column - pl.lit(self.centre)).cast(pl.Float64)
        return pl.when(column.is_in(list(self.levels))).then(column) if self.levels else column


class CellRequest(NamedTuple):
    """A table of cells to be counted: by which keys, and what."""

    keys: Sequence[str]
    variables: Sequence[Variable]
