"""What can be typed after ``python -m analysis``."""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.language import choose_language, say, translate
from analysis.method import list_methods


def _name_methods() -> str:
    return say("one of {methods}, or a .toml file", methods=", ".join(list_methods()))


def make_parser() -> argparse.ArgumentParser:
    """The commands and their arguments, in the language of the environment."""
    if choose_language() != "en":
        # Its own words come from gettext under this name; there is no other way to them without a
        # compiled catalogue.
        argparse._ = translate  # type: ignore[attr-defined]
    parser = argparse.ArgumentParser(
        prog="python -m analysis", description=translate("Satisfaction indices from a snapshot.")
    )
    commands = parser.add_subparsers(dest="command", required=True)
    index = commands.add_parser("index", help=translate("weighted satisfaction index per agency"))
    index.add_argument("snapshot", type=Path, help=translate("snapshot folder"))
    index.add_argument(
        "--method",
        default="sipas-service",
        help=_name_methods(),
    )
    index.add_argument(
        "--engine", default="local", help=translate("local, or a Spark address: spark://host:7077")
    )
    index.add_argument(
        "--jobs",
        type=int,
        default=1,
        help=translate("processes the parts are spread over; default 1"),
    )
    index.add_argument(
        "--out",
        type=Path,
        action="append",
        required=True,
        help=translate("index.csv, .xlsx, .json, .parquet or .sav; repeatable"),
    )
    general = commands.add_parser(
        "estimate",
        help=translate("estimates from any survey file, as a SPEC says (docs/method.md)"),
    )
    general.add_argument("spec", type=Path, help=translate("SPEC.toml"))
    general.add_argument("--out", type=Path, required=True, help=translate("result.json"))
    general.add_argument(
        "--weights", type=Path, help=translate("weights.csv: the weight of every row")
    )
    look = commands.add_parser(
        "describe", help=translate("what a survey file holds, and what looks wrong in it")
    )
    look.add_argument("data", type=Path, help=translate("CSV or Parquet file"))
    look.add_argument(
        "--missing",
        action="append",
        default=[],
        help=translate("a missing code, e.g. -9; repeatable"),
    )
    look.add_argument(
        "--out", type=Path, help=translate("columns.json; otherwise they are printed")
    )
    trust = commands.add_parser(
        "quality", help=translate("response, mode effects, missing items, sensitivity of the index")
    )
    trust.add_argument("snapshot", type=Path, help=translate("snapshot folder"))
    trust.add_argument(
        "--method",
        default="sipas-service",
        help=_name_methods(),
    )
    trust.add_argument("--out", type=Path, required=True, help=translate("quality.json"))
    moved = commands.add_parser(
        "change",
        help=translate("change of the index between two snapshots, Holm and Benjamini-Hochberg"),
    )
    moved.add_argument("snapshot", type=Path, help=translate("snapshot of the earlier period"))
    moved.add_argument("later", type=Path, help=translate("snapshot of the later period"))
    moved.add_argument(
        "--method",
        default="sipas-service",
        help=_name_methods(),
    )
    moved.add_argument(
        "--adjust",
        default="holm",
        choices=("holm", "hochberg", "bonferroni", "none"),
        help=translate("of the p-values of many agencies; default holm"),
    )
    moved.add_argument("--out", type=Path, required=True, help=translate("change.json"))
    ranks = commands.add_parser(
        "ranks", help=translate("joint rank sets of the domains of an estimate's result (max-t)")
    )
    ranks.add_argument(
        "result", type=Path, help=translate("result.json of estimate, with its covariance")
    )
    ranks.add_argument(
        "--estimand", default="", help=translate("name of the estimand; default: the first")
    )
    ranks.add_argument(
        "--lowest-first", action="store_true", help=translate("rank 1 is the lowest value")
    )
    ranks.add_argument("--out", type=Path, required=True, help=translate("ranks.json"))
    charts = commands.add_parser(
        "charts", help=translate("pictures of the index, each with a text alternative")
    )
    charts.add_argument("snapshot", type=Path, help=translate("snapshot folder"))
    charts.add_argument(
        "--method",
        default="sipas-service",
        help=_name_methods(),
    )
    charts.add_argument("--out", type=Path, required=True, help=translate("folder"))
    charts.add_argument("--language", default="vi", choices=("vi", "en"))
    charts.add_argument(
        "--format",
        action="append",
        choices=("svg", "png", "pdf"),
        help=translate("repeatable; default svg"),
    )
    standing = commands.add_parser(
        "standing",
        help=translate("verdicts and expected ranks (model-based) of agencies of one kind"),
    )
    standing.add_argument("table", type=Path, help=translate("index.json, as index wrote it"))
    standing.add_argument(
        "--target", type=float, default=90.0, help=translate("percent; default 90")
    )
    standing.add_argument("--out", type=Path, required=True, help=translate("standing.json"))
    _add_scorecards(commands)
    areas = commands.add_parser(
        "small-area",
        help=translate("Fay-Herriot estimates of an estimate's domains with few answers"),
    )
    areas.add_argument(
        "result", type=Path, help=translate("result.json of estimate, by one column")
    )
    areas.add_argument(
        "--covariates",
        type=Path,
        help=translate("CSV: the domain first, then a number in each column"),
    )
    areas.add_argument(
        "--estimand", default="", help=translate("name of the estimand; default: the first")
    )
    areas.add_argument("--out", type=Path, required=True, help=translate("areas.json"))
    bundle = commands.add_parser(
        "bundle",
        help=translate("rows with weights, codebook, method and index in one zip for analysts"),
    )
    bundle.add_argument("snapshot", type=Path, help=translate("snapshot folder"))
    bundle.add_argument(
        "--method", default="sipas-service", help=translate("a name, or a .toml file")
    )
    bundle.add_argument("--out", type=Path, required=True, help=translate("bundle.zip"))
    _add_cells(commands)
    _add_integrity(commands)
    return parser


def _add_integrity(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    flags = commands.add_parser(
        "integrity", help=translate("agencies whose answers look stuffed, copied or pressed for")
    )
    flags.add_argument(
        "sources",
        type=Path,
        nargs="+",
        help=translate(
            "snapshot folders, or facts.json of the product (manage.py run_integrity --facts)"
        ),
    )
    flags.add_argument("--month", default="", help=translate("YYYY-MM; default: the last one"))
    flags.add_argument(
        "--rules", type=Path, help=translate("rules.toml; default: those that are shipped")
    )
    flags.add_argument("--out", type=Path, required=True, help=translate("flags.json"))


def _add_cells(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    cells = commands.add_parser(
        "cells", help=translate("what a method counts: keep, hand over, add up")
    )
    parts = cells.add_subparsers(dest="part", required=True)
    keep = parts.add_parser("keep", help=translate("keep what a method counts of a snapshot"))
    keep.add_argument("snapshot", type=Path, help=translate("snapshot folder"))
    keep.add_argument(
        "--method", default="sipas-service", help=translate("whose variables are counted")
    )
    keep.add_argument(
        "--add", type=Path, action="append", default=[], help=translate("cells kept before")
    )
    keep.add_argument("--out", type=Path, required=True, help=translate("cells.parquet"))
    key = parts.add_parser(
        "key", help=translate("make a key to sign with; prints what others check it by")
    )
    key.add_argument("name", help=translate("name of the signer, e.g. hailong.dongthap.gov.vn"))
    key.add_argument(
        "--out", type=Path, required=True, help=translate("key.pem, to be kept secret")
    )
    out = parts.add_parser(
        "export", help=translate("signed cells of a province, for a national centre")
    )
    out.add_argument("snapshot", type=Path, help=translate("snapshot folder"))
    out.add_argument("--method", default="sipas-service", help=translate("a name, or a .toml file"))
    out.add_argument("--key", type=Path, required=True, help=translate("key.pem"))
    out.add_argument("--name", required=True, help=translate("name of the signer"))
    out.add_argument("--out", type=Path, required=True, help=translate("province.cells"))
    add = parts.add_parser(
        "merge", help=translate("the index of several provinces from their cells")
    )
    add.add_argument("files", type=Path, nargs="+", help=translate("province.cells, ..."))
    add.add_argument("--method", default="sipas-service", help=translate("a name, or a .toml file"))
    add.add_argument(
        "--trust", type=Path, required=True, help=translate("verifier keys, one a line")
    )
    add.add_argument("--name", default="Cả nước", help=translate("name of all of them together"))
    add.add_argument(
        "--out", type=Path, action="append", required=True, help=translate("index.csv, ...")
    )


def _add_scorecards(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    points = commands.add_parser(
        "score", help=translate("points of a scorecard from declared figures")
    )
    points.add_argument("framework", help=translate("a name, e.g. 766-2022, or framework.toml"))
    points.add_argument(
        "figures",
        type=Path,
        help=translate('figures.json: {"1": {"part": 9, "whole": 10}, "2": 96.5}'),
    )
    points.add_argument(
        "--kind", default="", help=translate("kind of agency: only lines for it are scored")
    )
    points.add_argument("--out", type=Path, required=True, help=translate("points.json"))
    signed = commands.add_parser(
        "check-scores",
        help=translate("whether the total of signed scores is the sum of their lines"),
    )
    signed.add_argument(
        "framework", help=translate("a name, e.g. ha-tinh-so-2021, or framework.toml")
    )
    signed.add_argument(
        "scores",
        type=Path,
        help=translate('scores.json: {"points": {"1": "11"}, "total": "83,05"}'),
    )
