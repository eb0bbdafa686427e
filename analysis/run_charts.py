"""All charts of a run, and their files; apart from ``run``, for the libraries of charts take a
second to load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.charts import Frame, Picture, render, weights_picture
from analysis.charts.index_charts import (
    comparison_pictures,
    draw_coverage,
    draw_levels,
    factor_profile,
    unique_names,
)
from analysis.index.results import PROVINCE
from analysis.run import Run, published_agencies


def draw_charts(run: Run, language: str = "vi") -> dict[str, Picture]:
    """All charts of a run by name, from figures that may be shown: ``index-commune``, ``coverage``,
    ...

    Examples
    --------
    >>> from analysis.run import open_run
    >>> charts = draw_charts(open_run(snapshot, "sipas-service", purpose="charts"))
    >>> sorted(charts)[:3]
    ['coverage', 'funnel-commune', 'index-commune']
    """
    table = run.table
    data = run.chart_data(table)
    names = unique_names(row for row in table.rows if row["agency"] != PROVINCE)
    about = table.about
    frame = Frame(language, subtitle=f"{about['period']} · {about['notice'] or about['province']}")
    charts: dict[str, Picture | None] = {}
    for kind in sorted({str(row["agency_kind"]) for row in table.rows}):
        comparison = comparison_pictures(table.rows, kind, frame)
        charts |= {f"{name}-{kind}": made for name, made in comparison.items()}
    charts |= {f"profile-{agency}": factor_profile(table.rows, agency, frame) for agency in names}
    charts["coverage"] = draw_coverage(data["coverage"], names, frame)
    charts["levels"] = draw_levels(data["levels"], names, frame)
    weights = run.shown_weights(published_agencies(table))
    charts["weights"] = weights_picture(*weights, frame) if weights else None
    return {name: made for name, made in charts.items() if made is not None}


def write_charts(charts: Mapping[str, Picture], folder: Path, kinds: Sequence[str]) -> None:
    """Write charts into a folder, one file per format, and ``NAME.txt`` with the text alternative.

    Examples
    --------
    >>> from analysis.run import open_run
    >>> charts = draw_charts(open_run(snapshot, "overall", purpose="charts"))
    >>> write_charts({"coverage": charts["coverage"]}, folder / "charts", ["svg"])
    >>> sorted(path.name for path in (folder / "charts").iterdir())
    ['coverage.svg', 'coverage.txt']
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in charts.items():
        for kind in kinds:
            (folder / f"{name}.{kind}").write_bytes(render(picture, kind))
        (folder / f"{name}.txt").write_text(picture.text + "\n", encoding="utf-8")
