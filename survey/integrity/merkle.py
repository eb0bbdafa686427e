"""Merkle trees of RFC 6962: hashes of leaves and nodes, the root, and proofs.

Leaf ``H(0x00 || entry)``, node ``H(0x01 || left || right)``, SHA-256. A tree of n leaves is split
at the largest power of two below n (RFC 6962, 2.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

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

    def add(self, node: bytes, height: int = 0) -> None:
        """One leaf hash more, or the root of 2**height leaves; what came before is a multiple of
        so many.
        """
        self.size += 1 << height
        while self._stack and self._stack[-1][0] == height:
            node = hash_node(self._stack.pop()[1], node)
            height += 1
        self._stack.append((height, node))

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


Subtrees = Callable[[int, int], bytes]
"""(first leaf, number of leaves) -> root of these leaves."""


def prove_inclusion(root: Subtrees, index: int, size: int) -> list[bytes]:
    """Hashes from the leaf's sibling up to the root's child (RFC 6962, 2.1.1)."""
    path: list[bytes] = []
    first = 0
    while size > 1:
        half = _split(size)
        if index < first + half:
            path.append(root(first + half, size - half))
            size = half
        else:
            path.append(root(first, half))
            first, size = first + half, size - half
    return path[::-1]


def prove_consistency(root: Subtrees, old: int, size: int) -> list[bytes]:
    """Hashes that show a tree of ``size`` leaves to begin with one of ``old`` (RFC 6962, 2.1.2);
    none where ``old`` is 0 or the same.
    """
    if old in (0, size):
        return []
    path: list[bytes] = []
    first, is_whole = 0, True
    while old != size:
        half = _split(size)
        if old <= half:
            path.append(root(first + half, size - half))
            size = half
        else:
            path.append(root(first, half))
            first, old, size, is_whole = first + half, old - half, size - half, False
    if not is_whole:
        path.append(root(first, size))
    return path[::-1]


def _split(size: int) -> int:
    """The largest power of two below a number of leaves."""
    return 1 << (size - 1).bit_length() - 1
