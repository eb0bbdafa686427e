"""The log as static files in the format ``tlog-tiles`` of C2SP: any web server can serve them, any
mirror copy them.

``tile/<L>/<N>`` holds 256 hashes of level 8 L, ``tile/entries/<N>`` the entries of 256 leaves, each
after its length in two bytes; the last, shorter one is ``<N>.p/<W>``. A full tile never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from survey.common.durable_files import replace_file
from survey.integrity.merkle import find_root

WIDTH: Final = 256


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


def hash_tiles(leaves: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every tile of hashes over these leaf hashes."""
    level, hashes = 0, list(leaves)
    while hashes:
        yield from _tiles(str(level), [b"".join(part) for part in _parts(hashes)], len(hashes))
        hashes = [find_root(part) for part in _parts(hashes) if len(part) == WIDTH]
        level += 1


def entry_tiles(entries: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every bundle of entries."""
    bundles = [
        b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
        for part in _parts(entries)
    ]
    yield from _tiles("entries", bundles, len(entries))


def _parts(items: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (items[start : start + WIDTH] for start in range(0, len(items), WIDTH))


def _tiles(level: str, contents: Sequence[bytes], count: int) -> Iterator[tuple[str, bytes]]:
    for number, content in enumerate(contents):
        width = min(WIDTH, count - number * WIDTH)
        ending = "" if width == WIDTH else f".p/{width}"
        yield f"tile/{level}/{name_tile(number)}{ending}", content


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
