"""Satisfaction indices from survey responses: snapshot -> cells -> weights -> index -> publishable table.

The front door; nothing else is meant to be imported from outside. Names are loaded when first used: numpy and Polars
take half a second that a web worker which only imports the package should not pay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.cli import compute, extras, quality_report, table_of, write
    from analysis.errors import AnalysisError
    from analysis.estimation import estimate
    from analysis.export import FORMATS
    from analysis.export.table import Table
    from analysis.method import Method, load_method
    from analysis.result import PROVINCE, Figure, IndexResult
    from analysis.schema import ITEMS, RESPONSE_COLUMNS
    from analysis.snapshot import Snapshot, SnapshotWriter, open_snapshot
    from analysis.spec import Spec, load_spec

_HOMES = {
    "cli": ("compute", "extras", "quality_report", "table_of", "write"),
    "errors": ("AnalysisError",),
    "estimation": ("estimate",),
    "export": ("FORMATS",),
    "export.table": ("Table",),
    "method": ("Method", "load_method"),
    "result": ("PROVINCE", "Figure", "IndexResult"),
    "schema": ("ITEMS", "RESPONSE_COLUMNS"),
    "snapshot": ("Snapshot", "SnapshotWriter", "open_snapshot"),
    "spec": ("Spec", "load_spec"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "FORMATS", "ITEMS", "PROVINCE", "RESPONSE_COLUMNS", "AnalysisError", "Figure", "IndexResult", "Method",
    "Snapshot", "SnapshotWriter", "Spec", "Table", "compute", "estimate", "extras", "load_method", "load_spec",
    "open_snapshot", "quality_report", "table_of", "write",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    value = getattr(import_module(f"analysis.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
