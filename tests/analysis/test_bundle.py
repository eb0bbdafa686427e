"""The analyst's bundle: the index is found again from it alone, and other programs read it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import nbformat
import pandas as pd
import pyreadstat
import pytest
from defusedxml.ElementTree import fromstring
from nbclient import NotebookClient

from analysis import open_run, read_method_text
from analysis.cli import main
from analysis.data.snapshot import Snapshot
from analysis.data.weighted_rows import ROW_COLUMNS
from tests.analysis.samples import write_province

METHODS = (
    "sipas-service",
    "overall",
    "sipas-pooled",
    "sipas-factor-weighted",
    "mean-score",
    "like-dislike",
)
DDI = "{ddi:codebook:2_5}"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return write_province(tmp_path_factory.mktemp("bundle") / "snapshot")


def unpack(snapshot: Snapshot, folder: Path, method: str = "sipas-service") -> Path:
    target = folder / "bundle.zip"
    assert main(["bundle", str(snapshot.folder), "--method", method, "--out", str(target)]) == 0
    with zipfile.ZipFile(target) as archive:
        archive.extractall(folder / "out")
    return folder / "out"


@pytest.mark.parametrize("method", METHODS)
def test_the_index_is_found_again_without_the_product(
    snapshot: Snapshot, tmp_path: Path, method: str
) -> None:
    out = unpack(snapshot, tmp_path, method)
    done = subprocess.run(
        [sys.executable, "-I", str(out / "reproduce.py")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = pd.read_csv(out / "index.csv")
    known = (shown["level"] == "overall") & shown["status"].isin(["published", "few"])
    count = int((known & (shown["agency"] != "*")).sum())
    assert done.stdout.startswith(f"{count} agencies")


def test_a_changed_weight_is_noticed(snapshot: Snapshot, tmp_path: Path) -> None:
    out = unpack(snapshot, tmp_path)
    rows = pd.read_csv(out / "rows.csv", dtype={"agency": str})
    rows.loc[rows["A1"] >= 4, "weight"] *= 1.5
    rows.to_csv(out / "rows.csv", index=False)
    done = subprocess.run([sys.executable, "-I", str(out / "reproduce.py")], check=False)
    assert done.returncode == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_the_notebook_runs_in_the_folder_alone(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    out = unpack(snapshot, tmp_path)
    notebook: Any = nbformat.read(out / "reproduce.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(out)}})
    client.execute()
    assert (
        float(notebook.cells[-1].outputs[0]["data"]["text/plain"].split("(")[-1].rstrip(")"))
        <= 0.01
    )


def test_every_form_of_the_rows_holds_the_same(snapshot: Snapshot, tmp_path: Path) -> None:
    out = unpack(snapshot, tmp_path)
    wide = pd.read_csv(out / "rows.csv", dtype={"agency": str})
    parquet = pd.read_parquet(out / "rows.parquet")
    assert list(wide.columns) == list(parquet.columns) == list(ROW_COLUMNS)
    assert len(wide) == len(parquet) == snapshot.manifest["responses"]
    assert wide["weight"].sum() == pytest.approx(parquet["weight"].sum())
    long = pd.read_csv(out / "rows-long.csv")
    assert len(long) == int(wide[[c for c in wide if c in set(long["item"])]].notna().sum().sum())
    dossiers: dict[str, int] = {}
    for (agency, _domain, _channel), n in open_run(snapshot, "sipas-service").completed.items():
        dossiers[agency] = dossiers.get(agency, 0) + n
    weights = wide.groupby("agency")["weight"].sum().to_dict()
    for agency, n in dossiers.items():
        if weights.get(agency):
            assert weights[agency] == pytest.approx(n), "answers stand for the dossiers"


def test_spss_reads_labels_and_missing_codes(snapshot: Snapshot, tmp_path: Path) -> None:
    out = unpack(snapshot, tmp_path)
    frame, about = pyreadstat.read_sav(str(out / "rows.sav"))
    assert len(frame) == snapshot.manifest["responses"]
    assert about.column_names_to_labels["overall"] == "Mức độ hài lòng chung"
    assert about.variable_value_labels["A1"][5.0] == "Rất hài lòng"
    wide = pd.read_csv(out / "rows.csv")
    assert frame["A1"].isna().sum() == (wide["A1"].isna() | (wide["A1"] == 0)).sum()
    kept, _about = pyreadstat.read_sav(str(out / "rows.sav"), user_missing=True)
    assert set(kept.loc[wide["A1"].isna(), "A1"]) <= {-9.0}


def test_ddi_describes_every_column_in_two_languages(snapshot: Snapshot, tmp_path: Path) -> None:
    out = unpack(snapshot, tmp_path)
    root: Element = fromstring((out / "ddi.xml").read_bytes())
    assert root.tag == f"{DDI}codeBook"
    assert [child.tag.removeprefix(DDI) for child in root] == ["stdyDscr", "fileDscr", "dataDscr"]
    variables = root.findall(f"{DDI}dataDscr/{DDI}var")
    assert [one.get("name") for one in variables] == list(ROW_COLUMNS)
    assert [one.get("name") for one in variables if one.get("wgt")] == ["weight"]
    order = ("labl", "catgry", "varFormat")
    for one in variables:
        places = [order.index(child.tag.removeprefix(DDI)) for child in one]
        assert places == sorted(places), "labels, categories, format: the order of the standard"
        assert len([child for child in one if child.tag == f"{DDI}labl"]) == 2
    assert root.findtext(f"{DDI}fileDscr/{DDI}fileTxt/{DDI}dimensns/{DDI}caseQnty") == str(
        snapshot.manifest["responses"]
    )


def test_the_codes_that_are_described_are_those_of_the_file(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    """The DDI names rows.sav, whose -9 is an empty cell elsewhere, and the codebook says so."""
    out = unpack(snapshot, tmp_path)
    root: Element = fromstring((out / "ddi.xml").read_bytes())
    named = root.findtext(f"{DDI}fileDscr/{DDI}fileTxt/{DDI}fileName")
    frame, _about = pyreadstat.read_sav(str(out / str(named)), user_missing=True)
    for one in root.iter(f"{DDI}var"):
        codes = {float(str(code.text)) for code in one.iter(f"{DDI}catValu")}
        if codes:
            assert set(frame[str(one.get("name"))].unique()) <= codes
    book = pd.read_csv(out / "codebook.csv", dtype=str)
    assert set(book.loc[book["code"] == "-9", "kind"]) == {"code in .sav"}
    assert not (pd.read_csv(out / "rows.csv", usecols=["overall", "A1"]) == -9).any().any()


def test_checksums_hold_and_equal_contents_give_equal_bytes(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    out = unpack(snapshot, tmp_path)
    for line in (out / "SHA256SUMS").read_text().splitlines():
        found, name = line.split("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == found
    (tmp_path / "again").mkdir()
    unpack(snapshot, tmp_path / "again")
    first, second = (folder / "SHA256SUMS" for folder in (out, tmp_path / "again" / "out"))
    differing = set(first.read_text().splitlines()) ^ set(second.read_text().splitlines())
    assert {line.split("  ")[1] for line in differing} <= {"rows.sav"}, "it bears its own time"


def test_no_cell_of_the_rows_is_a_formula(tmp_path: Path) -> None:
    from tests.survey.scorecards.builders import write_snapshot

    folder = write_snapshot(tmp_path / "snap", {"=cmd()": (40, 30), "@x": (40, 30)})
    assert main(["bundle", str(folder), "--out", str(tmp_path / "b.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        text = archive.read("rows.csv").decode()
    assert "'=cmd()" in text
    assert ",=cmd()" not in text


def test_a_method_of_ones_own_travels_with_the_bundle(snapshot: Snapshot, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(read_method_text("overall").replace('id = "overall"', 'id = "own"'))
    out = unpack(snapshot, tmp_path, str(own))
    assert 'id = "own"' in (out / "method.toml").read_text()
