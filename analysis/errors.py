"""Errors a caller can act on: each message names the file, column or key and what to do."""

from __future__ import annotations


class AnalysisError(ValueError):
    """Base of every error this package raises on purpose."""


class SnapshotError(AnalysisError):
    """The snapshot folder is missing, incomplete, changed or of another schema version."""


class MethodError(AnalysisError):
    """The method file is unknown, has an unknown key or a value outside its range."""


class DesignError(AnalysisError):
    """Weights, strata or clusters contradict the data."""


class SpecError(AnalysisError):
    """A SPEC file has an unknown key, a missing one, or names a column the data do not have."""
