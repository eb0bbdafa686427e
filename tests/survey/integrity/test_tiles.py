"""Tiles of a log as its entries come, against the whole log cut into tiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.integrity.merkle import EMPTY, find_root, hash_leaf
from survey.integrity.proofs import TileNodes
from survey.integrity.tiles import WIDTH, LogTiles, TileError, name_tile
from tests.survey.integrity.builders import write_log

SIZES = (1, 255, 256, 257, 512, 700, 65_536, 65_536 + 300)
ENTRIES = [f"entry {k}".encode() for k in range(max(SIZES))]
LEAVES = [hash_leaf(entry) for entry in ENTRIES]


def cut(level: str, pieces: list[bytes]) -> Iterator[tuple[str, bytes]]:
    for start in range(0, len(pieces), WIDTH):
        part = pieces[start : start + WIDTH]
        ending = "" if len(part) == WIDTH else f".p/{len(part)}"
        yield f"tile/{level}/{name_tile(start // WIDTH)}{ending}", b"".join(part)


def expected(size: int) -> dict[str, bytes]:
    """All tiles of a log of so many entries, level by level."""
    entries = [len(entry).to_bytes(2, "big") + entry for entry in ENTRIES[:size]]
    tiles, level, hashes = dict(cut("entries", entries)), 0, LEAVES[:size]
    while hashes:
        tiles |= cut(str(level), hashes)
        full = len(hashes) // WIDTH
        hashes = [find_root(hashes[WIDTH * k : WIDTH * k + WIDTH]) for k in range(full)]
        level += 1
    return tiles


@pytest.mark.parametrize("size", SIZES)
def test_tiles_as_entries_come_are_those_of_the_whole(size: int) -> None:
    log, tiles = LogTiles(), []
    for entry in ENTRIES[:size]:
        tiles += log.add(entry)
    tiles += log.last_tiles()
    assert len(dict(tiles)) == len(tiles), "each once"
    assert dict(tiles) == expected(size)
    assert (log.size, log.root()) == (size, find_root(LEAVES[:size]))


@pytest.mark.parametrize("size", SIZES)
def test_a_log_goes_on_from_its_files(tmp_path: Path, size: int) -> None:
    write_log(tmp_path, ENTRIES[:size])
    log = LogTiles(TileNodes(tmp_path, size).edge())
    assert log.size == size // WIDTH * WIDTH
    tiles = [tile for entry in ENTRIES[log.size :] for tile in log.add(entry)]
    whole = expected(len(ENTRIES))
    tiles += log.last_tiles()
    assert tiles
    assert set(tiles) <= set(whole.items())
    assert log.root() == find_root(LEAVES)


def test_nothing_has_no_tiles() -> None:
    assert (LogTiles().last_tiles(), LogTiles().root()) == ([], EMPTY)


def test_a_log_without_its_files_does_not_go_on(tmp_path: Path) -> None:
    write_log(tmp_path, ENTRIES[:700])
    (tmp_path / "tile/1/000.p/2").unlink()
    with pytest.raises(TileError):
        TileNodes(tmp_path, 700).edge()
