"""The files of the log against the entries and heads in the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from survey.integrity.heads import LedgerFault, full_note, ledger_folder, second_verifier
from survey.integrity.merkle import hash_leaf
from survey.integrity.models import LedgerHead
from survey.integrity.proofs import HASH
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
    sealed, older = entries[: newest.size], _list_tiles()
    for number, (name, content) in enumerate(entry_tiles(sealed)):
        kept = _read_file(faults, name)
        if kept not in (None, content):
            faults += _name_entries(kept or b"", content, name, number)
        faults += _compare_older(older, name, content)
    for name, content in hash_tiles([hash_leaf(entry) for entry in sealed]):
        if _read_file(faults, name) not in (None, content):
            faults.append(f"file {name} is not made of these entries")
        faults += _compare_older(older, name, content)
    faults += [f"file {name} is none of this log" for names in older.values() for name in names]
    if not _is_published(_read_file(faults, "checkpoint"), newest):
        faults.append("file checkpoint is not the newest signed head: run seal_ledger")
    _check_key(faults)


def _is_published(content: bytes | None, newest: LedgerHead) -> bool:
    """Whether the file is the newest head; of the others' signatures some may come a moment later
    than into the database.
    """
    if content is None:
        return True  # told already
    text, lines = content.decode("utf-8", "replace"), full_note(newest).splitlines()
    return text.startswith(newest.note) and set(text.splitlines()) <= set(lines)


def _list_tiles() -> dict[str, list[str]]:
    """Name of a tile without its width -> names of its files: shorter ones of older heads too."""
    found: dict[str, list[str]] = {}
    folder = ledger_folder()
    for path in sorted((folder / "tile").rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            name = path.relative_to(folder).as_posix()
            found.setdefault(name.partition(".p/")[0], []).append(name)
    return found


def _compare_older(older: dict[str, list[str]], name: str, content: bytes) -> Iterator[str]:
    """Shorter tiles of older heads begin the one of the newest."""
    for other in older.pop(name.partition(".p/")[0], []):
        if other == name:
            continue
        kept, width = (ledger_folder() / other).read_bytes(), other.partition(".p/")[2]
        size = sum(1 for _ in read_bundle(kept)) if "entries" in other else len(kept) / HASH
        if not content.startswith(kept) or not width.isdigit() or size != int(width):
            yield f"file {other} was changed: it does not begin {name}"


def _check_key(faults: list[str]) -> None:
    with suppress(LedgerFault):  # told already, where heads are read
        verifier = ledger_signer().verifier
        if _read_file(faults, "key") not in (None, f"{verifier}\n".encode()):
            faults.append("file key is not the key of this log: run seal_ledger")
        second = second_verifier(ledger_signer().name)
        if _read_file(faults, "key-mldsa") not in (None, f"{second.text}\n".encode()):
            faults.append("file key-mldsa is not the second key of this log: run seal_ledger")


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
