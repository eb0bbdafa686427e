"""Read and write a snapshot: partitioned Parquet plus a manifest with counts and checksums.

Layout of a snapshot folder::

    manifest.json            schema version, period, counts, SHA-256 of every file
    responses/part-0000.parquet, ...   sorted by agency, domain, channel, evidence
    totals.parquet           completed dossiers per agency x domain x channel x month
    agencies.parquet         names in force at the end of the period
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from analysis.data.schema import (
    AGENCY_COLUMNS,
    READABLE_VERSIONS,
    RESPONSE_COLUMNS,
    SCHEMA_VERSION,
    TOTAL_COLUMNS,
    Column,
)
from analysis.errors import SnapshotError

_TYPES: dict[str, Any] = {"text": pl.String, "int8": pl.Int8, "int32": pl.Int32}
Row = Sequence[Any]


def polars_schema(columns: Iterable[Column]) -> dict[str, Any]:
    """Storage types by column name."""
    return {column.name: _TYPES[column.dtype] for column in columns}


@dataclass(frozen=True)
class Snapshot:
    """An opened, verified snapshot.

    Attributes
    ----------
    folder : folder it was read from.
    manifest : content of ``manifest.json``.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def parts(self) -> list[Path]:
        """Files with responses, in the order of their names."""
        return [
            self.folder / name for name in self.manifest["files"] if name.startswith("responses/")
        ]

    @property
    def checksum(self) -> str:
        """SHA-256 over the checksums of all files: the identity of the snapshot."""
        lines = (
            f"{name} {entry['sha256']}\n" for name, entry in sorted(self.manifest["files"].items())
        )
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def totals(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """Completed dossiers of the period and those on time, by (agency, domain, channel)."""
        keys = ["agency", "domain", "channel"]
        frame = pl.read_parquet(self.folder / "totals.parquet")
        _check_totals(frame)
        sums = frame.group_by(keys, maintain_order=True).agg(
            pl.col("transactions", "on_time").cast(pl.Int64).sum()
        )
        return {(a, d, c): (n, ok) for a, d, c, n, ok in sums.iter_rows()}

    def monthly_totals(self) -> dict[tuple[str, str], int]:
        """Completed dossiers by (agency, month)."""
        frame = pl.read_parquet(self.folder / "totals.parquet")
        sums = frame.group_by("agency", "month").agg(pl.col("transactions").cast(pl.Int64).sum())
        return {(agency, month): n for agency, month, n in sums.iter_rows()}

    def months(self) -> set[str]:
        """Months of the answers and of the dossiers, YYYY-MM."""
        found = [
            pl.read_parquet(path, columns=["month"])
            for path in [*self.parts, self.folder / "totals.parquet"]
        ]
        return set(pl.concat(found)["month"].unique().to_list())

    def agencies(self) -> list[dict[str, str]]:
        """Agency key, name, kind and code, in the order the snapshot lists them."""
        return pl.read_parquet(self.folder / "agencies.parquet").to_dicts()


def _check_totals(frame: pl.DataFrame) -> None:
    """Dossiers are numbers from 0, and no more of them on time than completed."""
    wrong = frame.filter(
        (pl.col("transactions") < 0)
        | (pl.col("on_time") < 0)
        | (pl.col("on_time") > pl.col("transactions"))
        | pl.col("transactions").is_null()
    )
    if len(wrong):
        row = wrong.row(0, named=True)
        raise SnapshotError(
            "totals.parquet: agency {agency!r}, domain {domain!r}, {month}: {dossiers} dossiers, "
            "{on_time} on time; both must be 0 or more, on time at most all",
            agency=row["agency"],
            domain=row["domain"],
            month=row["month"],
            dossiers=row["transactions"],
            on_time=row["on_time"],
        )


def open_snapshot(folder: Path | str) -> Snapshot:
    """Open a snapshot and verify that every file is there and unchanged.

    Raises
    ------
    SnapshotError
        If the folder, the manifest or a file is missing, changed, or of another schema version.

    Examples
    --------
    >>> opened = open_snapshot(snapshot.folder)
    >>> opened.manifest["period"], opened.manifest["responses"], len(opened.agencies())
    ('2026-Q3', 2378, 23)
    """
    folder = Path(folder)
    path = folder / "manifest.json"
    if not path.is_file():
        raise SnapshotError(
            "{folder} is not a snapshot: it has no manifest.json. Make one with: take_snapshot",
            folder=folder,
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise SnapshotError(
            "{path} is not readable JSON ({error}). Take the snapshot again.",
            path=path,
            error=error,
        ) from error
    if not isinstance(manifest, dict):
        raise SnapshotError("{path} is no manifest. Take the snapshot again.", path=path)
    if manifest.get("schema_version") not in READABLE_VERSIONS:
        found = manifest.get("schema_version")
        raise SnapshotError(
            "{path}: schema version {found}, this program reads {SCHEMA_VERSION}.",
            path=path,
            found=found,
            SCHEMA_VERSION=SCHEMA_VERSION,
        )
    try:
        for name, entry in manifest["files"].items():
            _verify(folder / name, entry["sha256"])
        missing = {"totals.parquet", "agencies.parquet"} - set(manifest["files"])
        whole = isinstance(manifest["responses"], int) and isinstance(
            manifest.get("domains", {}), dict
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(
            "{path}: {error} is missing or of the wrong kind. Take the snapshot again.",
            path=path,
            error=error,
        ) from error
    if missing or not whole:
        raise SnapshotError(
            "{path} does not name {value}. Take the snapshot again.",
            path=path,
            value=", ".join(sorted(missing)) or "responses",
        )
    return Snapshot(folder, manifest)


def _verify(path: Path, expected: str) -> None:
    if not path.is_file():
        raise SnapshotError(
            "{path} is named in the manifest but is missing. Take the snapshot again.", path=path
        )
    if _sha256(path) != expected:
        raise SnapshotError(
            "{path} was changed after the snapshot was taken. Take the snapshot again.", path=path
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class SnapshotWriter:
    """Writes a snapshot part by part with flat memory; the folder appears only when it is
    complete.
    """

    def __init__(self, folder: Path | str, *, rows_per_part: int = 100_000) -> None:
        self.folder = Path(folder)
        self._temporary = self.folder.with_name(self.folder.name + ".partial")
        self._rows: list[Row] = []
        self._rows_per_part = rows_per_part
        self._files: dict[str, dict[str, Any]] = {}
        shutil.rmtree(self._temporary, ignore_errors=True)
        (self._temporary / "responses").mkdir(parents=True)
        self._temporary.chmod(0o700)

    def add(self, row: Row) -> None:
        """Add one response: values in the order of ``RESPONSE_COLUMNS``, sorted by cell by the
        caller.
        """
        self._rows.append(row)
        if len(self._rows) >= self._rows_per_part:
            self._flush()

    def adopt(self, part: Path, entry: Mapping[str, Any]) -> None:
        """Take over a part of another snapshot as it is; ``entry`` is its line in the manifest."""
        name = f"responses/{part.name}"
        shutil.copyfile(part, self._temporary / name)
        (self._temporary / name).chmod(0o600)
        self._files[name] = dict(entry)

    def _flush(self) -> None:
        count = sum(name.startswith("responses/") for name in self._files)
        self._write(f"responses/part-{count:04d}.parquet", RESPONSE_COLUMNS, self._rows)
        self._rows = []

    def _write(self, name: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        frame = pl.DataFrame(rows, schema=polars_schema(columns), orient="row")
        path = self._temporary / name
        frame.write_parquet(path, compression="zstd", statistics=True)
        path.chmod(0o600)
        self._files[name] = {"rows": len(frame), "sha256": _sha256(path)}

    def close(
        self, *, totals: Sequence[Row], agencies: Sequence[Row], about: Mapping[str, Any]
    ) -> Snapshot:
        """Write totals, agencies and manifest, then put the folder in place in one rename."""
        if self._rows or not self._files:
            self._flush()
        self._write("totals.parquet", TOTAL_COLUMNS, totals)
        self._write("agencies.parquet", AGENCY_COLUMNS, agencies)
        responses = sum(
            e["rows"] for name, e in self._files.items() if name.startswith("responses/")
        )
        manifest = {
            "schema_version": SCHEMA_VERSION,
            **about,
            "responses": responses,
            "files": self._files,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        (self._temporary / "manifest.json").write_text(text + "\n", encoding="utf-8")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._temporary.rename(self.folder)
        return open_snapshot(self.folder)


def combine_snapshots(answers: Snapshot, dossiers: Snapshot, folder: Path | str) -> Snapshot:
    """A snapshot of the answers of one and the dossiers of another of the same period.

    Agencies are those of ``dossiers`` and any others of ``answers``.

    Raises
    ------
    SnapshotError
        The two are of different periods.

    Examples
    --------
    >>> both = combine_snapshots(snapshot, snapshot, folder / "both")
    >>> both.checksum == snapshot.checksum
    True
    """
    if answers.manifest.get("period") != dossiers.manifest.get("period"):
        raise SnapshotError("answers and dossiers are of different periods")
    listed = {row["agency"] for row in dossiers.agencies()}
    agencies = dossiers.agencies() + [r for r in answers.agencies() if r["agency"] not in listed]
    writer = SnapshotWriter(folder)
    for part in answers.parts:
        writer.adopt(part, answers.manifest["files"][f"responses/{part.name}"])
    totals = pl.read_parquet(dossiers.folder / "totals.parquet").rows()
    about = {
        name: value
        for name, value in dossiers.manifest.items()
        if name not in ("schema_version", "responses", "files")
    }
    return writer.close(
        totals=totals, agencies=[tuple(row.values()) for row in agencies], about=about
    )
