"""Files written whole or not at all, and results read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError
from analysis.export import FORMATS
from analysis.publication.table import Table


def write_table(table: Table, path: Path) -> None:
    """Write ``table`` in the format the file name ends in; the file appears only when complete.

    Examples
    --------
    >>> from analysis.run import open_run
    >>> write_table(open_run(snapshot, "overall").table, folder / "index.csv")
    >>> (folder / "index.csv").stat().st_size > 0
    True
    """
    kind = path.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise AnalysisError(
            "{name}: unknown format; use a name ending in .{FORMATS}",
            name=path.name,
            FORMATS=", .".join(FORMATS),
        )
    if not path.parent.is_dir():
        raise AnalysisError(
            "the folder {parent} does not exist; make it or choose another", parent=path.parent
        )
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
        raise AnalysisError(
            "{path} cannot be read as a result: {error}", path=path, error=error
        ) from error
    if (
        not isinstance(result, dict)
        or not isinstance(result.get("estimates"), list)
        or not result["estimates"]
    ):
        raise AnalysisError("{path} is no result of estimate", path=path)
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
        raise AnalysisError(
            "the folder {parent} does not exist; make it or choose another", parent=path.parent
        )
    try:
        text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
    except ValueError as error:
        raise AnalysisError(
            "a result is not a number: values in the data are too large to compute with"
        ) from error
    temporary = path.with_name(path.name + ".partial")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)
