"""Merkle trees of RFC 6962: hashes of leaves and nodes, and the root.

Leaf ``H(0x00 || entry)``, node ``H(0x01 || left || right)``, SHA-256. A tree of n leaves is split
at the largest power of two below n (RFC 6962, 2.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()
"""Root of a tree without leaves."""


def hash_leaf(entry: bytes) -> bytes:
    """Hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class RunningRoot:
    """The root of leaves as they come: full subtrees of one size are joined at once."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """One leaf hash more."""
        level, node = 0, leaf
        while self._stack and self._stack[-1][0] == level:
            node = hash_node(self._stack.pop()[1], node)
            level += 1
        self._stack.append((level, node))
        self.size += 1

    def root(self) -> bytes:
        """Root of what came so far."""
        if not self._stack:
            return EMPTY
        *others, (_level, root) = self._stack
        for _level, node in reversed(others):
            root = hash_node(node, root)
        return root


def find_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes.

    Examples
    --------
    >>> a, b, c = (hash_leaf(letter) for letter in (b"a", b"b", b"c"))
    >>> find_root([a, b, c]) == hash_node(hash_node(a, b), c)
    True
    """
    running = RunningRoot()
    for leaf in leaves:
        running.add(leaf)
    return running.root()
