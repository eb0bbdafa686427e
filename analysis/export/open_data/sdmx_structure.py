"""``structure.xml``: dataflow, data structure, concepts and code lists as SDMX-ML 3.0, every name
in Vietnamese and English. Written by hand: no kept library writes names in two languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree

from analysis.export.open_data.dataset import LEVEL_TITLES, OpenDataset
from analysis.export.open_data.sdmx import (
    ATTRIBUTES,
    DIMENSIONS,
    FLOW,
    MAINTAINER,
    MEASURE,
    artefact_version,
    code_ids,
    indicator_key,
)

_SCHEMAS: Final = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/"
_MES, _STR, _COM = (f"{{{_SCHEMAS}{name}}}" for name in ("message", "structure", "common"))
_XML: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_URN: Final = "urn:sdmx:org.sdmx.infomodel."
_STRUCTURE: Final = "DSD_SATISFACTION"
_CONCEPTS: Final = "CS_SATISFACTION"
Names = Mapping[str, tuple[str, str]]
"""Vietnamese and English name by identifier."""
CONCEPTS: Final[Names] = {
    "FREQ": ("Tần suất", "Frequency"),
    "AGENCY": ("Cơ quan", "Agency"),
    "LEVEL": ("Cấp số liệu", "Level of the figure"),
    "INDICATOR": ("Nội dung", "Content"),
    "TIME_PERIOD": ("Kỳ số liệu", "Period"),
    "OBS_VALUE": ("Chỉ số hài lòng (%)", "Satisfaction index (%)"),
    "OBS_STATUS": ("Tình trạng", "Status"),
    "CONF_STATUS": ("Mức bảo mật", "Confidentiality"),
    "UNIT_MEASURE": ("Đơn vị tính", "Unit of measure"),
    "CI_LOW": ("Cận dưới khoảng tin cậy 95%", "Lower limit of the 95% interval"),
    "CI_HIGH": ("Cận trên khoảng tin cậy 95%", "Upper limit of the 95% interval"),
    "N": ("Số phiếu, làm tròn đến 5", "Answers, to the nearest five"),
}
CODES: Final[Mapping[str, Names]] = {
    "FREQ": {
        "A": ("Năm", "Annual"),
        "S": ("Nửa năm", "Half-yearly"),
        "Q": ("Quý", "Quarterly"),
        "M": ("Tháng", "Monthly"),
        "_O": ("Chín tháng", "Nine months"),
    },
    "OBS_STATUS": {
        "A": ("Công bố", "Normal value"),
        "U": ("Độ tin cậy thấp, không xếp hạng", "Low reliability, not ranked"),
        "Q": ("Không công bố", "Missing value; suppressed"),
        "V": ("Chưa kiểm chứng, không xếp hạng", "Unvalidated value, not ranked"),
        "O": ("Chưa có phiếu", "Missing value"),
    },
    "CONF_STATUS": {"F": ("Công khai", "Free"), "C": ("Bảo mật", "Confidential")},
    "UNIT_MEASURE": {"PT": ("Phần trăm", "Percent")},
    "LEVEL": {key.upper(): names for key, names in LEVEL_TITLES.items()},
}
_NUMBERS: Final = {"OBS_VALUE": "Double", "CI_LOW": "Double", "CI_HIGH": "Double", "N": "Integer"}
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def write_structure(dataset: OpenDataset) -> bytes:
    """The structure message; equal data sets give equal bytes."""
    for prefix, name in (("mes", _MES), ("str", _STR), ("com", _COM)):
        ElementTree.register_namespace(prefix, name[1:-1])
    root = ElementTree.Element(f"{_MES}Structure")
    _add_header(root, dataset)
    parts = ElementTree.SubElement(root, f"{_MES}Structures")
    version = artefact_version(dataset.period, dataset.edition)
    _add_flow(parts, version)
    _add_codelists(parts, dataset, version)
    _add_concepts(parts, version)
    _add_data_structure(parts, version)
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _add_header(root: ElementTree.Element, dataset: OpenDataset) -> None:
    header = ElementTree.SubElement(root, f"{_MES}Header")
    values = {
        "ID": f"HL-{dataset.period}-{dataset.edition}",
        "Test": "false",
        "Prepared": f"{dataset.issued.isoformat()}T00:00:00Z",
    }
    for name, value in values.items():
        ElementTree.SubElement(header, f"{_MES}{name}").text = value
    ElementTree.SubElement(header, f"{_MES}Sender", id=MAINTAINER)


def _maintained(
    parent: ElementTree.Element, tag: str, name: str, names: tuple[str, str], version: str
) -> ElementTree.Element:
    """An artefact of ours with its names."""
    made = ElementTree.SubElement(
        parent, f"{_STR}{tag}", id=name, version=version, agencyID=MAINTAINER
    )
    _add_names(made, names)
    return made


def _add_names(parent: ElementTree.Element, names: tuple[str, str]) -> None:
    for language, text in zip(("vi", "en"), names, strict=True):
        made = ElementTree.SubElement(parent, f"{_COM}Name", {_XML: language})
        made.text = _NO_XML.sub("", text)


def _add_flow(parts: ElementTree.Element, version: str) -> None:
    flows = ElementTree.SubElement(parts, f"{_STR}Dataflows")
    flow = _maintained(flows, "Dataflow", FLOW, ("Chỉ số hài lòng", "Satisfaction index"), version)
    target = f"{_URN}datastructure.DataStructure={MAINTAINER}:{_STRUCTURE}({version})"
    ElementTree.SubElement(flow, f"{_STR}Structure").text = target


def _add_codelists(parts: ElementTree.Element, dataset: OpenDataset, version: str) -> None:
    lists = ElementTree.SubElement(parts, f"{_STR}Codelists")
    found = {**CODES, "AGENCY": _agencies(dataset), "INDICATOR": _contents(dataset)}
    for concept, codes in found.items():
        made = _maintained(lists, "Codelist", f"CL_{concept}", CONCEPTS[concept], version)
        for code, names in sorted(codes.items()):
            _add_names(ElementTree.SubElement(made, f"{_STR}Code", id=code), names)


def _agencies(dataset: OpenDataset) -> Names:
    names = {row["agency"]: row["agency_name"] for row in dataset.rows}
    return {code: (names[key], names[key]) for key, code in code_ids(names).items()}


def _contents(dataset: OpenDataset) -> Names:
    labels = {indicator_key(row): row["label"] or row["code"] for row in dataset.rows}
    found = {}
    for key, code in code_ids(labels).items():
        level, _slash, own = key.partition("/")
        known = dataset.labels.get(own, {}) if level in ("factor", "item") else {}
        texts = dataset.labels.get(key, known)
        vi = texts.get("vi", labels[key])
        found[code] = (vi, texts.get("en", vi))
    return found


def _add_concepts(parts: ElementTree.Element, version: str) -> None:
    schemes = ElementTree.SubElement(parts, f"{_STR}ConceptSchemes")
    scheme = _maintained(schemes, "ConceptScheme", _CONCEPTS, ("Khái niệm", "Concepts"), version)
    for name, names in CONCEPTS.items():
        _add_names(ElementTree.SubElement(scheme, f"{_STR}Concept", id=name), names)


def _add_data_structure(parts: ElementTree.Element, version: str) -> None:
    structures = ElementTree.SubElement(parts, f"{_STR}DataStructures")
    names = ("Cấu trúc chỉ số hài lòng", "Structure of the satisfaction index")
    made = _maintained(structures, "DataStructure", _STRUCTURE, names, version)
    components = ElementTree.SubElement(made, f"{_STR}DataStructureComponents")
    dimensions = ElementTree.SubElement(
        components, f"{_STR}DimensionList", id="DimensionDescriptor"
    )
    for position, name in enumerate(DIMENSIONS[:-1], start=1):
        one = ElementTree.SubElement(
            dimensions, f"{_STR}Dimension", id=name, position=str(position)
        )
        _add_identity(one, name, version)
    _add_identity(
        ElementTree.SubElement(dimensions, f"{_STR}TimeDimension", id=DIMENSIONS[-1]),
        DIMENSIONS[-1],
        version,
    )
    _add_attributes(components, version)
    measures = ElementTree.SubElement(components, f"{_STR}MeasureList", id="MeasureDescriptor")
    _add_identity(ElementTree.SubElement(measures, f"{_STR}Measure", id=MEASURE), MEASURE, version)


def _add_attributes(components: ElementTree.Element, version: str) -> None:
    attributes = ElementTree.SubElement(
        components, f"{_STR}AttributeList", id="AttributeDescriptor"
    )
    for name in ATTRIBUTES:
        one = ElementTree.SubElement(attributes, f"{_STR}Attribute", id=name, usage="optional")
        _add_identity(one, name, version)
        relation = ElementTree.SubElement(one, f"{_STR}AttributeRelationship")
        ElementTree.SubElement(relation, f"{_STR}Observation")


def _add_identity(component: ElementTree.Element, name: str, version: str) -> None:
    """Which concept a component is, and what its values are."""
    concept = f"{_URN}conceptscheme.Concept={MAINTAINER}:{_CONCEPTS}({version}).{name}"
    ElementTree.SubElement(component, f"{_STR}ConceptIdentity").text = concept
    values = ElementTree.SubElement(component, f"{_STR}LocalRepresentation")
    if name in (*CODES, "AGENCY", "INDICATOR"):
        target = f"{_URN}codelist.Codelist={MAINTAINER}:CL_{name}({version})"
        ElementTree.SubElement(values, f"{_STR}Enumeration").text = target
    else:
        kind = _NUMBERS.get(name, "ObservationalTimePeriod")
        ElementTree.SubElement(values, f"{_STR}TextFormat", textType=kind)
