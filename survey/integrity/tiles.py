"""The log as static files in the format ``tlog-tiles`` of C2SP: any web server can serve them, any
mirror copy them.

``tile/<L>/<N>`` holds 256 hashes of level 8 L, ``tile/entries/<N>`` the entries of 256 leaves, each
after its length in two bytes; the last, shorter one is ``<N>.p/<W>``. A full tile never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from survey.common.durable_files import replace_file
from survey.integrity.merkle import RunningRoot, find_root, hash_leaf

WIDTH: Final = 256
LEVELS: Final = 8
"""Levels of the tree one level of tiles stands for."""
Tile = tuple[str, bytes]
"""Path and content."""


class TileError(Exception):
    """A tile that must not change is another one."""


def name_tile(number: int) -> str:
    """The number of a tile as a path: groups of three digits, all but the last with an x.

    Examples
    --------
    >>> name_tile(5), name_tile(1234067)
    ('005', 'x001/x234/067')
    """
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


class LogTiles:
    """The tiles of a log as its entries come: what is kept meanwhile does not grow with the log.

    ``levels``: for a log that goes on at a full bundle, the hashes of each level of tiles that no
    full tile holds yet, those of the entries first (none, there).
    """

    def __init__(self, levels: Sequence[Sequence[bytes]] = ((),)) -> None:
        self._levels = [list(hashes) for hashes in levels]
        self._bundle: list[bytes] = []
        self.size = sum(len(hashes) << LEVELS * level for level, hashes in enumerate(self._levels))

    def add(self, entry: bytes) -> list[Tile]:
        """One entry more; the tiles that are full by it."""
        self.size += 1
        self._bundle.append(entry)
        self._levels[0].append(hash_leaf(entry))
        return self._fill() if len(self._bundle) == WIDTH else []

    def _fill(self) -> list[Tile]:
        tiles = [self._name("entries", 0, _join(self._bundle), WIDTH)]
        self._bundle = []
        for level, hashes in enumerate(self._levels):
            if len(hashes) < WIDTH:
                break
            tiles.append(self._name(str(level), level, b"".join(hashes), WIDTH))
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(find_root(hashes))
            self._levels[level] = []
        return tiles

    def _name(self, kind: str, level: int, content: bytes, width: int) -> Tile:
        number = (self.size >> LEVELS * (level + 1)) - (width == WIDTH)
        ending = "" if width == WIDTH else f".p/{width}"
        return f"tile/{kind}/{name_tile(number)}{ending}", content

    def last_tiles(self) -> list[Tile]:
        """The tiles that are not full, as they are now."""
        tiles = [
            self._name(str(level), level, b"".join(hashes), len(hashes))
            for level, hashes in enumerate(self._levels)
            if hashes
        ]
        if self._bundle:
            tiles.append(self._name("entries", 0, _join(self._bundle), len(self._bundle)))
        return tiles

    def root(self) -> bytes:
        """The root of the log so far."""
        running = RunningRoot()
        for level in reversed(range(len(self._levels))):
            for node in self._levels[level]:
                running.add(node, LEVELS * level)
        return running.root()


def _join(entries: Sequence[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def write_tile(folder: Path, name: str, content: bytes) -> bool:
    """Write a tile; False when it is there already.

    Raises
    ------
    TileError
        It is there with another content: history was changed.
    """
    path = folder / name
    if path.exists():
        if path.read_bytes() != content:
            raise TileError(name)
        return False
    replace_file(path, content)
    return True
