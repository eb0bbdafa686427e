"""The open-data folder is read by other people's tools: frictionless, csvw, pyshacl, pysdmx, sdmx1,
RO-Crate.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import frictionless
import pyshacl
import pytest
import sdmx
from csvw import CSVW
from pysdmx.io import read_sdmx
from rdflib import Graph
from rocrate.rocrate import ROCrate

from analysis.export.open_data.dataset import OpenDataset
from analysis.export.open_data.folder import build_folder
from analysis.export.open_data.sdmx import frequency
from analysis.publication.public_figures import (
    build_public_rows,
    is_imprecise,
    round_count,
)

SHAPES = Path(__file__).parent / "shapes.ttl"


def stored(agency: str, level: str, code: str, **more: Any) -> dict[str, Any]:
    row = {
        "period": "2026-Q3",
        "agency": agency,
        "agency_code": "",
        "agency_name": {"*": "Tỉnh Mẫu"}.get(agency, f'Xã "{agency}", mẫu'),
        "agency_kind": "commune",
        "level": level,
        "code": code,
        "label": code,
        "status": "published",
        "n": 143,
        "weighted_index": "83.545",
        "ci_low": "80.10",
        "ci_high": "86.62",
        "rank_best": 1,
        "rank_worst": 9,
        "ranked": 12,
    }
    return row | more


HIDDEN = {"status": "suppressed", "n": None, "weighted_index": None, "ci_low": None}
HIDDEN |= {"ci_high": None, "rank_best": None, "rank_worst": None, "ranked": None}
ROWS = [
    stored("*", "overall", "overall", n=12_003),
    stored("h20.01", "overall", "overall"),
    stored("h20.01", "factor", "ACCESS", n=42, weighted_index="90.00", ci_low="80", ci_high="96"),
    stored("28261", "overall", "overall", **HIDDEN),
    stored("=cmd()", "overall", "overall", n=31, ci_low="60.00", ci_high="90.00"),
]


def dataset(**more: Any) -> OpenDataset:
    made = OpenDataset(
        address="https://hailong.example/ket-qua/2026/q3/1/",
        titles={"vi": "Chỉ số hài lòng quý III năm 2026", "en": "Satisfaction, quarter 3 of 2026"},
        descriptions={"vi": "Theo cơ quan và nội dung", "en": "By agency and content"},
        publisher="Sở Nội vụ tỉnh Mẫu",
        licence="CC-BY-4.0",
        period="2026-Q3",
        first=date(2026, 7, 1),
        last=date(2026, 9, 30),
        edition=1,
        issued=date(2026, 10, 12),
        keywords=("hài lòng", "cải cách hành chính"),
        rows=build_public_rows(ROWS),
        labels={"ACCESS": {"vi": "Nơi tiếp nhận", "en": "Access"}},
        software="0.1",
        citation="Sở Nội vụ tỉnh Mẫu: Chỉ số hài lòng quý III năm 2026",
        method="sipas-service",
        files={"method.toml": b'id = "x"\n'},
    )
    return replace(made, **more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in build_folder(dataset()).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_counts_places_and_widths_follow_the_rules() -> None:
    whole, land, access, hidden, wide = build_public_rows(ROWS)
    assert (whole["n"], whole["index"]) == (12_005, Decimal("83.55"))
    assert (land["n"], land["ci_low"]) == (145, Decimal("80.10"))
    assert (access["n"], access["index"], access["ci_high"]) == (
        40,
        Decimal("90.0"),
        Decimal("96.0"),
    )
    assert (hidden["status"], hidden["n"], hidden["index"]) == ("suppressed", None, None)
    assert (wide["status"], wide["n"], wide["index"], wide["rank_best"]) == (
        "imprecise",
        30,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("value", "low", "high", "wide"),
    [
        (60, 45, 75, True),
        (60, "45.01", 75, False),
        (4, 2, 7, False),
        (4, 1, "6.3", True),
        (2, "0.5", "5.5", False),
        (100, "99", 100, False),
    ],
)
def test_widths_of_the_nchs(value: Any, low: Any, high: Any, wide: bool) -> None:
    assert is_imprecise(Decimal(value), Decimal(low), Decimal(high)) is wide


def test_rounding_counts_is_never_off_by_more_than_two() -> None:
    for n in range(2000):
        assert round_count(n) % 5 == 0
        assert abs(round_count(n) - n) <= 2


def test_parts_of_parts_and_exact_columns_stay_inside() -> None:
    rows = build_public_rows([stored("a", "applicant-item", "citizen.A1"), *ROWS])
    assert all(row["level"] != "applicant-item" for row in rows)
    assert not {"transactions", "se", "deff", "n_eff", "response_rate", "received"} & set(rows[0])


def test_frictionless_finds_no_fault(folder: Path) -> None:
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["message"])
    package = frictionless.Package(str(folder / "datapackage.json"))
    resource: Any = package.get_resource("data")
    rows = resource.read_rows()
    assert len(rows) == len(ROWS)
    assert rows[1]["index"] == Decimal("83.55")


def test_frictionless_would_find_a_changed_file(folder: Path) -> None:
    text = (folder / "data.csv").read_text().replace("suppressed", "secret")
    (folder / "data.csv").write_text(text)
    assert not frictionless.validate(str(folder / "datapackage.json")).valid


def is_csvw_valid(folder: Path) -> bool:
    """Faults come as warnings, each of which this project takes for an error."""
    try:
        return bool(CSVW(str(folder / "data.csv-metadata.json"), validate=True).is_valid)
    except UserWarning:
        return False


def test_csvw_reads_types_and_keys(folder: Path) -> None:
    described = CSVW(str(folder / "data.csv-metadata.json"), validate=True)
    assert described.is_valid
    (rows,) = (list(table) for table in described.tables)
    assert rows[1]["index"] == Decimal("83.55")
    assert rows[3]["n"] is None
    (folder / "data.csv").write_text((folder / "data.csv").read_text().replace("83.55", "x"))
    assert not is_csvw_valid(folder)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_catalogue_keeps_dcat_ap(folder: Path) -> None:
    graph = Graph().parse(folder / "catalog.jsonld", format="json-ld")
    good, _graph, text = pyshacl.validate(graph, shacl_graph=str(SHAPES))
    assert good, text
    document = json.loads((folder / "catalog.jsonld").read_text())
    del document["dcat:dataset"]["dct:title"]
    broken = Graph().parse(data=json.dumps(document), format="json-ld")
    assert not pyshacl.validate(broken, shacl_graph=str(SHAPES))[0], "the shapes can fail"


def test_pysdmx_reads_both_editions_of_sdmx_csv_and_the_structure(folder: Path) -> None:
    structure = read_sdmx(folder / "structure.xml", validate=True)
    lists = {one.id: one for one in structure.get_codelists()}
    assert {code.id for code in lists["CL_AGENCY"]} == {"_T", "h20_01", "28261", "_cmd__"}
    for name in ("sdmx-csv-1.csv", "sdmx-csv-2.csv"):
        (data,) = cast("list[Any]", read_sdmx(folder / name, validate=False).data)
        assert len(data.data) == len(ROWS)
        assert set(data.data["TIME_PERIOD"]) == {"2026-Q3"}
        assert float(data.data["OBS_VALUE"].iloc[1]) == 83.55
        assert list(data.data["OBS_STATUS"]) == ["A", "A", "A", "Q", "Q"]


def test_sdmx1_reads_the_structure_with_names_in_two_languages(folder: Path) -> None:
    message: Any = sdmx.read_sdmx(folder / "structure.xml")
    codes = message.codelist["CL_INDICATOR"]
    assert codes["factor_ACCESS"].name.localizations == {"vi": "Nơi tiếp nhận", "en": "Access"}
    structure = message.structure["DSD_SATISFACTION"]
    assert [one.id for one in structure.dimensions] == [
        "FREQ",
        "AGENCY",
        "LEVEL",
        "INDICATOR",
        "TIME_PERIOD",
    ]


def test_ro_crate_reads_its_parts(folder: Path) -> None:
    crate = ROCrate(str(folder))
    assert crate.root_dataset["license"]["name"] == "Creative Commons Attribution 4.0"
    assert {part.id for part in crate.root_dataset["hasPart"]} >= {"data.csv", "method.toml"}


def test_checksums_are_those_of_the_files(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == len(list(folder.iterdir())) - 1
    for line in lines:
        found, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == found


def test_equal_editions_give_equal_bytes_and_no_cell_is_a_formula() -> None:
    first, second = build_folder(dataset()), build_folder(dataset())
    assert first == second
    cells = [c for row in csv.reader(io.StringIO(first["data.csv"].decode())) for c in row]
    assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]


def test_keys_that_differ_in_punctuation_stay_apart() -> None:
    rows = build_public_rows([stored("h20.01", "overall", "x"), stored("h20_01", "overall", "x")])
    text = build_folder(dataset(rows=rows))["sdmx-csv-1.csv"].decode()
    assert ",h20_01," in text
    assert ",h20_01_2," in text


def test_codes_of_two_levels_are_two_indicators() -> None:
    rows = build_public_rows(
        [stored("a", "domain", "business"), stored("a", "applicant", "business")]
    )
    files = build_folder(dataset(rows=rows))
    codes = {line.split(",")[4] for line in files["sdmx-csv-1.csv"].decode().splitlines()[1:]}
    assert codes == {"domain_business", "applicant_business"}


@pytest.mark.parametrize(
    ("period", "found"),
    [
        ("2026", ("A", "2026")),
        ("2026-H2", ("S", "2026-S2")),
        ("2026-Q1", ("Q", "2026-Q1")),
        ("2026-11", ("M", "2026-11")),
        ("2026-9M", ("_O", "2026-01-01/P9M")),
    ],
)
def test_periods_as_sdmx_writes_them(period: str, found: tuple[str, str]) -> None:
    assert frequency(period) == found
