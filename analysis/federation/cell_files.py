"""A province's cells in one file: integer sums of answers, dossiers, names of agencies, signed.

Sums of fewer than ten answers are in it: such a file goes from one statistics office to another and
never to the public.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analysis.counting.cells import Cells, merge
from analysis.counting.cells_io import load_cells, save_cells
from analysis.data.schema import SCHEMA_VERSION
from analysis.data.snapshot import Snapshot
from analysis.errors import AnalysisError
from analysis.federation.signed_note import Signer, read_note, sign_note
from analysis.method import Method

_FIXED: Final = (2000, 1, 1, 0, 0, 0)
_FIRST_LINE: Final = "hailong-cells/1"
Totals = Mapping[tuple[str, str, str], tuple[int, int]]
MUST_AGREE: Final = ("schema_version", "period", "method_sha256")
MAX_BYTES: Final = 1 << 30
"""Of one part of a file, unpacked: an honest one of a province has some megabytes."""


@dataclass(frozen=True)
class ProvinceCells:
    """What one province hands over, or several together."""

    cells: Cells
    totals: Totals
    agencies: list[dict[str, str]]
    about: Mapping[str, Any]
    labels: Mapping[str, str]


def export_cells(
    cells: Cells, snapshot: Snapshot, method: Method, signer: Signer, target: Path
) -> None:
    """Write the file; ``cells`` are what ``method`` counts of ``snapshot`` for an index."""
    totals = [[*key, *value] for key, value in sorted(snapshot.totals().items())]
    files = {
        "cells.parquet": _cells_bytes(cells),
        "totals.json": _json(totals),
        "agencies.json": _json(snapshot.agencies()),
    }
    manifest = _json(
        {
            "schema_version": SCHEMA_VERSION,
            "period": snapshot.manifest["period"],
            "province": snapshot.manifest.get("province", ""),
            "domains": snapshot.manifest.get("domains", {}),
            "responses": snapshot.manifest["responses"],
            "snapshot": snapshot.checksum,
            "method": method.id,
            "method_sha256": method.sha256,
            "files": {name: _sha256(content) for name, content in files.items()},
        }
    )
    note = sign_note(f"{_FIRST_LINE}\n{_sha256(manifest)}\n", signer)
    temporary = target.with_name(target.name + ".partial")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {
            "manifest.json": manifest,
            "manifest.note": note.encode(),
            **files,
        }.items():
            entry = zipfile.ZipInfo(name, _FIXED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    temporary.replace(target)


def read_province_cells(path: Path, verifiers: Sequence[str]) -> ProvinceCells:
    """What a file holds.

    Raises
    ------
    AnalysisError
        No trusted key signed it, it was changed, or it is no such file; the message names the file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _read(archive, "manifest.json")
            text, _name = read_note(_read(archive, "manifest.note").decode(), verifiers)
            if text != f"{_FIRST_LINE}\n{_sha256(manifest)}\n":
                raise AnalysisError("the manifest is not the one that was signed")
            about = json.loads(manifest)
            files = {name: _read(archive, name) for name in about["files"]}
        changed = [name for name, sha in about["files"].items() if _sha256(files[name]) != sha]
        if changed:
            raise AnalysisError(f"{', '.join(changed)} was changed after it was signed")
        totals = {
            (agency, domain, channel): (int(n), int(on_time))
            for agency, domain, channel, n, on_time in json.loads(files["totals.json"])
        }
        return ProvinceCells(
            _read_cells(files["cells.parquet"]),
            totals,
            json.loads(files["agencies.json"]),
            about,
            about.get("domains", {}),
        )
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise AnalysisError(f"{path.name} is no file of cells: {error}") from error
    except AnalysisError as error:
        raise AnalysisError(f"{path.name}: {error}") from error


def merge_provinces(parts: Sequence[ProvinceCells]) -> ProvinceCells:
    """All of them as one.

    Raises
    ------
    AnalysisError
        Schema, period or method differ, or an agency stands in two of them.
    """
    first = parts[0]
    for part in parts[1:]:
        for name in MUST_AGREE:
            if part.about[name] != first.about[name]:
                raise AnalysisError(
                    f"{part.about['province']!r} differs from {first.about['province']!r} in "
                    f"{name}: {part.about[name]!r}, {first.about[name]!r}"
                )
    _check_apart(parts)
    return ProvinceCells(
        merge([part.cells for part in parts]),
        {key: value for part in parts for key, value in part.totals.items()},
        sorted((a for part in parts for a in part.agencies), key=lambda row: row["agency"]),
        {**first.about, "responses": sum(part.about["responses"] for part in parts)},
        {code: name for part in parts for code, name in part.labels.items()},
    )


def _check_apart(parts: Iterable[ProvinceCells]) -> None:
    owner: dict[str, int] = {}
    for number, part in enumerate(parts):
        keys = {key for key, *_rest in part.totals} | set(part.cells.key("agency"))
        for key in keys | {row["agency"] for row in part.agencies}:
            if owner.setdefault(key, number) != number:
                raise AnalysisError(f"agency {key!r} stands in two provinces, or twice in one")


def _cells_bytes(cells: Cells) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.parquet"
        save_cells(cells, path)
        return path.read_bytes()


def _read_cells(content: bytes) -> Cells:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.parquet"
        path.write_bytes(content)
        return load_cells(path)


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_BYTES:
        raise AnalysisError(f"{name} is too large")
    with archive.open(name) as file:
        content = io.BytesIO()
        while block := file.read(1 << 20):
            content.write(block)
            if content.tell() > MAX_BYTES:
                raise AnalysisError(f"{name} is too large")
        return content.getvalue()


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
