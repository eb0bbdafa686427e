"""Machine-readable descriptions of the whole folder: DCAT-AP 3 (JSON-LD), RO-Crate 1.1 and
CITATION.cff 1.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from analysis.export.open_data.dataset import OpenDataset, Texts

MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "xml": "application/vnd.sdmx.structure+xml",
    "toml": "application/toml",
    "html": "text/html",
    "pdf": "application/pdf",
    "cff": "application/yaml",
}
_DCAT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "adms": "http://www.w3.org/ns/adms#",
}
_MEDIA: Final = "https://www.iana.org/assignments/media-types/"


def media_type(name: str) -> str:
    """Media type of a file by its name; of a file without an ending plain text."""
    return MEDIA_TYPES.get(name.rpartition(".")[2], "text/plain")


def _texts(texts: Texts) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in texts.items()]


def _day(day: Any) -> dict[str, str]:
    return {"@value": day.isoformat(), "@type": "xsd:date"}


def describe_catalogue(dataset: OpenDataset, files: Mapping[str, bytes]) -> dict[str, Any]:
    """``catalog.jsonld``: a catalogue with this data set and every file as a distribution."""
    publisher = {
        "@id": f"{dataset.address}#publisher",
        "@type": "foaf:Agent",
        "foaf:name": {"@value": dataset.publisher, "@language": "vi"},
    }
    return {
        "@context": _DCAT,
        "@id": f"{dataset.address}#catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _texts(dataset.titles),
        "dct:description": _texts(dataset.descriptions),
        "dct:publisher": publisher,
        "dct:issued": _day(dataset.issued),
        "dct:license": {"@id": dataset.licence_address},
        "dcat:dataset": {
            "@id": f"{dataset.address}#dataset",
            "@type": "dcat:Dataset",
            "dct:identifier": dataset.address,
            "dct:title": _texts(dataset.titles),
            "dct:description": _texts(dataset.descriptions),
            "dct:publisher": {"@id": publisher["@id"]},
            "dct:issued": _day(dataset.issued),
            "dcat:keyword": [{"@value": word, "@language": "vi"} for word in dataset.keywords],
            "dcat:version": str(dataset.edition),
            "dcat:landingPage": {"@id": dataset.address, "@type": "foaf:Document"},
            "dct:temporal": {
                "@type": "dct:PeriodOfTime",
                "dcat:startDate": _day(dataset.first),
                "dcat:endDate": _day(dataset.last),
            },
            "dcat:distribution": [
                _describe_file(dataset, name, content) for name, content in files.items()
            ],
        },
    }


def _describe_file(dataset: OpenDataset, name: str, content: bytes) -> dict[str, Any]:
    address = f"{dataset.address}{name}"
    return {
        "@id": address,
        "@type": "dcat:Distribution",
        "dct:title": {"@value": name, "@language": "en"},
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dcat:mediaType": {"@id": _MEDIA + media_type(name), "@type": "dct:MediaType"},
        "dcat:byteSize": {"@value": str(len(content)), "@type": "xsd:nonNegativeInteger"},
        "dct:license": {"@id": dataset.licence_address, "@type": "dct:LicenseDocument"},
    }


def describe_crate(dataset: OpenDataset, files: Mapping[str, bytes]) -> dict[str, Any]:
    """``ro-crate-metadata.json``: RO-Crate 1.1."""
    parts = [
        {
            "@id": name,
            "@type": "File",
            "name": name,
            "contentSize": str(len(content)),
            "encodingFormat": media_type(name),
        }
        for name, content in files.items()
    ]
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": "ro-crate-metadata.json",
                "@type": "CreativeWork",
                "about": {"@id": "./"},
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "identifier": dataset.address,
                "name": dataset.titles["vi"],
                "description": dataset.descriptions["vi"],
                "datePublished": dataset.issued.isoformat(),
                "license": {"@id": dataset.licence_address},
                "publisher": {"@id": "#publisher"},
                "temporalCoverage": f"{dataset.first.isoformat()}/{dataset.last.isoformat()}",
                "version": str(dataset.edition),
                "hasPart": [{"@id": part["@id"]} for part in parts],
            },
            {"@id": "#publisher", "@type": "Organization", "name": dataset.publisher},
            {
                "@id": dataset.licence_address,
                "@type": "CreativeWork",
                "name": dataset.licence_title,
            },
            *parts,
        ],
    }


def write_citation(dataset: OpenDataset) -> bytes:
    """``CITATION.cff``; YAML, each text quoted as JSON does, which YAML reads too."""
    lines = {
        "cff-version": "1.2.0",
        "message": dataset.citation,
        "type": "dataset",
        "title": dataset.titles["vi"],
        "version": str(dataset.edition),
        "date-released": dataset.issued.isoformat(),
        "license": dataset.licence,
        "url": dataset.address,
    }
    text = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in lines.items()]
    text += ["authors:", f"  - name: {json.dumps(dataset.publisher, ensure_ascii=False)}"]
    return ("\n".join(text) + "\n").encode()
