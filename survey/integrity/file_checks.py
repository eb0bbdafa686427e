"""The files of the log against the entries and heads in the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from survey.integrity.heads import LedgerFault, full_note, ledger_folder
from survey.integrity.merkle import hash_leaf
from survey.integrity.models import LedgerHead
from survey.integrity.services import ledger_signer
from survey.integrity.tiles import WIDTH, entry_tiles, hash_tiles


def check_files(entries: list[bytes]) -> list[str]:
    """What is wrong with the files of the log, a sentence each; ``entries`` are those of the
    database.
    """
    faults: list[str] = []
    _check_all(faults, entries)
    return faults


def _check_all(faults: list[str], entries: list[bytes]) -> None:
    newest = LedgerHead.objects.order_by("-size").first()
    if newest is None:
        if entries or (ledger_folder() / "checkpoint").exists():
            faults.append("there are entries or files of a log, and no signed head")
        return
    sealed = entries[: newest.size]
    for number, (name, content) in enumerate(entry_tiles(sealed)):
        kept = _read_file(faults, name)
        if kept not in (None, content):
            faults += _name_entries(kept or b"", content, name, number)
    for name, content in hash_tiles([hash_leaf(entry) for entry in sealed]):
        if _read_file(faults, name) not in (None, content):
            faults.append(f"file {name} is not made of these entries")
    if _read_file(faults, "checkpoint") not in (None, full_note(newest).encode()):
        faults.append("file checkpoint is not the newest signed head: run seal_ledger")
    _check_key(faults)


def _check_key(faults: list[str]) -> None:
    with suppress(LedgerFault):  # told already, where heads are read
        verifier = ledger_signer().verifier
        if _read_file(faults, "key") not in (None, f"{verifier}\n".encode()):
            faults.append("file key is not the key of this log: run seal_ledger")


def _read_file(faults: list[str], name: str) -> bytes | None:
    path = ledger_folder() / name
    if path.is_file():
        return path.read_bytes()
    faults.append(f"file {name} is missing: run seal_ledger")
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
