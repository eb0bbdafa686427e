"""The files of the log and its signed heads against the entries in the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from survey.integrity.heads import LedgerFault, full_note, ledger_folder, second_verifier
from survey.integrity.models import LedgerHead
from survey.integrity.proofs import HASH
from survey.integrity.services import ledger_signer
from survey.integrity.tiles import WIDTH, LogTiles, Tile

BUNDLES: Final = "tile/entries/"


class LogCheck:
    """The files and the signed heads of the log against its entries, which come one by one.

    ``heads``: (size, root, where it stands) of each.
    """

    def __init__(self, heads: Iterable[tuple[int, bytes, str]]) -> None:
        self.faults: list[str] = []
        self._newest = LedgerHead.objects.order_by("-size").first()
        self._sealed = self._newest.size if self._newest else 0
        self._older = _list_tiles() if self._newest else {}
        self._log = LogTiles()
        self._roots: dict[int, list[tuple[bytes, str]]] = {}
        for size, root, where in heads:
            self._roots.setdefault(size, []).append((root, where))

    @property
    def size(self) -> int:
        """Entries so far."""
        return self._log.size

    def add(self, entry: bytes) -> None:
        """The next entry of the database."""
        tiles = self._log.add(entry)
        if self.size <= self._sealed:
            self._compare(tiles)
        if self.size == self._sealed:
            self._compare(self._log.last_tiles())
        for root, where in self._roots.pop(self.size, ()):
            if self._log.root() != root:
                self.faults.append(
                    f"{where}: the first {self.size} entries are not those it was signed over"
                )

    def close(self) -> list[str]:
        """What is wrong, a sentence each, when all entries have come."""
        if self.size < self._sealed:
            self._compare(self._log.last_tiles())
        for size, names in sorted(self._roots.items()):
            lost = size - self.size
            self.faults += [
                f"{where}: the last {lost} entries it was signed over are gone"
                for _root, where in names
            ]
        if self._newest is None:
            if self.size or (ledger_folder() / "checkpoint").exists():
                self.faults.append("there are entries or files of a log, and no signed head")
            return self.faults
        none = [name for names in self._older.values() for name in names]
        self.faults += [f"file {name} is none of this log" for name in none]
        if not _is_published(_read_file(self.faults, "checkpoint"), self._newest):
            self.faults.append("file checkpoint is not the newest signed head: run seal_ledger")
        _check_key(self.faults)
        return self.faults

    def _compare(self, tiles: list[Tile]) -> None:
        for name, content in tiles:
            kept = _read_file(self.faults, name)
            if kept not in (None, content):
                self.faults += _name_difference(name, kept or b"", content)
            self.faults += _compare_older(self._older, name, content)


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
    faults.append(f"file {name} is missing: run seal_ledger --whole")
    return None


def _name_difference(name: str, kept: bytes, now: bytes) -> Iterator[str]:
    """Which entries of a bundle are others than in its file; a tile of hashes as a whole."""
    if not name.startswith(BUNDLES):
        yield f"file {name} is not made of these entries"
        return
    number = int(re.sub(r"\D", "", name.removeprefix(BUNDLES).partition(".p/")[0]))
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
