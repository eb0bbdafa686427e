"""Estimates as a frame, for work in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd


def frame_estimates(result: Mapping[str, Any]) -> pd.DataFrame:
    """What ``estimate`` found, one row per estimate, under the names of its JSON file; the columns
    of a domain stand under their own names after the label.

    Raises
    ------
    AnalysisError
        A column of a domain is called as a column of the result is.

    Examples
    --------
    >>> from analysis import estimate, load_spec
    >>> frame = frame_estimates(estimate(load_spec(folder / "SPEC.toml")))
    >>> frame["label"].tolist(), frame["n"].tolist(), frame["estimate"].round(4).tolist()
    (['satisfied'], [6], [0.6667])
    """
    import pandas as pd  # noqa: PLC0415  (pandas is loaded when a frame is asked for)

    rows = [dict(row) for row in result["estimates"]]
    domains = [row.pop("domain") for row in rows]
    columns = list(dict.fromkeys(column for domain in domains for column in domain))
    if twice := sorted(set(columns) & set(rows[0])):
        raise AnalysisError(
            "a domain and the result both have a column {twice!r}: rename it in the data",
            twice=twice[0],
        )
    frame = pd.DataFrame(rows)
    for place, column in enumerate(columns, start=1):
        frame.insert(place, column, [domain.get(column) for domain in domains])
    return frame
