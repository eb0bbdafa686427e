"""Rows of an XLSX file, of the one sheet that holds the table."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext as _

from survey.transactions.headings import is_heading
from survey.transactions.workbook_limits import (
    DAMAGE,
    FileError,
    check_parts,
    damaged_file,
    too_large,
)

MAX_CELLS: Final = 1_000_000
"""Cells the rows are filled up to: a lonely cell in the last column makes its row 16,384 wide."""
MIN_FILLED_CELLS: Final = 3
"""Cells in a row of a table; words beside a table have two."""
MAX_PEEKED_ROWS: Final = 2_000
"""Rows looked at in a sheet that is not taken."""


def workbook_rows(
    content: bytes, columns: Sequence[str], as_text: Callable[..., str], optional: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of the one visible sheet that begins with the headings ``columns``, of which
    the last ``optional`` ones may lack.

    Raises
    ------
    FileError
        Too large, damaged, no such sheet or several of them, or a formula that holds no value.
    """
    import openpyxl  # noqa: PLC0415  (heavy; only when a workbook comes in)
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415

    uncomputed = check_parts(content)
    months = "month" in columns
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheet = _chosen(book, columns, optional)
        _refuse_uncomputed(uncomputed.get(str(sheet._worksheet_path).lstrip("/"), ""))
        for number, row in enumerate(_rows(sheet), start=1):
            yield number, ["" if value is None else as_text(value, months=months) for value in row]
    except FileError:
        raise
    except (
        *DAMAGE,
        DefusedXmlException,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        SyntaxError,
    ) as error:
        raise damaged_file() from error


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """Rows up to their last cell: what the sheet says of its own size is not believed."""
    sheet.reset_dimensions()
    left = MAX_CELLS
    for row in sheet.iter_rows(values_only=True):
        left -= len(row)
        if left < 0:
            raise too_large()
        yield row


def _chosen(book: Any, columns: Sequence[str], optional: int) -> Any:
    """The one visible sheet that begins with the headings; the first visible one when none does."""
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    fitting = [sheet for sheet in visible if is_heading(_heading(sheet), columns, optional)]
    if len(fitting) > 1:
        names = ", ".join(f"“{sheet.title[:40]}”" for sheet in fitting)
        raise FileError(
            _(
                "Several sheets hold the table: %(names)s. Put all rows into one sheet, or send "
                "one file for each."
            )
            % {"names": names}
        )
    if fitting:
        _refuse_others(visible, fitting[0])
        return fitting[0]
    if any(is_heading(_heading(sheet), columns, optional) for sheet in book.worksheets):
        raise FileError(
            _("The sheet with the headings is hidden. Show it, check it, and send the file again.")
        )
    if not visible:
        raise FileError(_("The workbook has no visible sheet."))
    return visible[0]


def _refuse_others(visible: Sequence[Any], chosen: Any) -> None:
    """Another sheet with rows of a table may be a second one under another heading: it is not
    passed over.
    """
    for sheet in visible:
        filled = (
            row
            for row in islice(_rows(sheet), MAX_PEEKED_ROWS)
            if sum(value is not None for value in row) >= MIN_FILLED_CELLS
        )
        if sheet is not chosen and next(filled, None) is not None:
            raise FileError(
                _(
                    "The sheet “%(name)s” is not empty, and only “%(taken)s” begins with the "
                    "headings. Put all rows "
                    "into one sheet, or hide what is not meant."
                )
                % {"name": sheet.title[:40], "taken": chosen.title[:40]}
            )


def _heading(sheet: Any) -> list[str]:
    first = next(_rows(sheet), ())
    found = [str(value or "").strip().lower() for value in first]
    while found and not found[-1]:
        found.pop()
    return found


def _refuse_uncomputed(cell: str) -> None:
    """A formula nobody has computed has no value to take: Excel stores one, libraries often
    do not.
    """
    if cell:
        raise FileError(
            _(
                "Row %(row)s, cell %(cell)s holds a formula without a value. Open the file in "
                "Excel and save it, or "
                "paste the table as values."
            )
            % {"row": cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "cell": cell}
        )
