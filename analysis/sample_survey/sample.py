"""The sample of a SPEC: cells with their design, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.arrays import Floats, Integers, Mask
from analysis.counting.cells import Cells
from analysis.errors import AnalysisError, DesignError, Named
from analysis.sample_survey.reading import AMOUNT, WHERE, read_survey
from analysis.sample_survey.spec import Spec

if TYPE_CHECKING:
    from analysis.sample_survey.files import SurveyFrame


@dataclass(frozen=True)
class Sample:
    """The cells of a survey with its design: everything later needs only this.

    Attributes
    ----------
    stratum, psu : (K,) numbers; psu is None when responses were drawn one by one.
    weight : (K,) starting weight. population, population2 : (H,) and (J,) units, or None.
    shift : what some variables are counted about; their totals are ``shift`` times the answers
        larger.
    inside : (K,) cells the filter of the SPEC keeps; the others are sampled too, but lie in no
        domain.
    amounts : (K, a) numbers weights are calibrated to the totals of.
    reading : how the file was understood: encoding, separator, rows.
    """

    cells: Cells
    weight: Floats
    stratum: Integers
    strata: list[str]
    psu: Integers | None
    population: Floats | None
    population2: Floats | None
    shift: Mapping[str, float]
    psu_names: list[str]
    inside: Mask
    amounts: Floats
    reading: Mapping[str, Any]

    @property
    def homes(self) -> Integers:
        """(J,) stratum of each PSU."""
        result = np.zeros(len(self.psu_names), dtype=np.int64)
        if self.psu is not None:
            result[self.psu] = self.stratum
        return result

    @property
    def lonely(self) -> int:
        """Strata with a single unit."""
        if self.psu is None:
            return int((np.bincount(self.stratum, weights=self.cells.n) == 1).sum())
        return int((np.bincount(self.homes, minlength=len(self.strata)) == 1).sum())


def load_sample(spec: Spec, frame: SurveyFrame | None = None) -> Sample:
    """Count the data of a SPEC into cells and check the design against them.

    Examples
    --------
    >>> from analysis.sample_survey.spec import load_spec
    >>> sample = load_sample(load_spec(folder / "SPEC.toml"))
    >>> int(sample.cells.n.sum()), len(set(sample.stratum.tolist()))
    (6, 2)
    """
    data = read_survey(spec, frame)
    cells = data.cells
    stratum, strata = cells.codes("_stratum")
    psu: Integers | None = None
    names: list[tuple[str, ...]] = []
    if spec.psu:
        psu, names = cells.codes("_stratum", "_psu")
        homes = Counter(name for _, name in names)
        twice = next((name for name, count in homes.items() if count > 1), None)
        if twice is not None:
            raise DesignError(
                "PSU {twice!r} of column {psu} lies in two strata; give every PSU a name of "
                "its own",
                twice=twice,
                psu=spec.psu,
            )
    labels = [label[0] for label in strata]
    named = [AnalysisError("stratum {name}", name=name) for name in labels]
    units = [AnalysisError("PSU {name}", name=name) for _, name in names]
    return Sample(
        cells=cells,
        shift=data.centres,
        inside=np.array(cells.key(WHERE)) == "1",
        amounts=_numbers(cells, [AMOUNT.format(place) for place in range(len(spec.totals))]),
        reading=data.reading,
        psu_names=[name for _, name in names],
        weight=np.array(cells.key("_weight"), dtype=np.float64),
        stratum=stratum,
        strata=labels,
        psu=psu,
        population=_population(spec.fpc, cells, "_fpc", stratum, named) if spec.fpc else None,
        population2=_population(spec.fpc2, cells, "_fpc2", psu, units)
        if spec.fpc2 and psu is not None
        else None,
    )


def _numbers(cells: Cells, keys: list[str]) -> Floats:
    columns = [np.array(cells.key(key), dtype=np.float64) for key in keys]
    return np.column_stack(columns) if columns else np.zeros((len(cells), 0))


def _population(
    column: str | None, cells: Cells, key: str, code: Integers, labels: Sequence[Named]
) -> Floats:
    size = np.zeros(int(code.max()) + 1)
    for place, value in zip(code.tolist(), cells.key(key), strict=True):
        if size[place] not in (0.0, float(value)):
            raise DesignError(
                "column {column} is not constant in {labels}", column=column, labels=labels[place]
            )
        size[place] = float(value)
    return size
