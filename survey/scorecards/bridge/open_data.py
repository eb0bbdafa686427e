"""What of an edition leaves the house, and its open data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import analysis

OpenDataset = analysis.OpenDataset
LICENCES = analysis.LICENCES


def public_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Stored rows as the public sees them: see ``analysis.publication.public_figures``."""
    return analysis.build_public_rows(rows)


def code_ids(keys: Iterable[str]) -> dict[str, str]:
    """A plain identifier of every key, for addresses and for SDMX alike."""
    return analysis.code_ids(keys)


def build_files(dataset: analysis.OpenDataset) -> dict[str, bytes]:
    """The open-data folder: content by name."""
    return analysis.build_folder(dataset)
