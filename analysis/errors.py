"""Errors a caller can act on: each message names the file, column or key and what to do."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

Translate = Callable[[str], str]


class AnalysisError(ValueError):
    """Base of every error this package raises on purpose.

    ``template`` names the ``values`` in braces; filled in it is the message in English.

    Examples
    --------
    >>> error = AnalysisError("{name} has no rows", name="a.csv")
    >>> str(error), error.tell(lambda _text: "{name} không có dòng nào")
    ('a.csv has no rows', 'a.csv không có dòng nào')
    """

    def __init__(self, template: str, /, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template, self.values = template, values

    def tell(self, translate: Translate) -> str:
        """The message in another language; also of errors this one tells of."""
        if not self.values:
            return translate(self.template)
        values = {
            name: value.tell(translate) if isinstance(value, AnalysisError) else value
            for name, value in self.values.items()
        }
        return translate(self.template).format(**values)

    def __reduce__(self) -> tuple[Any, ...]:
        # From one process to another only numbers, texts and errors of this kind are sure to go.
        kept = {name: _plain(value) for name, value in self.values.items()}
        return _restore, (type(self), self.args, {**self.__dict__, "values": kept})


def _plain(value: object) -> object:
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    return value if isinstance(value, str | AnalysisError) else str(value)


def _restore(
    kind: type[AnalysisError], arguments: tuple[str, ...], state: dict[str, Any]
) -> AnalysisError:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(state)
    return error


class SnapshotError(AnalysisError):
    """The snapshot folder is missing, incomplete, changed or of another schema version."""


class MethodError(AnalysisError):
    """The method file is unknown, has an unknown key or a value outside its range."""


class DesignError(AnalysisError):
    """Weights, strata or clusters contradict the data."""


class SpecError(AnalysisError):
    """A SPEC file has an unknown key, a missing one, or names a column the data do not have."""


Named = str | AnalysisError
"""What a value, a stratum or a column is called in a message."""
