"""A report as DOCX from a Word template the office may edit: the same report and template give the
same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.exceptions import PackageNotFoundError
from docx.shared import Mm
from docxtpl import DocxTemplate
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment
from lxml.etree import LxmlError

SHIPPED_TEMPLATE: Final = Path(__file__).parent / "report.docx"
PAGE_WIDTH_MM: Final = 165
"""Between the margins of Decree 30/2020/NĐ-CP."""
_BROKEN: Final = (
    TemplateError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
    PackageNotFoundError,
    LxmlError,
)
"""What a template that is none makes of itself."""
_FIXED: Final = (2000, 1, 1, 0, 0, 0)


def report_docx(document: Mapping[str, Any], template: bytes | None = None) -> bytes:
    """The DOCX of a report as it is kept; ``template`` is the province's own, else the shipped
    one.

    Raises
    ------
    ValidationError
        The template asks for something a report does not have, or is none.
    """
    source = io.BytesIO(template if template is not None else SHIPPED_TEMPLATE.read_bytes())
    buffer = io.BytesIO()
    try:
        filled = DocxTemplate(source)
        # Whoever edits a template in Word writes no programs: names of a report and nothing else.
        filled.render(dict(document), jinja_env=SandboxedEnvironment(autoescape=True))
        _shape_grids(filled.docx, document)
        filled.save(buffer)
    except _BROKEN as error:
        raise ValidationError(
            _("The Word template cannot be filled: %(fault)s") % {"fault": str(error)[:200]}
        ) from error
    return _settle(buffer.getvalue())


def _shape_grids(filled: Any, document: Mapping[str, Any]) -> None:
    """Columns as wide as they are meant to be, numbers to the right: Jinja knows neither.

    Tables are the report's where they have as many rows and columns: a template may hold others.
    """
    tables = list(filled.tables)
    for block in document["blocks"]:
        if block["type"] != "grid":
            continue
        shape = (len(block["rows"]) + 1, len(block["columns"]))
        while tables:
            table = tables.pop(0)
            rows = table._tbl.tr_lst
            if rows and (len(rows), len(rows[0].tc_lst)) == shape:
                _shape_grid(rows, table._tbl.tblGrid.gridCol_lst, block["columns"])
                break


def _shape_grid(rows: Any, grid: Any, columns: Any) -> None:
    whole = sum(column["share"] for column in columns)
    for place, column in enumerate(columns):
        width = Mm(PAGE_WIDTH_MM * column["share"] / whole)
        if place < len(grid):
            grid[place].w = width
        for number, row in enumerate(rows):
            cell = row.tc_lst[place]
            cell.width = width
            if number and column["align"] == "right":
                cell.p_lst[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _settle(content: bytes) -> bytes:
    """The same parts in one order and with one time."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in sorted(before.namelist()):
            part = zipfile.ZipInfo(name, _FIXED)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.external_attr = 0o600 << 16
            after.writestr(part, before.read(name))
    return buffer.getvalue()
