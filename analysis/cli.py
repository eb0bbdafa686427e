"""The command line: ``python -m analysis index SNAPSHOT --method sipas-service --out index.xlsx``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.disclosure import Place, publish_all
from analysis.engine import Engine, LocalEngine
from analysis.errors import AnalysisError
from analysis.estimate import estimate
from analysis.export import FORMATS
from analysis.export.table import Table, build
from analysis.labels import VI
from analysis.method import available, load_method
from analysis.quality import nonresponse_variables, quality_of
from analysis.result import IndexResult
from analysis.snapshot import Snapshot, open_snapshot
from analysis.spec import load_spec
from analysis.tables import KEYS, agency_indices


def compute(snapshot: Snapshot, method_name: str | Path, engine: Engine | None = None) -> IndexResult:
    """Indices of a snapshot under a method: one scan to cells by ``engine``, then everything from the cells."""
    method = load_method(method_name)
    cells = (engine or LocalEngine()).cells(snapshot.parts, KEYS, method.variables())
    about = {
        "period": snapshot.manifest.get("period", ""),
        "province": snapshot.manifest.get("province", ""),
        "notice": snapshot.manifest.get("notice", ""),
        "responses": snapshot.manifest["responses"],
        "snapshot": snapshot.checksum,
    }
    return agency_indices(cells, snapshot.totals(), method, about)


def quality(snapshot: Snapshot, method_name: str | Path, engine: Engine | None = None) -> dict[str, Any]:
    """Response, mode effects, missing items and sensitivity per agency, without agencies that may not be shown."""
    method, engine = load_method(method_name), engine or LocalEngine()
    result = compute(snapshot, method_name, engine)
    cells = engine.cells(snapshot.parts, KEYS, method.variables())
    items = engine.cells(snapshot.parts, KEYS, nonresponse_variables(method))
    hidden = [p.agency for p in publish_all(result) if p.level == "overall" and p.status in ("suppressed", "none")]
    agencies = quality_of(cells, items, snapshot.totals(), method, hidden)
    return {"about": {**result.about, "method": method.id, "method_sha256": method.sha256}, "agencies": agencies}


def table_of(snapshot: Snapshot, result: IndexResult, earlier: Sequence[Mapping[Place, int]] = ()) -> Table:
    """The publishable table of a result, with names from the snapshot; ``earlier`` are overlapping releases."""
    province = str(snapshot.manifest.get("province") or "Toàn tỉnh")
    labels = VI | snapshot.manifest.get("domains", {}) | {"-": "Lĩnh vực chưa rõ"}
    return build(result, snapshot.agencies(), labels, province, earlier)


def write(table: Table, path: Path) -> None:
    """Write ``table`` in the format the file name ends in; the file appears only when complete."""
    kind = path.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise AnalysisError(f"{path.name}: unknown format; use a name ending in .{', .'.join(FORMATS)}")
    if not path.parent.is_dir():
        raise AnalysisError(f"the folder {path.parent} does not exist; make it or choose another")
    temporary = path.with_name(path.name + ".partial")
    with temporary.open("wb") as file:
        FORMATS[kind](table, file)
    temporary.replace(path)


def write_json(result: dict[str, Any], path: Path) -> None:
    """Write a result at full precision; equal results give equal bytes."""
    text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
    temporary = path.with_name(path.name + ".partial")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status (0 done, 2 unusable input)."""
    parser = argparse.ArgumentParser(prog="python -m analysis", description="Satisfaction indices from a snapshot.")
    commands = parser.add_subparsers(dest="command", required=True)
    index = commands.add_parser("index", help="weighted satisfaction index per agency")
    index.add_argument("snapshot", type=Path, help="snapshot folder")
    index.add_argument("--method", default="sipas-service", help=f"one of {', '.join(available())}, or a .toml file")
    index.add_argument("--out", type=Path, action="append", required=True, help="index.csv, .xlsx or .json; repeatable")
    general = commands.add_parser("estimate", help="estimates from any survey file, as a SPEC says (docs/method.md)")
    general.add_argument("spec", type=Path, help="SPEC.toml")
    general.add_argument("--out", type=Path, required=True, help="result.json")
    trust = commands.add_parser("quality", help="response, mode effects, missing items, sensitivity of the index")
    trust.add_argument("snapshot", type=Path, help="snapshot folder")
    trust.add_argument("--method", default="sipas-service", help=f"one of {', '.join(available())}, or a .toml file")
    trust.add_argument("--out", type=Path, required=True, help="quality.json")
    options = parser.parse_args(arguments)
    try:
        if options.command == "estimate":
            write_json(estimate(load_spec(options.spec)), options.out)
        elif options.command == "quality":
            write_json(quality(open_snapshot(options.snapshot), options.method), options.out)
        else:
            snapshot = open_snapshot(options.snapshot)
            table = table_of(snapshot, compute(snapshot, options.method))
            for path in options.out:
                write(table, path)
    except (AnalysisError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0
