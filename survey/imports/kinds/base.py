"""The contract of a kind of file: look through it, take it, take it back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any, ClassVar, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.models import AgencyVersion
from survey.agencies.queries import versions_on
from survey.transactions.reading import FileError, RawRow, read_rows
from survey.transactions.services import Fault

MAX_FAULTS: Final = 1000
MAX_ROWS: Final = 1000
"""Rows of places and people in one file: each is several statements in one transaction."""


@dataclass(frozen=True)
class Upload:
    """A file as it was brought."""

    content: bytes
    file_name: str
    options: Mapping[str, Any]
    by: User
    now: datetime
    today: date
    tell: Callable[[int], None] = lambda _rows: None
    """Told how many rows are done."""


@dataclass
class Checked:
    """What is in a file and what taking it would do; nothing was stored."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    replaced: list[str] = field(default_factory=list)
    """What would go, a line each."""
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    basis: str = ""
    """What the preview stands on, in no language: another basis has to be looked at anew."""

    def as_json(self) -> dict[str, Any]:
        """For the database; of many faults the first thousand."""
        kept = {name: value for name, value in asdict(self).items() if name != "basis"}
        return {**kept, "faults": [asdict(fault) for fault in self.faults[:MAX_FAULTS]]}

    def digest(self) -> str:
        """What somebody has read before saying yes; another one has to be read anew."""
        told = [self.rows, self.new, self.changed, self.basis]
        return sha256(repr(told).encode()).hexdigest()


@dataclass
class Stored:
    """What was done: what undoing needs, and lines that are shown once."""

    thing: dict[str, Any] = field(default_factory=dict)
    told: list[list[str]] = field(default_factory=list)


class ImportKind(ABC):
    """One kind of file."""

    key: ClassVar[str]
    label: ClassVar[Any]
    lead: ClassVar[Any]
    permission: ClassVar[str]
    columns: ClassVar[Sequence[str]]
    asks_again: ClassVar[bool] = False
    """Whether taking it asks for the second factor again."""
    can_undo: ClassVar[bool] = True
    in_one: ClassVar[bool] = True
    """Whether storing is one transaction; else each row is one, and what is repeated is skipped."""

    @abstractmethod
    def explain(self) -> list[str]:
        """What stands in each column."""

    @abstractmethod
    def check(self, upload: Upload) -> Checked:
        """Look through a file.

        Raises
        ------
        FileError
            It cannot be read as a whole.
        """

    def prepare(self, upload: Upload) -> Any:
        """Everything that can be read before the transaction: on SQLite one keeps citizens
        waiting.
        """
        return None

    @abstractmethod
    def store(self, upload: Upload, prepared: Any) -> Stored:
        """Take a file that has no faults.

        Raises
        ------
        ValidationError
            Something was taken since it was looked through: nothing is stored.
        """

    def undo(self, thing: Mapping[str, Any], now: datetime) -> None:
        """Take back what was stored.

        Raises
        ------
        ValidationError
            It has been used.
        """
        raise ValidationError(_("This kind of file cannot be undone."))


class Rows:
    """The rows of a file with their faults, and what every kind looks up."""

    def __init__(self, upload: Upload, columns: Sequence[str]) -> None:
        self.columns = columns
        self.today = upload.today
        self.faults: list[Fault] = []
        self.raw: list[RawRow] = read_rows(upload.content, upload.file_name, columns)
        if len(self.raw) > MAX_ROWS:
            raise FileError(
                _("The file has more than %(count)s rows. Split it.") % {"count": MAX_ROWS}
            )
        if not self.raw:
            self.faults.append(Fault(2, columns[0], _("the file has no rows below the heading.")))
        self._codes: dict[str, AgencyVersion] | None = None

    def refuse_faults(self) -> None:
        """Whole or not at all: what became faulty meanwhile stops everything."""
        if self.faults:
            raise ValidationError(str(self.faults[0]))

    def cell(self, row: RawRow, column: str) -> str:
        """Text of a cell."""
        return row.cells[self.columns.index(column)]

    def fault(self, row: RawRow, column: str, message: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(row.number, column, message))

    def required(self, row: RawRow, column: str, most: int) -> str:
        """Text of a cell that may not be empty, or be longer than this."""
        text = self.cell(row, column)
        if not text:
            self.fault(row, column, _("is missing."))
        return self.fitting(row, column, most)

    def fitting(self, row: RawRow, column: str, most: int) -> str:
        """Text of a cell that may be empty."""
        text = self.cell(row, column)
        if len(text) > most:
            self.fault(row, column, _("is longer than %(most)s characters.") % {"most": most})
        return text

    def choice(self, row: RawRow, column: str, known: Mapping[str, str]) -> str:
        """Code of a choice, written as code or in words."""
        found = known.get(fold_choice(self.cell(row, column)), "")
        if not found:
            self.fault(
                row,
                column,
                _("“%(value)s” is not known; use one of: %(known)s.")
                % {
                    "value": self.cell(row, column)[:40],
                    "known": ", ".join(words for words, code in known.items() if words != code),
                },
            )
        return found

    def agency(self, row: RawRow, column: str) -> AgencyVersion | None:
        """The agency in force today with the code in a cell."""
        if self._codes is None:
            self._codes = {}
            for version in versions_on(self.today):
                codes = (version.unit_code, version.agency_code, version.agency.key)
                self._codes |= {code: version for code in codes if code}
        found = self._codes.get(self.cell(row, column))
        if found is None:
            self.fault(
                row,
                column,
                _("no agency has the code “%(code)s”.") % {"code": self.cell(row, column)[:40]},
            )
        return found

    def day(self, row: RawRow, column: str) -> date | None:
        """A day, written as 31/12/2026 or by the spreadsheet; None for an empty cell."""
        text = self.cell(row, column)
        if not text:
            return None
        for form in ("%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"):
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007  (a day, no moment)
            except ValueError:
                continue
        self.fault(
            row, column, _("“%(value)s” is not a day; write 31/12/2026.") % {"value": text[:40]}
        )
        return None


def fold_choice(text: str) -> str:
    """How words of choices are compared."""
    return " ".join(text.casefold().split())


def choices_by_words(choices: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """Code and words of each choice -> code."""
    found = {fold_choice(str(label)): value for value, label in choices if value}
    return {**found, **{fold_choice(value): value for value, _label in choices if value}}
