"""Proofs from the files of the log: that an entry is in it, that it goes on from an older head.

Only the tiles on the way are read: a proof costs the same in a log of a thousand and of a million.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from survey.integrity.merkle import find_root, hash_node, prove_consistency, prove_inclusion
from survey.integrity.tiles import LEVELS, WIDTH, TileError, name_tile

HASH: Final = 32


class TileNodes:
    """Roots of parts of a log of ``size`` entries, read from its tiles."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def root(self, first: int, count: int) -> bytes:
        """Root of ``count`` leaves from ``first`` on, which is a multiple of the power of two that
        holds them.

        Raises
        ------
        TileError
            A tile is missing or cut off.
        """
        whole = count.bit_length() - 1
        if count == 1 << whole:
            return self._node(whole, first >> whole)
        half = 1 << whole
        return hash_node(self.root(first, half), self.root(first + half, count - half))

    def _node(self, level: int, number: int) -> bytes:
        """The root of 2**level leaves: hashes of the tile level below, joined."""
        tiles, above = divmod(level, LEVELS)
        first, count = number << above, 1 << above
        content = self._read(tiles, first // WIDTH)
        start = first % WIDTH
        hashes = [content[HASH * k : HASH * k + HASH] for k in range(start, start + count)]
        return find_root(hashes)

    def _read(self, level: int, number: int) -> bytes:
        if (level, number) not in self._tiles:
            width = min(WIDTH, (self.size >> (LEVELS * level)) - number * WIDTH)
            name = f"tile/{level}/{name_tile(number)}"
            paths = [self.folder / name]
            if width < WIDTH:
                paths.insert(0, self.folder / f"{name}.p" / str(width))
            found = next((path for path in paths if path.is_file()), None)
            content = found.read_bytes() if found else b""
            if len(content) < HASH * width:
                raise TileError(name)
            self._tiles[level, number] = content
        return self._tiles[level, number]

    def edge(self) -> list[list[bytes]]:
        """The hashes of each level of tiles that no full tile holds, but of the entries none: where
        the log goes on from its last full bundle.

        Raises
        ------
        TileError
            A tile is missing or cut off.
        """
        levels: list[list[bytes]] = [[]]
        while count := self.size >> LEVELS * len(levels):
            number, width = divmod(count, WIDTH)
            content = self._read(len(levels), number) if width else b""
            levels.append([content[HASH * k : HASH * k + HASH] for k in range(width)])
        return levels

    def include(self, index: int) -> list[bytes]:
        """The proof that an entry is in the log."""
        return prove_inclusion(self.root, index, self.size)

    def extend(self, old: int) -> list[bytes]:
        """The proof that the log begins with its first ``old`` entries."""
        return prove_consistency(self.root, old, self.size)


def encode_hashes(hashes: Sequence[bytes]) -> str:
    """A line a hash, in base64."""
    return "".join(f"{base64.b64encode(one).decode()}\n" for one in hashes)


def write_proof(entry: bytes, index: int, hashes: Sequence[bytes], checkpoint: str) -> str:
    """A ``tlog-proof@v1`` of C2SP; its extra data is the entry itself, which is hashed to be
    checked.
    """
    extra = base64.b64encode(entry).decode()
    head = f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {index}\n"
    return f"{head}{encode_hashes(hashes)}\n{checkpoint}"
