#!/usr/bin/env python3
"""Checks a copy of the log, without the product and without anything to install.

    python3 verify.py FOLDER KEY [OLD_CHECKPOINT ...]

FOLDER holds "checkpoint" and "tile/..." as they are served under /so-cai/; KEY is the verifier key
as printed in reports (a text, or a file that holds it). Every OLD_CHECKPOINT that was kept, from a
report or a website, must be the beginning of the log. Formats: c2sp.org/tlog-tiles,
c2sp.org/tlog-checkpoint, c2sp.org/signed-note; trees: RFC 6962. Exit status 0: nothing was changed.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

Point = tuple[int, int, int, int]
Key = tuple[str, bytes, bytes]

# Ed25519 by the reference code of RFC 8032, section 6: slow and plain, for one signature.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(number: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def find_x(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def read_point(raw: bytes) -> Point | None:
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = find_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = find_x(BASE_Y, 0) or 0
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    key, point = read_point(public), read_point(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or point is None or number >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    one, two = multiply(number, BASE), add(point, multiply(challenge, key))
    same_x = (one[0] * two[2] - two[0] * one[2]) % P == 0
    return same_x and (one[1] * two[2] - two[1] * one[2]) % P == 0


def read_key(text: str) -> Key:
    try:
        name, hashed, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded)
    except ValueError:
        sys.exit("the key is no verifier key of a signed note")
    own = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if raw[:1] != b"\x01" or len(raw) != 33 or own.hex() != hashed:
        sys.exit("the key is no verifier key of a signed note")
    return name, own, raw[1:]


def read_checkpoint(path: Path, key: Key) -> tuple[int, bytes] | None:
    """(size, root) of a checkpoint the key signed; None where it did not, or it is none."""
    name, own, public = key
    try:
        body, found, signatures = path.read_text(encoding="utf-8").rpartition("\n\n")
        body += "\n"
        for line in signatures.splitlines() if found else []:
            start = f"\u2014 {name} "
            raw = base64.b64decode(line[len(start) :]) if line.startswith(start) else b""
            if raw[:4] == own and is_signed(public, body.encode(), raw[4:]):
                lines = body.splitlines()
                return int(lines[1]), base64.b64decode(lines[2])
    except (OSError, ValueError, IndexError):
        return None
    return None


def name_tile(number: int) -> str:
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[k : k + 3] for k in range(0, len(digits), 3)]
    return "/".join(["x" + group for group in groups[:-1]] + [groups[-1]])


def read_tile(folder: Path, level: str, number: int, width: int) -> tuple[bytes | None, str]:
    name = f"tile/{level}/{name_tile(number)}"
    for path in [folder / f"{name}.p" / str(width)] * (width < 256) + [folder / name]:
        if path.is_file():
            return path.read_bytes(), str(path)
    return None, str(folder / name)


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The root of leaves as they come."""

    def __init__(self) -> None:
        self.stack: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        level = 0
        while self.stack and self.stack[-1][0] == level:
            leaf, level = node(self.stack.pop()[1], leaf), level + 1
        self.stack.append((level, leaf))

    def root(self) -> bytes:
        if not self.stack:
            return hashlib.sha256(b"").digest()
        root = self.stack[-1][1]
        for _level, left in reversed(self.stack[:-1]):
            root = node(left, root)
        return root


def read_leaves(folder: Path, size: int, faults: list[str]) -> Iterator[bytes]:
    """Leaf hashes of the tiles; entries beside them, where the copy has them, must fit."""
    for number in range(-(-size // 256)):
        width = min(256, size - 256 * number)
        content, name = read_tile(folder, "0", number, width)
        if content is None or len(content) < 32 * width:
            faults.append(f"{name} is missing or cut off")
            return
        leaves = [content[32 * k : 32 * k + 32] for k in range(width)]
        entries, where = read_tile(folder, "entries", number, width)
        if entries is not None:
            place = 0
            for k, leaf in enumerate(leaves):
                length = int.from_bytes(entries[place : place + 2], "big")
                entry = entries[place + 2 : place + 2 + length]
                place += 2 + length
                if hashlib.sha256(b"\x00" + entry).digest() != leaf:
                    faults.append(f"entry {256 * number + k} in {where} is not in the log")
        yield from leaves


def check_upper(folder: Path, hashes: list[bytes], faults: list[str]) -> None:
    """Tiles above the leaves are made of those below."""
    level = 0
    while len(hashes) >= 256:
        above = []
        for k in range(0, len(hashes) - 255, 256):
            tree = Tree()
            for leaf in hashes[k : k + 256]:
                tree.add(leaf)
            above.append(tree.root())
        hashes, level = above, level + 1
        for number in range(-(-len(hashes) // 256)):
            part = hashes[256 * number : 256 * number + 256]
            content, name = read_tile(folder, str(level), number, len(part))
            if content is None or content[: 32 * len(part)] != b"".join(part):
                faults.append(f"{name} is not made of the tiles below it")


def read_heads(
    folder: Path, older: list[str], key: Key, faults: list[str]
) -> list[tuple[int, bytes, str]]:
    """(size, root, name) of the checkpoint and of those that were kept."""
    found = []
    for name in [str(folder / "checkpoint"), *older]:
        head = read_checkpoint(Path(name), key)
        if head is None:
            faults.append(f"{name} is no checkpoint signed by this key")
        else:
            found.append((*head, name))
    return found


def check(folder: Path, heads: list[tuple[int, bytes, str]], faults: list[str]) -> None:
    """The tiles have the root that was signed, and every older one on the way."""
    tree, leaves = Tree(), []
    for leaf in read_leaves(folder, heads[0][0], faults):
        tree.add(leaf)
        leaves.append(leaf)
        for size, root, name in heads:
            if size == len(leaves) and tree.root() != root:
                faults.append(f"{name}: its {size} entries are not those of this copy")
    for size, _root, name in heads:
        if size > len(leaves):
            faults.append(f"{name}: {size - len(leaves)} of its entries are gone")
    check_upper(folder, leaves, faults)


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        sys.exit(__doc__)
    folder, key_text, *older = arguments
    path = Path(key_text)
    faults: list[str] = []
    key = read_key(path.read_text() if path.is_file() else key_text)
    heads = read_heads(Path(folder), older, key, faults)
    if not faults:
        check(Path(folder), heads, faults)
    for fault in faults:
        sys.stdout.write(f"FAULT: {fault}\n")
    if not faults:
        size = heads[0][0]
        sys.stdout.write(f"ok: {size} entries, {len(older)} older checkpoints begin it\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
