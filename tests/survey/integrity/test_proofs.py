"""Proofs of the log, by the product, by an independent library and by outsiders."""

from __future__ import annotations

import random
from pathlib import Path

import pymerkle
import pytest

from survey.integrity import verify
from survey.integrity.merkle import find_root, hash_leaf
from survey.integrity.proofs import TileNodes
from survey.integrity.tiles import TileError
from survey.integrity.witness import Head, is_consistent
from tests.survey.integrity.builders import write_log


def made_log(folder: Path, size: int) -> list[bytes]:
    """Leaf hashes of a log of so many entries, whose tiles are in the folder."""
    entries = [f"entry {k}".encode() for k in range(size)]
    write_log(folder, entries)
    return [hash_leaf(entry) for entry in entries]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33, 255, 256, 257, 700])
def test_proofs_are_those_of_an_independent_library(tmp_path: Path, size: int) -> None:
    leaves, nodes = made_log(tmp_path, size), TileNodes(tmp_path, size)
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    for k in range(size):
        oracle.append_entry(f"entry {k}".encode())
    root = find_root(leaves)
    assert oracle.get_root() == root
    chosen = range(size) if size < 40 else random.Random(size).sample(range(size), 25)
    for index in chosen:
        path = nodes.include(index)
        assert verify.find_root(leaves[index], index, size, path) == root
        proof = oracle.prove_inclusion(index + 1, size)
        assert path == [step for step in proof.path if step != leaves[index]]
    for old in {1, size, *(k + 1 for k in chosen)}:
        path = nodes.extend(old)
        assert is_consistent(old, find_root(leaves[:old]), Head(size, root, ""), path)


def test_a_false_proof_is_refused(tmp_path: Path) -> None:
    leaves, nodes = made_log(tmp_path, 300), TileNodes(tmp_path, 300)
    root, path = find_root(leaves), nodes.include(77)
    assert verify.find_root(leaves[77], 77, 300, path) == root
    for other in (path[:-1], [*path, path[0]], [path[1], path[0], *path[2:]]):
        assert verify.find_root(leaves[77], 77, 300, other) != root
    assert verify.find_root(leaves[77], 78, 300, path) != root
    assert verify.find_root(leaves[78], 77, 300, path) != root
    assert verify.find_root(leaves[77], 300, 300, path) is None
    head, old = Head(300, root, ""), find_root(leaves[:130])
    proof = nodes.extend(130)
    assert is_consistent(130, old, head, proof)
    for wrong in (proof[:-1], [*proof, proof[0]], proof[::-1], []):
        assert not is_consistent(130, old, head, wrong)
    assert not is_consistent(130, find_root(leaves[1:131]), head, proof)
    assert not is_consistent(0, b"", head, proof), "of nothing there is nothing to prove"
    assert not is_consistent(300, root, head, [root])


def test_a_tile_that_is_cut_off_is_named(tmp_path: Path) -> None:
    made_log(tmp_path, 300)
    path = tmp_path / "tile/0/000"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(TileError, match="tile/0/000"):
        TileNodes(tmp_path, 300).include(5)
