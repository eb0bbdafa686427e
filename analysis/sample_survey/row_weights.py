"""The weight every row of a survey file gets, for analyses in other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analysis.sample_survey.estimate import calibrate_sample
from analysis.sample_survey.reading import number_rows
from analysis.sample_survey.sample import load_sample
from analysis.sample_survey.spec import Spec

if TYPE_CHECKING:
    from analysis.sample_survey.files import SurveyFrame


def weigh_rows(spec: Spec, frame: SurveyFrame | None = None) -> pl.DataFrame:
    """Weights of the rows of a survey, in their order; ``frame`` as for ``estimate``.

    Columns: ``row`` line of the file (record of a Parquet file or a frame), ``start`` weight the
    design gives, ``factor`` calibration multiplies it by, ``weight`` the product, ``inside``
    whether the SPEC's filter keeps the row.

    Raises
    ------
    SpecError, DesignError
        As ``estimate``.

    Examples
    --------
    >>> from analysis.sample_survey.spec import load_spec
    >>> rows = weigh_rows(load_spec(folder / "SPEC.toml"))
    >>> rows.columns, len(rows)
    (['row', 'start', 'factor', 'weight', 'inside'], 6)
    """
    sample = load_sample(spec, frame)
    calibration = calibrate_sample(spec, sample)
    factor = calibration.g if calibration else 1 + 0 * sample.weight
    cells = pl.DataFrame(
        {
            "start": sample.weight,
            "factor": factor,
            "weight": sample.weight * factor,
            "inside": sample.inside,
        }
    )
    lines, number = number_rows(spec, sample.cells, frame)
    return cells[number].insert_column(0, pl.Series("row", lines))
