"""A province's cells in one file: integer sums of answers, dossiers, names of agencies, signed.

Sums of fewer than ten answers are in it: such a file goes from one statistics office to another and
never to the public.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
import zlib
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
PARTS: Final = frozenset({"cells.parquet", "totals.json", "agencies.json"})
LARGEST: Final = 2**53
MAX_MANIFEST: Final = 1 << 20
MAX_NOTE: Final = 1 << 16
MAX_BYTES: Final = 1 << 30
"""Of the parts together, unpacked: an honest file of a province has some megabytes."""
_MANIFEST: Final[Mapping[str, type]] = {
    "schema_version": int,
    "period": str,
    "province": str,
    "domains": dict,
    "responses": int,
    "snapshot": str,
    "method": str,
    "method_sha256": str,
    "files": dict,
}
_AGENCY: Final = frozenset({"agency", "name", "kind", "code"})
_UNREADABLE: Final = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,  # zipfile: encrypted
    NotImplementedError,  # zipfile: patched, strongly encrypted, or of a later version of zip
    KeyError,
    ValueError,
    TypeError,
)


@dataclass(frozen=True)
class ProvinceCells:
    """What one province hands over, or several together."""

    cells: Cells
    totals: Totals
    agencies: list[dict[str, str]]
    about: Mapping[str, Any]
    labels: Mapping[str, str]
    signer: str = ""
    """Verifier key of who signed."""


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
            return _read_archive(archive, verifiers)
    except AnalysisError as error:
        raise AnalysisError("{name}: {error}", name=path.name, error=error) from error
    except _UNREADABLE as error:
        raise AnalysisError(
            "{name} is no file of cells: {error}", name=path.name, error=error
        ) from error


def _read_archive(archive: zipfile.ZipFile, verifiers: Sequence[str]) -> ProvinceCells:
    manifest = _read(archive, "manifest.json", MAX_MANIFEST)
    note = _read(archive, "manifest.note", MAX_NOTE).decode()
    text, signer = read_note(note, verifiers)
    if text != f"{_FIRST_LINE}\n{_sha256(manifest)}\n":
        raise AnalysisError("the manifest is not the one that was signed")
    about = _check_manifest(json.loads(manifest))
    files, left = {}, MAX_BYTES
    for name in sorted(PARTS):
        files[name] = _read(archive, name, left)
        left -= len(files[name])
    changed = [name for name, sha in about["files"].items() if _sha256(files[name]) != sha]
    if changed:
        raise AnalysisError("{changed} was changed after it was signed", changed=", ".join(changed))
    return ProvinceCells(
        _check_cells(_read_cells(files["cells.parquet"])),
        _read_totals(json.loads(files["totals.json"])),
        _check_agencies(json.loads(files["agencies.json"])),
        about,
        about["domains"],
        signer,
    )


def _check_manifest(about: Any) -> dict[str, Any]:
    for name, kind in _MANIFEST.items():
        if not isinstance(about, dict) or type(about.get(name)) is not kind:
            raise AnalysisError("the manifest has no {name!r} of the kind it should be", name=name)
    if not about["province"] or not 0 <= about["responses"] < LARGEST:
        raise AnalysisError("the manifest names no province or no number of answers")
    if set(about["files"]) != PARTS:
        raise AnalysisError(
            "the manifest names other files than {PARTS}", PARTS=", ".join(sorted(PARTS))
        )
    return dict(about)


def _read_totals(rows: Any) -> Totals:
    totals = {}
    for agency, domain, channel, completed, on_time in rows:
        known = all(isinstance(text, str) for text in (agency, domain, channel))
        whole = type(completed) is int and type(on_time) is int
        if not (known and whole and 0 <= on_time <= completed < LARGEST):
            raise AnalysisError(
                "totals.json: {value!r} has no such dossiers", value=[agency, domain, channel]
            )
        if (agency, domain, channel) in totals:
            raise AnalysisError(
                "totals.json: {value!r} stands there twice", value=[agency, domain, channel]
            )
        totals[agency, domain, channel] = (completed, on_time)
    return totals


def _check_agencies(rows: Any) -> list[dict[str, str]]:
    for row in rows:
        known = type(row) is dict and set(row) == _AGENCY
        if not known or not all(isinstance(text, str) for text in row.values()):
            raise AnalysisError("agencies.json: {row!r} is no agency", row=row)
    if len({row["agency"] for row in rows}) < len(rows):
        raise AnalysisError("agencies.json: an agency stands there twice")
    return list(rows)


def _check_cells(cells: Cells) -> Cells:
    count, width = len(cells.keys), len(cells.variables)
    shapes = ((count,), (count, width), (count, width * (width + 1) // 2))
    parts = (cells.n, cells.total, cells.cross)
    fits = all(
        part.shape == shape and part.dtype.kind == "i"
        for part, shape in zip(parts, shapes, strict=True)
    )
    if not fits or (cells.n < 0).any() or any((abs(part) >= LARGEST).any() for part in parts):
        raise AnalysisError("cells.parquet holds other than sums of answers")
    return cells


def merge_provinces(parts: Sequence[ProvinceCells]) -> ProvinceCells:
    """All of them as one.

    Raises
    ------
    AnalysisError
        Schema, period or method differ, an agency stands in two of them, a code names two domains,
        or one key signed for two provinces.
    """
    first = parts[0]
    for part in parts[1:]:
        for name in MUST_AGREE:
            if part.about[name] != first.about[name]:
                raise AnalysisError(
                    "{theirs!r} differs from {ours!r} in {name}: {their_value!r}, {our_value!r}",
                    theirs=part.about["province"],
                    ours=first.about["province"],
                    name=name,
                    their_value=part.about[name],
                    our_value=first.about[name],
                )
    _check_apart(parts)
    _check_alike(
        "the domain {name!r} has two names: {first!r}, {second!r}", (part.labels for part in parts)
    )
    _check_alike(
        "the key {name!r} signed for {first!r} and {second!r}",
        ({part.signer.split("+", 2)[-1]: part.about["province"]} for part in parts),
    )
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
                raise AnalysisError(
                    "agency {key!r} stands in two provinces, or twice in one", key=key
                )


def _check_alike(message: str, parts: Iterable[Mapping[str, str]]) -> None:
    known: dict[str, str] = {}
    for part in parts:
        for name, value in part.items():
            if known.setdefault(name, value) != value:
                raise AnalysisError(message, name=name, first=known[name], second=value)


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


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    # What the directory of the archive says of a size may be untrue; and of these two ways alone no
    # more than asked for is unpacked.
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise AnalysisError("{name} is packed in another way than these files are", name=name)
    with archive.open(name) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise AnalysisError("{name} is too large", name=name)
    return content


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
