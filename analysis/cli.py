"""The command line: ``python -m analysis index SNAPSHOT --method sipas-service --out
index.xlsx``.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import analysis
from analysis.arguments import make_parser
from analysis.counting.cells import TABLE_ERRORS
from analysis.errors import AnalysisError
from analysis.language import say, translate


def _run_estimate(options: argparse.Namespace) -> None:
    """Write the estimates, and say how a file was understood that is not plain CSV in UTF-8."""
    spec = analysis.load_spec(options.spec)
    result = analysis.estimate(spec)
    analysis.write_json(result, options.out)
    if options.weights:
        analysis.weigh_rows(spec).write_csv(options.weights)
    if result["weights"]["min"] < 0:
        _note("linear calibration gave weights below 0; set calibration.bounds, or rake")
    reading = result["data"]
    if reading["encoding"] not in ("UTF-8", "Parquet") or reading.get("separator", ",") != ",":
        found = reading.get("separator", ",")
        separator = translate(_SEPARATORS[found]) if found in _SEPARATORS else repr(found)
        _note(
            "read as {encoding} with {separator}",
            encoding=reading["encoding"],
            separator=separator,
        )


_SEPARATORS: Final = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}


def _note(text: str, /, **values: object) -> None:
    print(say("note: {text}", text=say(text, **values)), file=sys.stderr)


def _run_describe(options: argparse.Namespace) -> None:
    """Print a line per column, or write them all."""
    if options.out:
        analysis.write_json(
            analysis.describe_file(options.data, tuple(options.missing)), options.out
        )
        return
    about = analysis.describe_file(options.data, tuple(options.missing), translate)
    print(say("{file}: {rows} rows, {encoding}", **about))
    for column in about["columns"]:
        ends = say(", {least:g} to {most:g}", **column) if "least" in column else ""
        common = ", ".join(f"{value} ({count})" for value, count in column["common"])
        told = column | {"kind": translate(column["kind"]), "ends": ends, "common": common}
        print(say("{name}: {kind}{ends}; {filled} filled, {different} different: {common}", **told))
        for warning in column["warnings"]:
            print(f"  ! {warning}")


def _run_ranks(options: argparse.Namespace) -> None:
    result = analysis.read_json(options.result)
    places = analysis.rank_estimates(
        result, options.estimand, highest_first=not options.lowest_first
    )
    analysis.write_json({"ranks": places}, options.out)


def _run_change(options: argparse.Namespace) -> None:
    before, after = (
        analysis.open_run(folder, options.method) for folder in (options.snapshot, options.later)
    )
    found = analysis.compare_periods(before, after, adjust=options.adjust)
    analysis.write_json(found, options.out)


def _run_charts(options: argparse.Namespace) -> None:
    run = analysis.open_run(options.snapshot, options.method, purpose="charts")
    charts = analysis.draw_charts(run, options.language)
    analysis.write_charts(charts, options.out, options.format or ["svg"])


def _run_quality(options: argparse.Namespace) -> None:
    run = analysis.open_run(options.snapshot, options.method, purpose="quality")
    analysis.write_json(run.quality, options.out)


def _run_index(options: argparse.Namespace) -> None:
    engine = analysis.choose_engine(options.engine, options.jobs)
    run = analysis.open_run(options.snapshot, options.method, engine=engine)
    for path in options.out:
        analysis.write_table(run.table, path)


def _run_score(options: argparse.Namespace) -> None:
    framework = _open_framework(options.framework)
    card = analysis.score(framework, analysis.read_declared(options.figures), options.kind)
    analysis.write_json(card.as_record(), options.out)


def _run_check_scores(options: argparse.Namespace) -> None:
    framework = _open_framework(options.framework)
    points, total = analysis.read_signed_scores(options.scores)
    faults = analysis.check_signed_scores(framework, points, total)
    if faults:
        raise AnalysisError("; ".join(fault.tell(translate) for fault in faults))


def _open_framework(name: str) -> analysis.Framework:
    """A framework that comes with the product, by its name, or one of a file."""
    if name in analysis.list_frameworks():
        return analysis.read_framework(analysis.read_framework_text(name))
    return analysis.read_framework(Path(name).read_text(encoding="utf-8-sig"))


def _run_small_area(options: argparse.Namespace) -> None:
    areas = analysis.small_area_estimates(
        analysis.read_json(options.result),
        estimand=options.estimand,
        covariates=options.covariates and analysis.read_covariates(options.covariates),
    )
    analysis.write_json(areas, options.out)


def _run_standing(options: argparse.Namespace) -> None:
    try:
        table = json.loads(options.table.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise AnalysisError(
            "{table} is no JSON: {error}", table=options.table, error=error
        ) from error
    lines = analysis.standing_by_kind(table, options.target)
    analysis.write_json({"standing": lines}, options.out)


def _run_bundle(options: argparse.Namespace) -> None:
    run = analysis.open_run(options.snapshot, options.method)
    name, index = options.method, io.BytesIO()
    text = (
        Path(name).read_text(encoding="utf-8")
        if Path(name).is_file()
        else analysis.read_method_text(name)
    )
    analysis.FORMATS["csv"](run.table, index, bom=False)
    period = str(run.snapshot.manifest["period"])
    about = analysis.BundleText(
        titles={
            "vi": f"{run.method.titles['vi']}, {period}",
            "en": f"{run.method.titles.get('en', name)}, {period}",
        },
        producer=str(run.snapshot.manifest.get("province", "")),
        readme=f"Snapshot {run.snapshot.checksum}\n",
        method=text,
        index=index.getvalue(),
    )
    analysis.write_bundle(run.weighted_rows, about, options.out)


def _run_cells(options: argparse.Namespace) -> None:
    _CELLS[options.part](options)


def _keep_cells(options: argparse.Namespace) -> None:
    cells = analysis.open_run(options.snapshot, options.method).cells()
    for path in options.add:
        cells += analysis.load_cells(path)
    analysis.save_cells(cells, options.out)


def _make_key(options: argparse.Namespace) -> None:
    signer, pem = analysis.make_signer(options.name)
    if options.out.exists():
        raise AnalysisError("{out} is there already; keys are not written over", out=options.out)
    options.out.touch(mode=0o600)
    options.out.write_bytes(pem)
    print(signer.verifier)


def _export_cells(options: argparse.Namespace) -> None:
    run = analysis.open_run(options.snapshot, options.method)
    signer = analysis.read_signer(options.name, options.key.read_bytes())
    analysis.export_cells(run.cells(), run.snapshot, run.method, signer, options.out)


def _merge_cells(options: argparse.Namespace) -> None:
    table = analysis.build_country_table(
        options.files,
        options.trust.read_text(encoding="utf-8-sig").splitlines(),
        analysis.load_method(options.method),
        options.name,
    )
    for path in options.out:
        analysis.write_table(table, path)


def _run_integrity(options: argparse.Namespace) -> None:
    """Flags of a month, with the facts they come from: the output is an input that gives it
    again.
    """
    facts = [row for path in options.sources for row in _read_source(path)]
    month = options.month or max((row.month for row in facts), default="")
    if not any(row.month == month for row in facts):
        if not month:
            raise AnalysisError("there are no answers in these files")
        raise AnalysisError("no answers of {month} in these files", month=month)
    rules = analysis.load_rules(options.rules) if options.rules else analysis.load_rules()
    flags = [flag.as_data() for flag in analysis.flag_units(facts, month, rules)]
    about = {"month": month, "rules": {"version": rules.version, "sha256": rules.sha256}}
    analysis.write_json({**analysis.write_facts(facts), **about, "flags": flags}, options.out)


def _read_source(path: Path) -> list[analysis.UnitMonth]:
    if path.is_dir():
        return analysis.gather_facts(analysis.open_snapshot(path))
    return analysis.open_facts(path)


_CELLS: Final[Mapping[str, Callable[[argparse.Namespace], None]]] = {
    "keep": _keep_cells,
    "key": _make_key,
    "export": _export_cells,
    "merge": _merge_cells,
}
_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], None]]] = {
    "index": _run_index,
    "describe": _run_describe,
    "estimate": _run_estimate,
    "quality": _run_quality,
    "change": _run_change,
    "ranks": _run_ranks,
    "charts": _run_charts,
    "score": _run_score,
    "check-scores": _run_check_scores,
    "standing": _run_standing,
    "small-area": _run_small_area,
    "bundle": _run_bundle,
    "cells": _run_cells,
    "integrity": _run_integrity,
}


_NOT_COMPUTABLE: Final = (
    "error: a value in the files cannot be computed with ({reason}); look for numbers that are far "
    "too large or small, and for values of another kind than their neighbours"
)
UNFORESEEN: Final = (
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    *TABLE_ERRORS,
)
"""Whatever no check has foreseen in a file: a sentence, and nothing written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status (0 done, 2 unusable input).

    Examples
    --------
    >>> main(["index", str(snapshot.folder), "--out", str(folder / "index.json")])
    0
    """
    options = make_parser().parse_args(arguments)
    try:
        _COMMANDS[options.command](options)
    except AnalysisError as error:
        print(say("error: {text}", text=error.tell(translate)), file=sys.stderr)
        return 2
    except OSError as error:
        print(say("error: {text}", text=error), file=sys.stderr)
        return 2
    except UNFORESEEN as error:
        told = f"{type(error).__name__}: {error}"
        print(say(_NOT_COMPUTABLE, reason=told[:300]), file=sys.stderr)
        return 2
    return 0
