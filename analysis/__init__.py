"""Statistics of satisfaction surveys: snapshot -> cells -> weights -> index -> variance -> table.

Needs no web framework: ``open_run(folder, "sipas-service").table`` gives the numbers the web side
publishes. Parts are loaded when first used: numpy and Polars take half a second that a web worker
which only imports the package should not pay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.charts import Frame, Picture, render
    from analysis.charts.index_charts import (
        comparison_pictures,
        draw_coverage,
        draw_levels,
        factor_profile,
        index_trend,
    )
    from analysis.comparison.before_after import (
        Measured,
        Shift,
        compare_before_after,
        compare_with_others,
        measure_share,
    )
    from analysis.comparison.ranks import rank_estimates
    from analysis.comparison.small_area import (
        ModelledShare,
        model_shares,
        read_covariates,
        small_area_estimates,
    )
    from analysis.comparison.standing import standing_by_kind
    from analysis.counting.cells_io import load_cells, save_cells
    from analysis.counting.engine import choose_engine
    from analysis.data.schema import ITEMS, RESPONSE_COLUMNS
    from analysis.data.snapshot import (
        Snapshot,
        SnapshotWriter,
        combine_snapshots,
        open_snapshot,
    )
    from analysis.errors import AnalysisError
    from analysis.export import FORMATS
    from analysis.export.bundle.writing import BundleText, write_bundle
    from analysis.export.files import read_json, write_json, write_table
    from analysis.export.open_data.dataset import LICENCES, OpenDataset
    from analysis.export.open_data.folder import build_folder
    from analysis.export.open_data.sdmx import code_ids
    from analysis.federation.cell_files import export_cells
    from analysis.federation.country import build_country_table
    from analysis.federation.signed_note import (
        Signer,
        make_signer,
        read_note,
        read_signer,
        sign_note,
    )
    from analysis.index.results import PROVINCE, Figure, IndexResult
    from analysis.integrity.adding import ANSWERED, UnitSums
    from analysis.integrity.facts import UnitMonth, open_facts, read_facts, write_facts
    from analysis.integrity.flags import UnitFlag, flag_units
    from analysis.integrity.gather import gather_facts
    from analysis.integrity.rules_file import Rules, load_rules
    from analysis.method import Method, list_methods, load_method, read_method_text
    from analysis.publication.public_figures import build_public_rows
    from analysis.publication.table import INDEX_COLUMNS, Table
    from analysis.publication.targets import SATISFACTION_TARGET, Target
    from analysis.run import Run, compare_periods, open_run
    from analysis.run_charts import draw_charts, write_charts
    from analysis.sample_survey.describe import describe_file
    from analysis.sample_survey.estimate import estimate
    from analysis.sample_survey.frames import frame_estimates
    from analysis.sample_survey.row_weights import weigh_rows
    from analysis.sample_survey.spec import Spec, load_spec
    from analysis.scorecards.exact_numbers import read_number
    from analysis.scorecards.framework import Framework, list_frameworks, read_framework_text
    from analysis.scorecards.framework_file import FrameworkError, read_framework
    from analysis.scorecards.inputs import NOT_APPLICABLE, FigureError, field_names, read_declared
    from analysis.scorecards.scoring import Scorecard, ScoredLine, score
    from analysis.scorecards.signed_scores import check_signed_scores, read_signed_scores

_HOMES = {
    "charts": ("Frame", "Picture", "render"),
    "charts.index_charts": (
        "comparison_pictures",
        "draw_coverage",
        "draw_levels",
        "factor_profile",
        "index_trend",
    ),
    "comparison.before_after": (
        "Measured",
        "Shift",
        "compare_before_after",
        "compare_with_others",
        "measure_share",
    ),
    "comparison.ranks": ("rank_estimates",),
    "comparison.standing": ("standing_by_kind",),
    "counting.engine": ("choose_engine",),
    "data.schema": ("ITEMS", "RESPONSE_COLUMNS"),
    "data.snapshot": ("Snapshot", "SnapshotWriter", "combine_snapshots", "open_snapshot"),
    "errors": ("AnalysisError",),
    "export": ("FORMATS",),
    "export.bundle.writing": ("BundleText", "write_bundle"),
    "export.files": ("read_json", "write_json", "write_table"),
    "federation.cell_files": ("export_cells",),
    "federation.country": ("build_country_table",),
    "federation.signed_note": ("Signer", "make_signer", "read_note", "read_signer", "sign_note"),
    "index.results": ("PROVINCE", "Figure", "IndexResult"),
    "integrity.adding": ("ANSWERED", "UnitSums"),
    "integrity.facts": ("UnitMonth", "open_facts", "read_facts", "write_facts"),
    "integrity.flags": ("UnitFlag", "flag_units"),
    "integrity.gather": ("gather_facts",),
    "integrity.rules_file": ("Rules", "load_rules"),
    "method": ("Method", "list_methods", "load_method", "read_method_text"),
    "export.open_data.dataset": ("LICENCES", "OpenDataset"),
    "export.open_data.folder": ("build_folder",),
    "export.open_data.sdmx": ("code_ids",),
    "publication.public_figures": ("build_public_rows",),
    "publication.table": ("INDEX_COLUMNS", "Table"),
    "publication.targets": ("SATISFACTION_TARGET", "Target"),
    "comparison.small_area": (
        "ModelledShare",
        "model_shares",
        "read_covariates",
        "small_area_estimates",
    ),
    "counting.cells_io": ("load_cells", "save_cells"),
    "scorecards.exact_numbers": ("read_number",),
    "scorecards.framework": ("Framework", "list_frameworks", "read_framework_text"),
    "scorecards.framework_file": ("FrameworkError", "read_framework"),
    "scorecards.inputs": ("NOT_APPLICABLE", "FigureError", "field_names", "read_declared"),
    "scorecards.scoring": ("Scorecard", "ScoredLine", "score"),
    "scorecards.signed_scores": ("check_signed_scores", "read_signed_scores"),
    "run": ("Run", "compare_periods", "open_run"),
    "run_charts": ("draw_charts", "write_charts"),
    "sample_survey.describe": ("describe_file",),
    "sample_survey.estimate": ("estimate",),
    "sample_survey.frames": ("frame_estimates",),
    "sample_survey.row_weights": ("weigh_rows",),
    "sample_survey.spec": ("Spec", "load_spec"),
}
_HOME_BY_NAME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ANSWERED",
    "FORMATS",
    "INDEX_COLUMNS",
    "ITEMS",
    "LICENCES",
    "NOT_APPLICABLE",
    "PROVINCE",
    "RESPONSE_COLUMNS",
    "SATISFACTION_TARGET",
    "AnalysisError",
    "BundleText",
    "Figure",
    "FigureError",
    "Frame",
    "Framework",
    "FrameworkError",
    "IndexResult",
    "Measured",
    "Method",
    "ModelledShare",
    "OpenDataset",
    "Picture",
    "Rules",
    "Run",
    "Scorecard",
    "ScoredLine",
    "Shift",
    "Signer",
    "Snapshot",
    "SnapshotWriter",
    "Spec",
    "Table",
    "Target",
    "UnitFlag",
    "UnitMonth",
    "UnitSums",
    "build_country_table",
    "build_folder",
    "build_public_rows",
    "check_signed_scores",
    "choose_engine",
    "code_ids",
    "combine_snapshots",
    "compare_before_after",
    "compare_periods",
    "compare_with_others",
    "comparison_pictures",
    "describe_file",
    "draw_charts",
    "draw_coverage",
    "draw_levels",
    "estimate",
    "export_cells",
    "factor_profile",
    "field_names",
    "flag_units",
    "frame_estimates",
    "gather_facts",
    "index_trend",
    "list_frameworks",
    "list_methods",
    "load_cells",
    "load_method",
    "load_rules",
    "load_spec",
    "make_signer",
    "measure_share",
    "model_shares",
    "open_facts",
    "open_run",
    "open_snapshot",
    "rank_estimates",
    "read_covariates",
    "read_declared",
    "read_facts",
    "read_framework",
    "read_framework_text",
    "read_json",
    "read_method_text",
    "read_note",
    "read_number",
    "read_signed_scores",
    "read_signer",
    "render",
    "save_cells",
    "score",
    "sign_note",
    "small_area_estimates",
    "standing_by_kind",
    "weigh_rows",
    "write_bundle",
    "write_charts",
    "write_facts",
    "write_json",
    "write_table",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in."""
    if name not in _HOME_BY_NAME:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    value = getattr(import_module(f"analysis.{_HOME_BY_NAME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
