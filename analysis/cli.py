"""The command line: ``python -m analysis index SNAPSHOT --method sipas-service --out index.xlsx``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.arguments import make_parser
from analysis.cells import TableError
from analysis.change import index_changes
from analysis.disclosure import Place, publish_all
from analysis.engine import Engine, LocalEngine, engine_for
from analysis.errors import AnalysisError
from analysis.estimation import estimate
from analysis.export import FORMATS
from analysis.export.table import Table, build
from analysis.labels import VI
from analysis.method import Method, load_method
from analysis.quality import nonresponse_variables, quality_of
from analysis.ranks import rank_estimates
from analysis.result import PROVINCE, IndexResult
from analysis.snapshot import Snapshot, open_snapshot
from analysis.spec import load_spec
from analysis.tables import KEYS, agency_indices

if TYPE_CHECKING:
    from analysis.charts import Picture


def compute(snapshot: Snapshot, method_name: str | Path, engine: Engine | None = None) -> IndexResult:
    """Indices of a snapshot under a method: one scan to cells by ``engine``, then everything from the cells.

    Examples
    --------
    >>> result = compute(snapshot, "sipas-service")
    >>> [round(f.weighted, 2) for f in result.figures if (f.agency, f.level) == ("s00", "overall")]
    [85.93]
    """
    method = load_method(method_name)
    cells = (engine or LocalEngine()).cells(snapshot.parts, KEYS, method.variables())
    about = {
        "period": snapshot.manifest.get("period", ""),
        "province": snapshot.manifest.get("province", ""),
        "notice": snapshot.manifest.get("notice", ""),
        # To the next five: the exact number of a province that may not be shown is a figure too.
        "responses": 5 * round(snapshot.manifest["responses"] / 5),
        "snapshot": snapshot.checksum,
    }
    return agency_indices(cells, snapshot.totals(), method, about)


def quality_report(snapshot: Snapshot, method_name: str | Path, engine: Engine | None = None) -> dict[str, Any]:
    """Response, mode effects, missing items and sensitivity per agency, without agencies that may not be shown.

    Examples
    --------
    >>> report = quality_report(snapshot, "sipas-service")
    >>> sorted(report["agencies"]["s00"])
    ['channels', 'item_nonresponse', 'mode_effect', 'response', 'sensitivity']
    """
    method, engine = load_method(method_name), engine or LocalEngine()
    result = compute(snapshot, method_name, engine)
    cells = engine.cells(snapshot.parts, KEYS, method.variables())
    items = engine.cells(snapshot.parts, KEYS, nonresponse_variables(method))
    hidden = [p.agency for p in publish_all(result) if p.level == "overall" and p.status in ("suppressed", "none")]
    agencies = quality_of(cells, items, snapshot.totals(), method, hidden)
    return {"about": {**result.about, "method": method.id, "method_sha256": method.sha256}, "agencies": agencies}


def changes(before: Snapshot, after: Snapshot, method_name: str | Path) -> dict[str, Any]:
    """Changes between two snapshots, of agencies whose figures are published in both.

    Examples
    --------
    >>> found = changes(snapshot, later, "sipas-service")["agencies"]["s00"]
    >>> found["difference"], found["changed"]
    (0.0, False)

    Raises
    ------
    AnalysisError
        The snapshots share months: their answers are not independent.
    """
    if shared := sorted(before.months() & after.months()):
        raise AnalysisError(
            f"both snapshots hold answers or dossiers of {', '.join(shared[:3])}: a change needs two periods without a "
            "month in common"
        )
    results = [compute(snapshot, method_name) for snapshot in (before, after)]
    shown = [
        {p.agency for p in publish_all(result) if p.level == "overall" and p.status == "published"}
        for result in results
    ]
    found = index_changes(results[0], results[1], shown[0] & shown[1])
    about = {"method": results[0].method.id, "from": results[0].about["period"], "to": results[1].about["period"]}
    return {"about": about, "agencies": found}


def table_of(snapshot: Snapshot, result: IndexResult, earlier: Sequence[Mapping[Place, int]] = ()) -> Table:
    """The publishable table of a result, with names from the snapshot; ``earlier`` are overlapping releases.

    Examples
    --------
    >>> table = table_of(snapshot, compute(snapshot, "sipas-service"))
    >>> row = next(row for row in table.rows if (row["agency"], row["level"]) == ("s00", "overall"))
    >>> str(row["weighted_index"]), row["status"]
    ('85.93', 'published')
    """
    province = str(snapshot.manifest.get("province") or "Toàn tỉnh")
    labels = VI | snapshot.manifest.get("domains", {}) | {"-": "Lĩnh vực chưa rõ"}
    return build(result, snapshot.agencies(), labels, province, earlier)


def pictures(snapshot: Snapshot, method_name: str | Path, language: str = "vi") -> dict[str, Picture]:
    """All pictures of a snapshot by name, from figures that may be shown: ``index-commune``, ``coverage``, ...

    Examples
    --------
    >>> found = pictures(snapshot, "sipas-service")
    >>> sorted(found)[:3]
    ['coverage', 'funnel-commune', 'index-commune']
    """
    from analysis.charts import Frame  # noqa: PLC0415  (the libraries of pictures take a second to load)
    from analysis.pictures import (  # noqa: PLC0415
        comparison_pictures,
        coverage_of,
        factor_profile,
        levels_of,
        weights_of,
    )

    table = table_of(snapshot, compute(snapshot, method_name))
    from analysis.pictures import told_apart  # noqa: PLC0415

    extra = extras(snapshot, table, load_method(method_name))
    names = told_apart(row for row in table.rows if row["agency"] != PROVINCE)
    frame = Frame(language, subtitle=f"{table.about['period']} · {table.about['notice'] or table.about['province']}")
    found: dict[str, Picture | None] = {}
    for kind in sorted({str(row["agency_kind"]) for row in table.rows}):
        found |= {f"{name}-{kind}": made for name, made in comparison_pictures(table.rows, kind, frame).items()}
    found |= {f"profile-{agency}": factor_profile(table.rows, agency, frame) for agency in names}
    found["coverage"] = coverage_of(extra["coverage"], names, frame)
    found["levels"] = levels_of(extra["levels"], names, frame)
    found["weights"] = weights_of(snapshot, load_method(method_name), LocalEngine(), _ranked(table), frame)
    return {name: made for name, made in found.items() if made is not None}


def extras(snapshot: Snapshot, table: Table, method: Method) -> dict[str, list[list[Any]]]:
    """What pictures need beside the table: response by month and levels of the overall question, where shown.

    Examples
    --------
    >>> table = table_of(snapshot, compute(snapshot, "sipas-service"))
    >>> extras(snapshot, table, load_method("sipas-service"))["coverage"][0]
    ['s00', '2026-07', 23.8]
    """
    from analysis.pictures import coverage_rows, level_rows  # noqa: PLC0415

    shown, engine = _ranked(table), LocalEngine()
    return {
        "coverage": coverage_rows(snapshot, engine, shown, method.min_n),
        "levels": level_rows(snapshot, method, engine, shown),
    }


def _ranked(table: Table) -> list[str]:
    """Agencies whose overall figure is published."""
    rows = [row for row in table.rows if row["level"] == "overall" and row["status"] == "published"]
    return [str(row["agency"]) for row in rows if row["agency"] != PROVINCE]


def draw(found: Mapping[str, Picture], folder: Path, kinds: Sequence[str]) -> None:
    """Write pictures into a folder, one file per format, and ``NAME.txt`` with the text alternative.

    Examples
    --------
    >>> draw({"coverage": pictures(snapshot, "overall")["coverage"]}, folder / "pictures", ["svg"])
    >>> sorted(path.name for path in (folder / "pictures").iterdir())
    ['coverage.svg', 'coverage.txt']
    """
    from analysis.charts import render  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in found.items():
        for kind in kinds:
            (folder / f"{name}.{kind}").write_bytes(render(picture, kind))
        (folder / f"{name}.txt").write_text(picture.text + "\n", encoding="utf-8")


def write(table: Table, path: Path) -> None:
    """Write ``table`` in the format the file name ends in; the file appears only when complete.

    Examples
    --------
    >>> write(table_of(snapshot, compute(snapshot, "overall")), folder / "index.csv")
    >>> (folder / "index.csv").stat().st_size > 0
    True
    """
    kind = path.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise AnalysisError(f"{path.name}: unknown format; use a name ending in .{', .'.join(FORMATS)}")
    if not path.parent.is_dir():
        raise AnalysisError(f"the folder {path.parent} does not exist; make it or choose another")
    temporary = path.with_name(path.name + ".partial")
    with temporary.open("wb") as file:
        FORMATS[kind](table, file)
    temporary.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """A result written by ``write_json``.

    Raises
    ------
    AnalysisError
        There is no such file, or it is no result.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AnalysisError(f"{path} cannot be read as a result: {error}") from error
    if not isinstance(result, dict) or not isinstance(result.get("estimates"), list) or not result["estimates"]:
        raise AnalysisError(f"{path} is no result of estimate")
    return result


def write_json(result: dict[str, Any], path: Path) -> None:
    """Write a result at full precision; equal results give equal bytes.

    Examples
    --------
    >>> write_json({"agencies": {}}, folder / "quality.json")
    >>> json.loads((folder / "quality.json").read_text())
    {'agencies': {}}
    """
    if not path.parent.is_dir():
        raise AnalysisError(f"the folder {path.parent} does not exist; make it or choose another")
    try:
        text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
    except ValueError as error:
        raise AnalysisError("a result is not a number: values in the data are too large to compute with") from error
    temporary = path.with_name(path.name + ".partial")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


def _run_estimate(spec: Path, out: Path) -> None:
    """Write the estimates, and say how a file was understood that is not plain CSV in UTF-8."""
    result = estimate(load_spec(spec))
    write_json(result, out)
    if result["weights"]["min"] < 0:
        print("note: linear calibration gave weights below 0; set calibration.bounds, or rake", file=sys.stderr)  # noqa: T201
    reading = result["data"]
    if reading["encoding"] not in ("UTF-8", "Parquet") or reading.get("separator", ",") != ",":
        found = reading.get("separator", ",")
        separator = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}.get(found, repr(found))
        print(f"note: read as {reading['encoding']} with {separator}", file=sys.stderr)  # noqa: T201


def _run(options: argparse.Namespace) -> None:
    if options.command == "estimate":
        _run_estimate(options.spec, options.out)
    elif options.command == "ranks":
        places = rank_estimates(read_json(options.result), options.estimand, highest_first=not options.lowest_first)
        write_json({"ranks": places}, options.out)
    elif options.command == "change":
        first, second = open_snapshot(options.snapshot), open_snapshot(options.later)
        write_json(changes(first, second, options.method), options.out)
    elif options.command == "charts":
        found = pictures(open_snapshot(options.snapshot), options.method, options.language)
        draw(found, options.out, options.format or ["svg"])
    elif options.command == "quality":
        write_json(quality_report(open_snapshot(options.snapshot), options.method), options.out)
    else:
        snapshot = open_snapshot(options.snapshot)
        table = table_of(snapshot, compute(snapshot, options.method, engine_for(options.engine)))
        for path in options.out:
            write(table, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status (0 done, 2 unusable input).

    Examples
    --------
    >>> main(["index", str(snapshot.folder), "--out", str(folder / "index.json")])
    0
    """
    options = make_parser().parse_args(arguments)
    try:
        _run(options)
    except (AnalysisError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, TableError) as error:
        # Whatever no check has foreseen in a file: a sentence, and nothing written.
        told = f"{type(error).__name__}: {error}"
        text = "look for numbers that are far too large or small, and for values of another kind than their neighbours"
        print(f"error: a value in the files cannot be computed with ({told[:300]}); {text}", file=sys.stderr)  # noqa: T201
        return 2
    return 0
