"""Charts of what an edition stores."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import analysis
from survey.scorecards.bridge.methods import read_target


def comparison_charts(
    *, rows: Sequence[dict[str, Any]], about: Mapping[str, Any], kind: str, language: str
) -> dict[str, Any]:
    """Pictures of stored rows by name: index, ranks, funnel, levels, coverage; each has ``spec``
    and ``text``.
    """
    frame = analysis.Frame(language, subtitle=_subtitle(about))
    names = {
        row["agency"]: row["agency_name"] for row in rows if not kind or row["agency_kind"] == kind
    }
    found: dict[str, Any] = dict(
        analysis.comparison_pictures(rows, kind, frame, read_target(about))
    )
    found["levels"] = analysis.draw_levels(about.get("levels", []), names, frame)
    found["coverage"] = analysis.draw_coverage(about.get("coverage", []), names, frame)
    return {name: picture for name, picture in found.items() if picture is not None}


def agency_charts(
    *,
    rows: Sequence[dict[str, Any]],
    history: Sequence[tuple[str, str, dict[str, Any], dict[str, Any]]],
    about: Mapping[str, Any],
    agency: str,
    language: str,
    reworded: Collection[str] = (),
) -> dict[str, Any]:
    """Pictures of one agency: its factors beside the province, and its index over (period, method,
    row, province) with a mark where questions were ``reworded``.
    """
    frame = analysis.Frame(language, subtitle=_subtitle(about))
    found = {
        "profile": analysis.factor_profile(rows, agency, frame),
        "trend": analysis.index_trend(
            history, analysis.Frame(language, subtitle=str(about.get("notice", ""))), reworded
        ),
    }
    return {name: picture for name, picture in found.items() if picture is not None}


def _subtitle(about: Mapping[str, Any]) -> str:
    # A method that counts open answers says so in its title; others need no title on a picture.
    keys = (
        ("period", "method_title", "notice") if about.get("counts_open") else ("period", "notice")
    )
    return " · ".join(str(about[key]) for key in keys if about.get(key))


def draw(picture: Any, kind: str) -> bytes:
    """A picture as ``svg``, ``png`` or ``pdf``."""
    return bytes(analysis.render(picture, kind))
