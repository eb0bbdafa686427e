"""The table of several provinces together, as one run over all their rows would give it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.federation.cell_files import merge_provinces, read_province_cells
from analysis.index.indices import compute_indices
from analysis.method import Method
from analysis.publication.labels import VI
from analysis.publication.table import Table, build_table

COUNTRY = "Cả nước"


def build_country_table(
    paths: Sequence[Path], verifiers: Sequence[str], method: Method, name: str = COUNTRY
) -> Table:
    """The published table of the provinces whose cells these files hold.

    Raises
    ------
    AnalysisError
        A file cannot be trusted or read, they do not fit together, or they were counted under
        another method.
    """
    merged = merge_provinces([read_province_cells(path, verifiers) for path in paths])
    if merged.about["method_sha256"] != method.sha256:
        raise AnalysisError(
            "the cells were counted under {method!r} ({version}), not under {id!r} ({sha256})",
            method=merged.about["method"],
            version=merged.about["method_sha256"][:12],
            id=method.id,
            sha256=method.sha256[:12],
        )
    about = {
        "period": merged.about["period"],
        "province": name,
        "notice": "",
        "responses": 5 * round(merged.about["responses"] / 5),
        "snapshot": "",
    }
    result = compute_indices(merged.cells, merged.totals, method, about)
    labels = VI | dict(merged.labels) | {"-": "Lĩnh vực chưa rõ"}
    return build_table(result, merged.agencies, labels, name)
