"""Pictures of the results: one Vega-Lite specification serves page, PDF and notebook, each with a
text alternative.
"""

from __future__ import annotations

from analysis.charts.base import Frame, Picture
from analysis.charts.comparison import RankSet, Score, funnel_picture, index_picture, ranks_picture
from analysis.charts.profile import (
    FactorScore,
    Shares,
    Trend,
    likert_picture,
    profile_picture,
    trend_picture,
)
from analysis.charts.render import render
from analysis.charts.sample import CoverageCell, coverage_picture, weights_picture

__all__ = [
    "CoverageCell",
    "FactorScore",
    "Frame",
    "Picture",
    "RankSet",
    "Score",
    "Shares",
    "Trend",
    "coverage_picture",
    "funnel_picture",
    "index_picture",
    "likert_picture",
    "profile_picture",
    "ranks_picture",
    "render",
    "trend_picture",
    "weights_picture",
]
