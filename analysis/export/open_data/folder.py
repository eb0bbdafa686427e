"""All files of an edition in their order, with their checksums."""

from __future__ import annotations

import hashlib

from analysis.export.open_data.catalogue import (
    describe_catalogue,
    describe_crate,
    write_citation,
)
from analysis.export.open_data.dataset import OpenDataset, write_json
from analysis.export.open_data.sdmx import write_sdmx_csv_1, write_sdmx_csv_2
from analysis.export.open_data.sdmx_structure import write_structure
from analysis.export.open_data.tables import describe_csvw, describe_package, write_data


def build_folder(dataset: OpenDataset) -> dict[str, bytes]:
    """Content of every file by name; equal data sets give equal bytes."""
    files = {
        "data.csv": write_data(dataset),
        "data.csv-metadata.json": write_json(describe_csvw(dataset)),
        "datapackage.json": write_json(describe_package(dataset)),
        "sdmx-csv-1.csv": write_sdmx_csv_1(dataset),
        "sdmx-csv-2.csv": write_sdmx_csv_2(dataset),
        "structure.xml": write_structure(dataset),
        **dataset.files,
        "CITATION.cff": write_citation(dataset),
    }
    described = dict(files)
    files["catalog.jsonld"] = write_json(describe_catalogue(dataset, described))
    files["ro-crate-metadata.json"] = write_json(describe_crate(dataset, described))
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in files.items()]
    return files | {"SHA256SUMS": ("\n".join(sums) + "\n").encode()}
