"""Satisfaction indices from survey responses: snapshot -> cells -> weights -> index -> publishable table.

The front door; nothing else is meant to be imported from outside.
"""

from __future__ import annotations

from analysis.cli import compute, extras, table_of, write
from analysis.errors import AnalysisError
from analysis.estimate import estimate
from analysis.export import FORMATS
from analysis.export.table import Table
from analysis.method import Method, load_method
from analysis.result import PROVINCE, Figure, IndexResult
from analysis.schema import ITEMS, RESPONSE_COLUMNS
from analysis.snapshot import Snapshot, SnapshotWriter, open_snapshot
from analysis.spec import Spec, load_spec

__all__ = [
    "FORMATS", "ITEMS", "PROVINCE", "RESPONSE_COLUMNS", "AnalysisError", "Figure", "IndexResult", "Method",
    "Snapshot", "SnapshotWriter", "Spec", "Table", "compute", "estimate", "extras", "load_method", "load_spec",
    "open_snapshot", "table_of", "write",
]  # fmt: skip
