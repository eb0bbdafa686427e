"""Weighting on cells: one method per file."""
