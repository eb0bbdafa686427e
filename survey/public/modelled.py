"""Agencies with few answers by a model: never ranked or scored, and said to be no measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from survey.common.numbers import format_number
from survey.public.editions import PublicEdition
from survey.public.figures import AgencyLine, Shown, agency_lines, show
from survey.scorecards.bridge.standing import Modelled, model_shares

LEAST_AGENCIES: Final = 8
"""Of one kind with a figure: from fewer nothing can be said of how much they differ."""
USABLE: Final = ("published", "few")


@dataclass(frozen=True)
class ModelledLine:
    """An agency as it is measured, and by the model, in the active language."""

    shown: Shown
    value: str
    interval: tuple[str, str]
    own: str


def few_answers(one: PublicEdition) -> list[tuple[AgencyLine, Modelled]]:
    """Agencies whose index is shown and not compared, by name, from published figures alone."""
    return _few_answers(one.edition.pk, one.edition.snapshot_sha256, one)


@lru_cache(maxsize=8)
def _few_answers(_pk: int, _sum: str, one: PublicEdition) -> list[tuple[AgencyLine, Modelled]]:
    lines = [
        line
        for line in agency_lines(one)
        if line.row["status"] in USABLE and line.row["index"] is not None
    ]
    found = []
    for kind in {line.kind for line in lines}:
        own = [line for line in lines if line.kind == kind]
        if len(own) >= LEAST_AGENCIES:
            found += _model(own)
    order = {id(line): place for place, line in enumerate(lines)}
    return sorted(found, key=lambda pair: order[id(pair[0])])


def _model(lines: Sequence[AgencyLine]) -> list[tuple[AgencyLine, Modelled]]:
    modelled = model_shares([_figures(line) for line in lines])
    pairs = zip(lines, modelled, strict=True)
    return [(line, share) for line, share in pairs if line.row["status"] == "few"]


def _figures(line: AgencyLine) -> tuple[float, float, float, float]:
    index, low, high, n = (float(line.row[name]) for name in ("index", "ci_low", "ci_high", "n"))
    return index, low, high, n


def show_modelled(line: AgencyLine, share: Modelled) -> ModelledLine:
    """Whole points: the model is no finer."""
    return ModelledLine(
        show(line.row, line.name, key=line.key),
        format_number(share.value, 0),
        (format_number(share.low, 0), format_number(share.high, 0)),
        format_number(share.own, 0),
    )
