"""The bundle as one zip file; equal contents give equal bytes."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from analysis.data.weighted_rows import ROW_COLUMNS, WeightedRows
from analysis.export.bundle.codebook import (
    Texts,
    describe_columns,
    write_codebook,
    write_ddi,
)
from analysis.export.bundle.sav import write_sav

_FIXED: Final = (2000, 1, 1, 0, 0, 0)
REPRODUCE: Final = Path(__file__).with_name("reproduce.py")
Progress = Callable[[str], object]


@dataclass(frozen=True)
class BundleText:
    """What a bundle says beside its data.

    Attributes
    ----------
    titles, labels : words in ``vi`` and ``en``; labels by code of an item.
    producer : who publishes.
    readme : README.txt: who received it, when and for what.
    method : the method's file.
    index : ``index.csv``, comma and point, as published.
    files : further files by name.
    """

    titles: Texts
    producer: str
    readme: str
    method: str
    index: bytes
    labels: Mapping[str, Texts] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def write_bundle(
    rows: WeightedRows, about: BundleText, target: Path, progress: Progress | None = None
) -> str:
    """Write the bundle; its checksum.

    Rows as CSV (wide and long), Parquet and SPSS, with weights; dossiers, agencies, codebook, DDI,
    method, published index, and a notebook that finds the index again.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, _room(target) as folder:
        sums = []
        for name, content in _contents(rows, about, Path(folder)):
            if progress is not None:
                progress(name)
            sums.append(f"{_add(archive, name, content)}  {name}")
        _add(archive, "SHA256SUMS", ("\n".join(sums) + "\n").encode())
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _room(target: Path) -> tempfile.TemporaryDirectory[str]:
    """Files too large for memory are made beside the target, on its disk."""
    return tempfile.TemporaryDirectory(dir=target.parent)


def _contents(
    rows: WeightedRows, about: BundleText, folder: Path
) -> Iterator[tuple[str, bytes | Path]]:
    columns = describe_columns(ROW_COLUMNS, about.labels)
    yield "README.txt", about.readme.encode()
    yield "rows.csv", _write(folder / "rows.csv", rows.write_csv)
    yield "rows-long.csv", _write(folder / "rows-long.csv", rows.write_long_csv)
    rows.write_parquet(folder / "rows.parquet")
    yield "rows.parquet", folder / "rows.parquet"
    write_sav(rows, columns, folder / "rows.sav", about.titles["vi"])
    yield "rows.sav", folder / "rows.sav"
    for name in ("totals.parquet", "agencies.parquet"):
        yield name, (rows.snapshot.folder / name).read_bytes()
    yield "codebook.csv", write_codebook(columns)
    yield (
        "ddi.xml",
        write_ddi(
            columns,
            title=about.titles,
            producer=about.producer,
            period=str(rows.snapshot.manifest["period"]),
            cases=rows.count,
            file="rows.sav",
        ),
    )
    yield "method.toml", about.method.encode()
    yield "index.csv", about.index
    yield "reproduce.py", REPRODUCE.read_bytes()
    yield "reproduce.ipynb", write_notebook(about.titles["vi"])
    yield from about.files.items()


def _write(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    with path.open("wb") as file:
        write(file)
    return path


def _add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> str:
    entry = zipfile.ZipInfo(name, _FIXED)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return hashlib.sha256(content).hexdigest()
    entry.file_size = content.stat().st_size
    found = hashlib.sha256()
    with content.open("rb") as file, archive.open(entry, "w") as into:
        while block := file.read(1 << 20):
            found.update(block)
            into.write(block)
    content.unlink()
    return found.hexdigest()


def write_notebook(title: str) -> bytes:
    """``reproduce.ipynb``: the same steps as ``reproduce.py``, to be run from this folder."""
    cells = [
        _text(f"# {title}\n\nTính lại chỉ số đã công bố chỉ từ các tệp trong thư mục này."),
        _code("from reproduce import compare, item_sums, read_method\n\nread_method()['index']"),
        _code("found = compare()\nfound.head(20)"),
        _code("worst = found['difference'].max()\nassert worst <= 0.01, worst\nworst"),
    ]
    document = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _text(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "about", "metadata": {}, "source": text}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": hashlib.sha256(text.encode()).hexdigest()[:8],
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text,
    }
