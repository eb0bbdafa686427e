"""Dossier events of a case system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.common.numbers import format_number
from survey.imports.kinds.base import Checked, ImportKind, Stored, Upload
from survey.messaging.event_intake import FILE_FIELDS, ingest_events, note_file, preview_events
from survey.messaging.labels import outcome_label
from survey.transactions.events import OPTIONAL_FIELDS, EventRefused, check_event
from survey.transactions.models import DossierEvent, SourceSystem
from survey.transactions.reading import RawRow, read_rows
from survey.transactions.services import Fault
from survey.transactions.template import explain_events

MOST_RECKONED: Final = 2000
"""Larger files are looked through only: to reckon messages they would have to be taken, and a
database that takes a file keeps citizens waiting.
"""
MOST_BESIDE_CITIZENS: Final = 100
"""The same on SQLite, where nobody else can write meanwhile: about a second."""
AT_ONCE: Final = 200
MAX_TOLD: Final = 100
"""Rows of dossiers nobody could be asked about that are named."""


class EventsKind(ImportKind):
    """What happened to dossiers; online services are asked about by message."""

    key = "events"
    label = gettext_lazy("Dossier events")
    lead = gettext_lazy(
        "What the case system reports of each dossier. Citizens of online services are asked by "
        "message. The same event sent again repeats nothing."
    )
    permission = "import-events"
    columns: ClassVar = FILE_FIELDS
    can_undo = False
    in_one = False

    def explain(self) -> list[str]:
        """What stands in each column."""
        return explain_events()

    def check(self, upload: Upload) -> Checked:
        """Every fault by row and column; how many would be asked, for how much."""
        source = _source(upload)
        rows = _read(upload)
        found = Checked(rows=len(rows))
        if not rows:
            found.faults.append(
                Fault(2, FILE_FIELDS[0], _("the file has no rows below the heading."))
            )
        fresh = set()
        for row in rows:
            try:
                event = check_event(_as_event(row), source, upload.now, source.province).event
            except EventRefused as error:
                message = str(error).partition(": ")[2]
                found.faults.append(Fault(row.number, error.field, message))
            else:
                fresh.add((event.dossier_code, event.kind, event.happened_at))
        found.new = _count_new(fresh, source)
        found.changed = 0
        most = MOST_RECKONED if connection.vendor == "postgresql" else MOST_BESIDE_CITIZENS
        if not found.faults and len(rows) <= most:
            found.notes += _reckon(upload, source)
        return found

    def store(self, upload: Upload, prepared: None = None) -> Stored:
        """Event after event; one that was taken before is skipped, so a second run ends a first."""
        source = _source(upload)
        rows = _read(upload)
        note_file(
            content=upload.content,
            file_name=upload.file_name,
            rows=len(rows),
            source=source,
            by=upload.by,
            now=upload.now,
        )
        counts: Counter[str] = Counter()
        not_asked: list[list[str]] = []
        done = 0
        for part in _in_parts(rows):
            events = [_as_event(row) for row in part]
            report = ingest_events(
                events=events, source=source, now=upload.now, province=source.province
            )
            counts += report.counts
            not_asked += [
                [str(part[place].number), outcome_label(why)] for place, why in report.not_asked
            ]
            done += len(part)
            upload.tell(done)
        outcomes = [[outcome_label(name), n] for name, n in counts.most_common()]
        return Stored({"outcomes": outcomes, "not_asked": not_asked[:MAX_TOLD]})


def _source(upload: Upload) -> SourceSystem:
    return SourceSystem.objects.get(pk=upload.options["source"])


def _read(upload: Upload) -> list[RawRow]:
    return read_rows(upload.content, upload.file_name, FILE_FIELDS, optional=OPTIONAL_FIELDS)


def _as_event(row: RawRow) -> dict[str, Any]:
    return dict(zip(FILE_FIELDS, row.cells, strict=True))


def _in_parts(rows: Sequence[RawRow]) -> Iterator[Sequence[RawRow]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def _count_new(keys: set[tuple[Any, ...]], source: SourceSystem) -> int:
    codes = sorted({key[0] for key in keys})
    known: set[tuple[Any, ...]] = set()
    for start in range(0, len(codes), AT_ONCE):
        rows = DossierEvent.objects.filter(
            province=source.province, dossier_code__in=codes[start : start + AT_ONCE]
        )
        known.update(rows.values_list("dossier_code", "kind", "happened_at"))
    return len(keys - known)


def _reckon(upload: Upload, source: SourceSystem) -> list[str]:
    """What taking the file would send, and who would not be asked, in words."""
    seen = preview_events(
        content=upload.content, file_name=upload.file_name, source=source, now=upload.now
    )
    lines = [
        _("%(messages)s messages of %(parts)s parts would be sent, for about %(price)s đồng.")
        % {
            "messages": format_number(seen.messages),
            "parts": format_number(seen.parts),
            "price": format_number(seen.price, 0),
        }
    ]
    lines += [
        f"{outcome_label(name)}: {format_number(count)}"
        for name, count in seen.report.counts.most_common()
    ]
    return lines
