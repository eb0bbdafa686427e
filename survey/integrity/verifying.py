"""Reads: every row against its entry, every entry against the files and the signed heads."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.utils import timezone

from survey.common.periods import first_of_month
from survey.integrity.entries import Subject, read_others, read_responses, write_entry
from survey.integrity.merkle import RunningRoot, hash_leaf
from survey.integrity.models import LedgerHead, LedgerLeaf
from survey.integrity.services import ledger_folder, ledger_signer
from survey.integrity.tiles import WIDTH, entry_tiles, hash_tiles
from survey.responses.models import Evidence, Response
from survey.scorecards.bridge.notes import NoteError, read_note

AT_ONCE: Final = 2000
OVERDUE: Final = timedelta(hours=48)
"""What is older and has no entry was not sealed when it should have been, or was put in later."""


@dataclass
class LedgerReport:
    """What was looked at, and what is wrong; ``faults`` empty: all is as it was sealed."""

    entries: int = 0
    heads: int = 0
    waiting: int = 0
    faults: list[str] = field(default_factory=list)


def verify_ledger(now: datetime, against: Sequence[str] = ()) -> LedgerReport:
    """Check the whole log. ``against``: notes that were kept elsewhere, as printed in a report.

    A fault names the row or the entry. What the owner of the database and of the key rewrote
    everywhere is found by a note from elsewhere and by nothing else.
    """
    report = LedgerReport()
    entries = _check_rows(report)
    _check_missing(report, now)
    sizes = _read_heads(report, against)
    _check_roots(report, entries, sizes)
    _check_files(report, entries)
    return report


class _Leaf(NamedTuple):
    """What is kept of an entry, without the cost of a model."""

    place: int
    kind: str
    response_id: UUID | None
    subject: str | None
    entry: bytes
    salt: bytes


def _check_rows(report: LedgerReport) -> list[bytes]:
    """Every entry against its row; returns the entries."""
    others = {(one.kind, one.key): one for one in read_others()}
    entries: list[bytes] = []
    leaves: list[_Leaf] = []
    rows = LedgerLeaf.objects.order_by("index").values_list("index", *_Leaf._fields[1:])
    for leaf in map(_Leaf._make, rows.iterator(chunk_size=AT_ONCE)):
        if leaf.place != len(entries):
            report.faults.append(f"entry {len(entries)} is missing: the next one is {leaf.place}")
        entries.append(bytes(leaf.entry))
        leaves.append(leaf)
        if len(leaves) == AT_ONCE:
            report.faults += _compare(leaves, others)
            leaves.clear()
    report.faults += _compare(leaves, others)
    report.entries = len(entries)
    return entries


def _compare(leaves: list[_Leaf], others: dict[tuple[str, str], Subject]) -> Iterator[str]:
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
        elif write_entry(found, bytes(leaf.salt)) != bytes(leaf.entry):
            yield f"{name} was changed (entry {leaf.place}): agency {found.agency}, {found.period}"


def _check_missing(report: LedgerReport, now: datetime) -> None:
    there = set(LedgerLeaf.objects.filter(response=None).values_list("kind", "subject"))
    waiting = [*read_responses(Response.objects.filter(leaf=None))]
    waiting += [one for one in read_others() if (one.kind, one.key) not in there]
    report.waiting = len(waiting)
    month = first_of_month(timezone.localdate(now))
    last_month = f"{first_of_month(month - timedelta(days=1)):%Y-%m}"
    for one in waiting:
        by_link = one.evidence == Evidence.SMS
        if one.period < last_month if by_link else one.when < now - OVERDUE:
            report.faults.append(
                f"{one.kind} {one.key} has no entry: added behind the log, agency {one.agency}, "
                f"{one.period}"
            )


def _read_heads(report: LedgerReport, against: Sequence[str]) -> list[tuple[int, bytes, str]]:
    """(size, root, where) of every head that is signed by the key of the log."""
    verifier, found = ledger_signer().verifier, []
    notes = [(head.note, f"head {head.size}") for head in LedgerHead.objects.order_by("size")]
    report.heads = len(notes)
    notes += [(note, f"note {place} from elsewhere") for place, note in enumerate(against, 1)]
    for note, where in notes:
        try:
            text, _signer = read_note(note, [verifier])
            _origin, size, root = text.splitlines()[:3]
            found.append((int(size), base64.b64decode(root), where))
        except (NoteError, ValueError) as error:
            report.faults.append(f"{where} is not signed by the key of this log: {error}")
    return found


def _check_roots(
    report: LedgerReport, entries: list[bytes], heads: Iterable[tuple[int, bytes, str]]
) -> None:
    wanted: dict[int, list[tuple[bytes, str]]] = {}
    for size, root, where in heads:
        wanted.setdefault(size, []).append((root, where))
    running = RunningRoot()
    for entry in entries:
        running.add(hash_leaf(entry))
        for root, where in wanted.pop(running.size, ()):
            if running.root() != root:
                report.faults.append(
                    f"{where}: the first {running.size} entries are not those it was signed over"
                )
    for size, names in sorted(wanted.items()):
        for _root, where in names:
            lost = size - len(entries)
            report.faults.append(f"{where}: the last {lost} entries it was signed over are gone")


def _check_files(report: LedgerReport, entries: list[bytes]) -> None:
    newest = LedgerHead.objects.order_by("-size").first()
    if newest is None:
        return
    sealed = entries[: newest.size]
    for number, (name, content) in enumerate(entry_tiles(sealed)):
        kept = _read_file(report, name)
        if kept not in (None, content):
            report.faults += _name_entries(kept or b"", content, name, number)
    for name, content in hash_tiles([hash_leaf(entry) for entry in sealed]):
        if _read_file(report, name) not in (None, content):
            report.faults.append(f"file {name} is not made of these entries")
    if _read_file(report, "checkpoint") not in (None, newest.note.encode()):
        report.faults.append("file checkpoint is not the newest signed head: run seal_ledger")


def _read_file(report: LedgerReport, name: str) -> bytes | None:
    path = ledger_folder() / name
    if path.is_file():
        return path.read_bytes()
    report.faults.append(f"file {name} is missing: run seal_ledger")
    return None


def _name_entries(kept: bytes, now: bytes, name: str, number: int) -> Iterator[str]:
    """Which entries of a bundle are others than in its file."""
    before, after = list(read_bundle(kept)), list(read_bundle(now))
    for place in range(max(len(before), len(after))):
        if before[place : place + 1] != after[place : place + 1]:
            yield f"entry {number * WIDTH + place} is another one than in file {name}"


def read_bundle(content: bytes) -> Iterator[bytes]:
    """The entries of a bundle."""
    place = 0
    while place + 2 <= len(content):
        size = int.from_bytes(content[place : place + 2], "big")
        yield content[place + 2 : place + 2 + size]
        place += 2 + size
