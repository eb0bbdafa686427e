"""Provinces hand over signed sums, never rows; together they are one run over all rows."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analysis import AnalysisError, open_run
from analysis.cli import main
from analysis.data.schema import RESPONSE_COLUMNS
from analysis.data.snapshot import Snapshot, SnapshotWriter
from analysis.federation.signed_note import make_signer, read_note, read_signer, sign_note
from tests.analysis.samples import write_province

NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngo"
    "tpRZb6KE6RyyBwJnAM=\n"
)
"""The example of golang.org/x/mod/sumdb/note, whose format the specification keeps."""
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_the_published_example_of_a_signed_note_is_read() -> None:
    text, name = read_note(NOTE, [VERIFIER])
    assert text.startswith("If you think")
    assert name == VERIFIER
    with pytest.raises(AnalysisError, match="no trusted key"):
        read_note(NOTE.replace("answer", "Answer"), [VERIFIER])
    with pytest.raises(AnalysisError, match="no verifier key"):
        read_note(NOTE, [VERIFIER.replace("c74f20a3", "c74f20a4")])


def test_keys_are_kept_as_pem_and_names_have_no_spaces() -> None:
    signer, pem = make_signer("hailong.example")
    again = read_signer("hailong.example", pem)
    assert again.verifier == signer.verifier
    assert read_note(sign_note("a\nb\n", signer), [again.verifier])[0] == "a\nb\n"
    for bad in ("a b", "a+b", ""):
        with pytest.raises(AnalysisError, match="cannot name a key"):
            make_signer(bad)
    with pytest.raises(AnalysisError, match="cannot be read"):
        read_signer("a", b"x")


def rename(source: Snapshot, folder: Path, mark: str) -> Snapshot:
    """The same answers as those of agencies of another province."""
    writer = SnapshotWriter(folder)
    for path in source.parts:
        frame = pl.read_parquet(path).select([c.name for c in RESPONSE_COLUMNS])
        for row in frame.iter_rows():
            writer.add((f"{mark}{row[0]}", *row[1:]))
    totals = pl.read_parquet(source.folder / "totals.parquet")
    agencies = [
        (f"{mark}{one['agency']}", one["name"], one["kind"], one["code"])
        for one in source.agencies()
    ]
    about = {"period": source.manifest["period"], "province": f"Tỉnh {mark}", "notice": ""}
    return writer.close(
        totals=[(f"{mark}{row[0]}", *row[1:]) for row in totals.iter_rows()],
        agencies=agencies,
        about=about,
    )


def together(parts: list[Snapshot], folder: Path) -> Snapshot:
    """One snapshot of all rows, as a country would have that collects them."""
    writer = SnapshotWriter(folder, rows_per_part=900)
    totals, agencies = [], []
    for part in parts:
        for path in part.parts:
            for row in pl.read_parquet(path).iter_rows():
                writer.add(row)
        totals += list(pl.read_parquet(part.folder / "totals.parquet").iter_rows())
        agencies += [(a["agency"], a["name"], a["kind"], a["code"]) for a in part.agencies()]
    about = {"period": parts[0].manifest["period"], "province": "Cả nước", "notice": ""}
    return writer.close(totals=totals, agencies=sorted(agencies), about=about)


def export(snapshot: Snapshot, folder: Path, name: str, *more: str) -> Path:
    key, out = folder / f"{name}.pem", folder / f"{name}.cells"
    assert main(["cells", "key", name, "--out", str(key)]) == 0
    command = ["cells", "export", str(snapshot.folder), "--key", str(key), "--name", name, *more]
    assert main([*command, "--out", str(out)]) == 0
    return out


def trust(folder: Path, printed: str) -> Path:
    path = folder / "keys.txt"
    path.write_text(printed, encoding="utf-8")
    return path


@pytest.mark.parametrize("count", [4, pytest.param(34, marks=pytest.mark.slow)])
def test_provinces_together_are_one_run_over_all_rows(
    count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = [write_province(tmp_path / f"seed{n}", seed=n) for n in range(2)]
    parts = [rename(seeds[n % 2], tmp_path / f"p{n:02d}", f"p{n:02d}.") for n in range(count)]
    files = [export(part, tmp_path, f"p{n}") for n, part in enumerate(parts)]
    keys = trust(tmp_path, capsys.readouterr().out)
    out = tmp_path / "country.csv"
    command = ["cells", "merge", *map(str, files), "--trust", str(keys), "--out", str(out)]
    assert main(command) == 0
    whole = together(parts, tmp_path / "whole")
    one = tmp_path / "one.csv"
    assert main(["index", str(whole.folder), "--out", str(one)]) == 0
    assert out.read_bytes() == one.read_bytes()
    size = max(file.stat().st_size for file in files)
    assert size < sum(path.stat().st_size for path in parts[0].parts) * 4


@pytest.fixture
def pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[list[Path], Path]:
    source = write_province(tmp_path / "seed")
    made = [rename(source, tmp_path / mark, f"{mark}.") for mark in ("a", "b")]
    files = [export(part, tmp_path, f"k{n}") for n, part in enumerate(made)]
    return files, trust(tmp_path, capsys.readouterr().out)


def merge(files: list[Path], keys: Path, folder: Path, *more: str) -> int:
    out = str(folder / "out.csv")
    named = [str(file) for file in files]
    return main(["cells", "merge", *named, "--trust", str(keys), "--out", out, *more])


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_no_single_answer_crosses(pair: tuple[list[Path], Path]) -> None:
    with zipfile.ZipFile(pair[0][0]) as archive:
        assert sorted(archive.namelist()) == [
            "agencies.json",
            "cells.parquet",
            "manifest.json",
            "manifest.note",
            "totals.json",
        ]
        cells = pl.read_parquet(archive.read("cells.parquet"))
    assert cells["_n"].dtype == pl.Int64
    assert not [name for name in cells.columns if name.startswith("row")]
    assert int(np.asarray(cells["_n"].sum())) > len(cells), "sums over several answers"


def test_what_was_changed_or_is_not_trusted_is_refused_by_name(
    pair: tuple[list[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, keys = pair
    assert merge(files, keys, tmp_path) == 0
    for name in ("cells.parquet", "totals.json", "manifest.json"):
        changed = tmp_path / "changed.cells"
        with zipfile.ZipFile(files[0]) as source, zipfile.ZipFile(changed, "w") as target:
            for entry in source.namelist():
                content = source.read(entry)
                if entry == name == "manifest.json":
                    content = content.replace(b"2026-Q3", b"2026-Q2")
                target.writestr(entry, content + (b" " if entry == name else b""))
        assert merge([changed, files[1]], keys, tmp_path) == 2
        assert "changed.cells" in told(capsys)
    stranger = tmp_path / "other.txt"
    stranger.write_text(make_signer("other")[0].verifier, encoding="utf-8")
    assert merge(files, stranger, tmp_path) == 2
    assert "no trusted key" in told(capsys)
    (tmp_path / "no.cells").write_bytes(b"x")
    assert merge([tmp_path / "no.cells"], keys, tmp_path) == 2
    assert "no.cells is no file of cells" in told(capsys)


def test_provinces_that_do_not_fit_are_refused(
    pair: tuple[list[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, keys = pair
    copy = shutil.copy(files[0], tmp_path / "again.cells")
    assert merge(files, keys, tmp_path, "--method", "overall") == 2
    assert "not under 'overall'" in told(capsys)
    source = write_province(tmp_path / "later", seed=3)
    twice = export(source, tmp_path, "k5")
    own = trust(tmp_path, keys.read_text() + capsys.readouterr().out)
    assert merge([twice, files[0]], own, tmp_path) == 0
    other = export(source, tmp_path, "k6", "--method", "overall")
    own = trust(tmp_path, own.read_text() + capsys.readouterr().out)
    assert merge([other, files[0]], own, tmp_path) == 2
    assert "differs" in told(capsys)
    renamed = rename(write_province(tmp_path / "third", seed=4), tmp_path / "a2", "a.")
    collides = export(renamed, tmp_path, "k7")
    own = trust(tmp_path, own.read_text() + capsys.readouterr().out)
    assert merge([collides, files[0]], own, tmp_path) == 2
    assert "stands in two provinces" in told(capsys)
    assert merge([files[0], Path(copy)], own, tmp_path) == 2, "twice the same is counted twice"


def repack(source: Path, target: Path, key: Path, change: Any) -> Path:
    """The file with other contents, signed again by its own province."""
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(files.pop("manifest.json"))
    change(about, files)
    for name in set(about["files"]) & set(files):
        about["files"][name] = sha256(files[name]).hexdigest()
    manifest = json.dumps(about).encode()
    signer = read_signer(key.stem, key.read_bytes())
    note = sign_note(f"hailong-cells/1\n{sha256(manifest).hexdigest()}\n", signer)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in {
            **files,
            "manifest.json": manifest,
            "manifest.note": note.encode(),
        }.items():
            archive.writestr(name, content)
    return target


def wrong_cells() -> bytes:
    """A table whose numbers of answers are below nothing."""
    made = io.BytesIO()
    frame = pl.DataFrame(
        {"agency": ["a"], "_n": [-1], "_total": [[1]], "_cross": [[1]]},
        schema_overrides={"_total": pl.Array(pl.Int64, 1), "_cross": pl.Array(pl.Int64, 1)},
    )
    frame.write_parquet(made, metadata={"variables": "good"})
    return made.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about, files: about.pop("period"), "no 'period'"),
        (lambda about, files: about.update(responses="9"), "no 'responses'"),
        (lambda about, files: about.update(files=[]), "no 'files'"),
        (lambda about, files: about["files"].update({"x": "y"}), "names other files"),
        (lambda about, files: about["files"].pop("totals.json"), "names other files"),
        (
            lambda about, files: files.update({"totals.json": b'[["a", "b", "c", 1, 2]]'}),
            "no such dossiers",
        ),
        (
            lambda about, files: files.update(
                {"totals.json": b'[["a", "b", "c", 1, 1], ["a", "b", "c", 9, 9]]'}
            ),
            "stands there twice",
        ),
        (lambda about, files: files.update({"cells.parquet": wrong_cells()}), "sums of answers"),
        (lambda about, files: about.update(province=""), "names no province"),
        (lambda about, files: about.update(responses=10**400), "no number of answers"),
        (
            lambda about, files: files.update(
                {"agencies.json": b'[["agency", "name", "kind", "code"]]'}
            ),
            "is no agency",
        ),
        (lambda about, files: files.update({"totals.json": b"[1]"}), "is no file of cells"),
        (lambda about, files: files.update({"agencies.json": b'[{"agency": 1}]'}), "is no agency"),
        (lambda about, files: files.update({"agencies.json": b"{"}), "is no file of cells"),
        (lambda about, files: about.update(notice="x" * (1 << 20)), "manifest.json is too large"),
    ],
)
def test_a_signed_file_may_still_be_wrong(
    pair: tuple[list[Path], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Any,
    message: str,
) -> None:
    files, keys = pair
    made = repack(files[0], tmp_path / "made.cells", tmp_path / "k0.pem", change)
    assert merge([made, files[1]], keys, tmp_path) == 2
    said = told(capsys)
    assert message in said
    assert "made.cells" in said
    assert "Traceback" not in said


def test_archives_that_are_broken_inside_are_refused(
    pair: tuple[list[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, keys = pair
    whole = bytearray(files[0].read_bytes())
    place = whole.index(b"manifest.json") + len("manifest.json")
    flags, method = whole.rindex(b"PK\x01\x02") + 8, whole.index(b"PK\x01\x02") + 10
    for offset, value in ((place + 4, 0xFF), (flags, 1), (method, 99), (place, 0)):
        broken = bytearray(whole)
        broken[offset : offset + 2] = bytes([value, 0])
        path = tmp_path / "broken.cells"
        path.write_bytes(bytes(broken))
        assert merge([path, files[1]], keys, tmp_path) == 2
        assert "broken.cells" in told(capsys)
    for packing in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = tmp_path / "packed.cells"
        with zipfile.ZipFile(path, "w", packing) as archive:
            archive.writestr("manifest.json", b"0" * (8 << 20))
        assert merge([path, files[1]], keys, tmp_path) == 2
        assert "packed in another way" in told(capsys)
    (tmp_path / "short.cells").write_bytes(bytes(whole[:-300]))
    assert merge([tmp_path / "short.cells"], keys, tmp_path) == 2


def test_one_code_names_one_domain_and_one_key_one_province(
    pair: tuple[list[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, keys = pair
    named = [
        repack(
            files[n],
            tmp_path / f"named{n}.cells",
            tmp_path / f"k{n}.pem",
            lambda about, _files, n=n: about.update(domains={"d1": f"Lĩnh vực {n}"}),
        )
        for n in (0, 1)
    ]
    assert merge(named, keys, tmp_path) == 2
    assert "'d1' has two names: 'Lĩnh vực 0', 'Lĩnh vực 1'" in told(capsys)
    borrowed = repack(files[1], tmp_path / "b.cells", tmp_path / "k0.pem", lambda *_: None)
    assert merge([files[0], borrowed], keys, tmp_path) == 2
    assert "signed for 'Tỉnh a.' and 'Tỉnh b.'" in told(capsys)
    pem = tmp_path / "k0b.pem"
    shutil.copy(tmp_path / "k0.pem", pem)
    alias = repack(files[1], tmp_path / "c.cells", pem, lambda *_: None)
    keys.write_text(keys.read_text() + read_signer("k0b", pem.read_bytes()).verifier + "\n")
    assert merge([files[0], alias], keys, tmp_path) == 2, "the same key under another name"
    assert "signed for" in told(capsys)


def test_keys_saved_by_a_text_editor_are_read(
    pair: tuple[list[Path], Path], tmp_path: Path
) -> None:
    files, keys = pair
    keys.write_bytes(b"\xef\xbb\xbf" + keys.read_bytes().replace(b"\n", b"\r\n"))
    assert merge(files, keys, tmp_path) == 0


@pytest.mark.parametrize(
    "note",
    [
        NOTE[:-1],
        NOTE.replace("\u2014 ", ""),
        NOTE.replace("\u2014 ", "-- "),
        NOTE + "x\n",
        NOTE.replace("problem,\n", "problem,\r\n"),
        "",
        "\n\n",
    ],
)
def test_notes_are_read_strictly(note: str) -> None:
    with pytest.raises(AnalysisError, match="no signed note"):
        read_note(note, [VERIFIER])


def test_only_whole_lines_are_signed() -> None:
    for text in ("", "a", "a\r\n", "a\x00\n"):
        with pytest.raises(AnalysisError, match="whole lines"):
            sign_note(text, make_signer("a")[0])


def test_a_key_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "key.pem"
    assert main(["cells", "key", "a", "--out", str(path)]) == 0
    before = path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert main(["cells", "key", "a", "--out", str(path)]) == 2
    assert path.read_bytes() == before
    assert "a+" in capsys.readouterr().out


def test_the_file_says_what_it_is(pair: tuple[list[Path], Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(pair[0][0]) as archive:
        about = json.loads(archive.read("manifest.json"))
    assert about["province"] == "Tỉnh a."
    assert about["method"] == "sipas-service"
    assert about["method_sha256"] == open_run(tmp_path / "seed").method.sha256
