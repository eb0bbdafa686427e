"""Reads: every row against its entry, every entry against the files and the signed heads."""

from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from survey.common.locks import hold_lock
from survey.integrity.entries import REVISION, Subject, read_others, read_responses, write_entry
from survey.integrity.heads import LedgerFault, ledger_folder
from survey.integrity.log_checks import LogCheck
from survey.integrity.models import LedgerHead, LedgerLeaf
from survey.integrity.services import ledger_signer
from survey.integrity.signatures import check_signatures
from survey.responses.models import MONTH_ONLY, Evidence, Response
from survey.responses.spool import KEPT_MARK
from survey.scorecards.bridge.notes import NoteError, read_note

AT_ONCE: Final = 2000
OVERDUE: Final = timedelta(hours=48)
COME_LATE: Final = (Evidence.SCREEN, Evidence.AUDIT, Evidence.PAPER, Evidence.VOICE)
"""Tablets without network, ballots and calls are stored days after they were given."""
LATE: Final = timedelta(days=45)
_HEX: Final = "NOT (length({0}) = 32 AND {0} NOT GLOB '*[^0-9a-f]*')"
ODD_FORMS: Final = " OR ".join(
    [
        f"SELECT id FROM survey_response WHERE {_HEX.format('id')}",  # noqa: S608  (our own names)
        _HEX.format("response"),
        "month NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-01'",
        "answered_hour NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:00:00'",
        *(f"typeof({name}) <> 'integer'" for name in ("revision", "version_id", "agency_id")),
        *(
            f"typeof({name}) <> 'text'"
            for name in ("answers", "channel", "evidence", "submission_key", "receipt_hash")
        ),
    ]
)
"""Rows that are not written as this product writes them."""


@dataclass
class LedgerReport:
    """What was looked at, and what is wrong; ``faults`` empty: all is as it was sealed."""

    entries: int = 0
    heads: int = 0
    waiting: int = 0
    witnessed: int | None = None
    """Entries up to which enough witnesses signed; None where the policy asks for none."""
    faults: list[str] = field(default_factory=list)


def verify_ledger(against: Sequence[str] = ()) -> LedgerReport:
    """Check the whole log. ``against``: notes that were kept elsewhere, as printed in a report.

    A fault names the row or the entry. What the owner of the database and of the key rewrote
    everywhere is found by a note from elsewhere and by nothing else.
    """
    report = LedgerReport()
    # Nothing is sealed meanwhile: rows, files and heads are looked at as of one moment.
    with hold_lock("ledger"):
        _check_stored_forms(report)
        log = LogCheck(_read_heads(report, against))
        try:
            _check_rows(report, log)
            _check_missing(report)
        except ValueError as error:
            report.faults.append(f"a row holds what cannot be read: {error}")
            return report
        report.faults += log.close()
        report.witnessed = check_signatures(report.faults)
    return report


class _Leaf(NamedTuple):
    """What is kept of an entry, without the cost of a model."""

    place: int
    kind: str
    response_id: UUID | None
    subject: str | None
    entry: bytes
    salt: bytes


def _check_rows(report: LedgerReport, log: LogCheck) -> None:
    """Every entry against its row, and into the log."""
    others = {(one.kind, one.key): one for one in read_others()}
    leaves: list[_Leaf] = []
    sealed = _Sealings()
    rows = LedgerLeaf.objects.order_by("index").values_list("index", *_Leaf._fields[1:])
    for leaf in map(_Leaf._make, rows.iterator(chunk_size=AT_ONCE)):
        if leaf.place != log.size:
            report.faults.append(f"entry {log.size} is missing: the next one is {leaf.place}")
        log.add(bytes(leaf.entry))
        leaves.append(leaf)
        if len(leaves) == AT_ONCE:
            report.faults += _compare(leaves, others, sealed)
            leaves.clear()
    report.faults += _compare(leaves, others, sealed)
    report.entries = log.size


class _Sealings:
    """When the heads were signed: a row that claims to be older than the sealing before its own was
    put in behind it.
    """

    def __init__(self) -> None:
        rows = LedgerHead.objects.order_by("size").values_list("size", "made_at")
        self.sizes, self.moments = [size for size, _ in rows], [moment for _, moment in rows]

    def before(self, place: int) -> datetime | None:
        """The last sealing that did not have the entry at this place."""
        number = bisect_right(self.sizes, place)
        return self.moments[number - 1] if number else None

    def last(self) -> datetime | None:
        """The newest one."""
        return self.moments[-1] if self.moments else None


def _is_put_in(one: Subject, sealing: datetime | None) -> bool:
    """Whether a row says it was there long before a sealing that did not have it. Changes keep the
    hour of the first answer, answers by link the month: of them it cannot be told.
    """
    if sealing is None or one.kind == REVISION or one.evidence in MONTH_ONLY:
        return False
    is_late = one.evidence in COME_LATE or KEPT_MARK in (one.content.get("marks") or {})
    return one.when < sealing - (LATE if is_late else OVERDUE)


def _compare(
    leaves: list[_Leaf], others: dict[tuple[str, str], Subject], sealed: _Sealings
) -> Iterator[str]:
    ids = [leaf.response_id for leaf in leaves if leaf.response_id is not None]
    there = {one.key: one for one in read_responses(Response.objects.filter(pk__in=ids))}
    for leaf in leaves:
        if leaf.response_id is not None:
            name, found = f"submission {leaf.response_id}", there.get(str(leaf.response_id))
        else:
            name = f"{leaf.kind} {leaf.subject}"
            found = others.get((leaf.kind, str(leaf.subject)))
        if found is None:
            yield f"{name} was deleted (entry {leaf.place})"
        elif _entry_now(found, bytes(leaf.salt)) != bytes(leaf.entry):
            yield f"{name} was changed (entry {leaf.place}): agency {found.agency}, {found.period}"
        elif _is_put_in(found, sealed.before(leaf.place)):
            yield f"{name} was put in with an older date (entry {leaf.place}): {found.period}"


def _entry_now(found: Subject, salt: bytes) -> bytes | None:
    try:
        return write_entry(found, salt)
    except (ValueError, OverflowError):
        return None


def _check_missing(report: LedgerReport) -> None:
    there = set(LedgerLeaf.objects.filter(response=None).values_list("kind", "subject"))
    waiting = [*read_responses(Response.objects.filter(leaf=None))]
    waiting += [one for one in read_others(there) if (one.kind, one.key) not in there]
    report.waiting, last = len(waiting), _Sealings().last()
    for one in waiting:
        if _is_put_in(one, last) or _entry_now(one, b"") is None:
            report.faults.append(
                f"{one.kind} {one.key} has no entry: added behind the log, agency {one.agency}, "
                f"{one.period}"
            )


def _check_stored_forms(report: LedgerReport) -> None:
    """SQLite keeps what it is given: another spelling of a value reads the same here and counts
    elsewhere as another one.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(ODD_FORMS)
        for (key,) in cursor.fetchall():
            report.faults.append(f"submission {key} was changed: a value is spelt another way")


def _read_heads(report: LedgerReport, against: Sequence[str]) -> list[tuple[int, bytes, str]]:
    """(size, root, where) of every head that is signed by the key of the log."""
    heads = list(LedgerHead.objects.order_by("size"))
    kept = ledger_folder() / "checkpoint"
    report.heads = len(heads)
    if not heads and not against and not kept.exists():
        return []
    try:
        verifier = ledger_signer().verifier
    except LedgerFault as error:
        report.faults.append(str(error))
        return []
    return _read_notes(report, verifier, heads, kept, against)


def _read_notes(
    report: LedgerReport,
    verifier: str,
    heads: list[LedgerHead],
    kept: Path,
    against: Sequence[str],
) -> list[tuple[int, bytes, str]]:
    found: list[tuple[int, bytes, str]] = []
    notes = [(head.note, f"head {head.size}") for head in heads]
    if kept.is_file():
        notes.append((kept.read_text(encoding="utf-8", errors="replace"), "file checkpoint"))
    notes += [(note, f"note {place} from elsewhere") for place, note in enumerate(against, 1)]
    for note, where in notes:
        try:
            text, _signer = read_note(note.rstrip("\n") + "\n", [verifier])
            _origin, size, root = text.splitlines()[:3]
            found.append((int(size), base64.b64decode(root, validate=True), where))
        except (NoteError, ValueError) as error:
            report.faults.append(f"{where} is not signed by the key of this log: {error}")
    told = {(size, root.hex()) for size, root, _where in found}
    report.faults += [
        f"head {head.size} says another root than its note"
        for head in heads
        if (head.size, head.root) not in told
    ]
    return found
