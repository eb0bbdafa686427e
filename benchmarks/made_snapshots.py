"""Snapshots at the size of the country, made up for measuring."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from analysis.data.schema import AGENCY_COLUMNS, RESPONSE_COLUMNS, SCHEMA_VERSION, TOTAL_COLUMNS
from analysis.data.snapshot import polars_schema

AGENCIES, DOMAINS, CHANNELS = 3500, 5, 4
PART = 500_000
ITEMS = [column.name for column in RESPONSE_COLUMNS[8:30]]
CHANNEL = ["counter", "online", "postal", "kiosk"]


def make(folder: Path, rows: int, *, shuffled: bool = False) -> None:
    """A snapshot written column by column; sorted by cell as the product writes it, or in random
    order.
    """
    rng = np.random.default_rng(7)
    (folder / "responses").mkdir(parents=True)
    cells = np.arange(AGENCIES * DOMAINS * CHANNELS)
    sizes = rng.multinomial(rows, rng.dirichlet(np.full(len(cells), 2.0)))
    cell = np.repeat(cells, sizes).astype(np.int32)
    if shuffled:
        rng.shuffle(cell)
    files: dict[str, Any] = {}
    for start in range(0, rows, PART):
        frame = responses(cell[start : start + PART], rng)
        put(folder, files, f"responses/part-{start // PART:04d}.parquet", frame)
    totals = pl.DataFrame(
        {
            "agency": agency_names()[cells // (DOMAINS * CHANNELS)],
            "domain": np.char.add("d", (cells // CHANNELS % DOMAINS).astype(str)),
            "channel": np.array(CHANNEL)[cells % CHANNELS],
            "month": "2026-07",
            "transactions": (sizes * 3 + 1).astype(np.int32),
            "on_time": (sizes * 3).astype(np.int32),
        },
        schema=polars_schema(TOTAL_COLUMNS),
    )
    put(folder, files, "totals.parquet", totals)
    names = agency_names().tolist()
    agencies = pl.DataFrame(
        {"agency": names, "name": names, "kind": "commune", "code": ""},
        schema=polars_schema(AGENCY_COLUMNS),
    )
    put(folder, files, "agencies.parquet", agencies)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "period": "2026-Q3",
        "responses": rows,
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def agency_names() -> Any:
    return np.char.add("a", np.char.zfill(np.arange(AGENCIES).astype(str), 4))


def responses(cell: Any, rng: np.random.Generator) -> pl.DataFrame:
    keys = {
        "agency": agency_names()[cell // (DOMAINS * CHANNELS)],
        "domain": np.char.add("d", (cell // CHANNELS % DOMAINS).astype(str)),
        "channel": np.array(CHANNEL)[cell % CHANNELS],
    }
    answers = rng.choice(
        np.arange(-1, 6), size=(len(cell), len(ITEMS)), p=[0.03, 0.02, 0.05, 0.1, 0.15, 0.35, 0.3]
    )
    columns = {item: pl.Series(answers[:, k], dtype=pl.Int8) for k, item in enumerate(ITEMS)}
    frame = pl.DataFrame(
        {
            **keys,
            "evidence": "E3",
            "flag": "",
            "language": "vi",
            "month": "2026-07",
            "applicant": "",
            **columns,
        }
    )
    frame = frame.with_columns(pl.when(pl.col(ITEMS) >= 0).then(pl.col(ITEMS)))
    missing = [c.name for c in RESPONSE_COLUMNS if c.name not in frame.columns]
    frame = frame.with_columns(pl.lit(None, dtype=pl.Int8).alias(name) for name in missing)
    return frame.select(c.name for c in RESPONSE_COLUMNS)


def put(folder: Path, files: dict[str, Any], name: str, frame: pl.DataFrame) -> None:
    frame.write_parquet(folder / name, compression="zstd")
    with (folder / name).open("rb") as file:
        files[name] = {
            "rows": len(frame),
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }
