"""Satisfaction indices from survey responses: snapshot -> cells -> weights -> index -> publishable table.

The front door; nothing else is meant to be imported from outside.
"""

from __future__ import annotations

from analysis.cli import compute, table_of, write
from analysis.errors import AnalysisError
from analysis.export import FORMATS
from analysis.export.table import Table
from analysis.index import PROVINCE, Figure, IndexResult
from analysis.method import Method, load_method
from analysis.schema import ITEMS, RESPONSE_COLUMNS
from analysis.snapshot import Snapshot, SnapshotWriter, open_snapshot

__all__ = [
    "FORMATS", "ITEMS", "PROVINCE", "RESPONSE_COLUMNS", "AnalysisError", "Figure", "IndexResult", "Method",
    "Snapshot", "SnapshotWriter", "Table", "compute", "load_method", "open_snapshot", "table_of", "write",
]  # fmt: skip
