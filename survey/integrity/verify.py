#!/usr/bin/env python3
"""Checks a copy of the log, without the product and without anything to install.

    python3 verify.py FOLDER KEY [--policy FILE] [OLD_CHECKPOINT ...]
    python3 verify.py --proof FILE KEY [--policy FILE]

FOLDER holds "checkpoint" and "tile/..." as they are served under /so-cai/; KEY is the verifier key
as printed in reports (a text, or a file that holds it). Every OLD_CHECKPOINT that was kept, from a
report or a website, must be the beginning of the log. With --proof a single rating is checked, by
the file its receipt gives. With --policy the head must be signed by as many witnesses as that file
says. Formats: c2sp.org/tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature, tlog-policy,
tlog-proof; trees: RFC 6962. Exit status 0: nothing was changed.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Iterator
from contextlib import suppress
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


def read_key(text: str, kind: bytes = b"\x01") -> Key | None:
    """(name, key ID, public key) of a verifier key; None where it is of another kind."""
    with suppress(ValueError):
        name, hashed, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded)
        own = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        return (name, own, raw[1:]) if raw[:1] == kind and own.hex() == hashed else None
    return None


def read_signature(line: str, key: Key) -> bytes:
    """What follows the key ID in a signature line of this key."""
    start = f"\u2014 {key[0]} "
    try:
        raw = base64.b64decode(line[len(start) :]) if line.startswith(start) else b""
    except ValueError:
        return b""
    return raw[4:] if raw[:4] == key[1] else b""


def read_head(text: str, key: Key) -> tuple[int, bytes, str, list[str]] | None:
    """(size, root, body, signature lines) of a checkpoint the key signed; else None."""
    body, found, signatures = text.rpartition("\n\n")
    body, lines = f"{body}\n", signatures.splitlines()
    if found and any(is_signed(key[2], body.encode(), read_signature(one, key)) for one in lines):
        with suppress(ValueError, IndexError):
            return int(body.split("\n")[1]), base64.b64decode(body.split("\n")[2]), body, lines
    return None


def is_witnessed(line: str, key: Key, body: str) -> bool:
    raw = read_signature(line, key)
    message = f"cosignature/v1\ntime {int.from_bytes(raw[:8], 'big')}\n{body}"
    return is_signed(key[2], message.encode(), raw[8:])


def is_cosigned(policy: str, body: str, lines: list[str]) -> bool:
    """Whether as many witnesses signed as the policy says (Ed25519 signatures are looked at)."""
    met = {"none": True}
    for words in (line.split() for line in policy.splitlines()):
        if words[:1] == ["witness"] and len(words) > 2:
            key = read_key(words[2], b"\x04")
            met[words[1]] = any(key and is_witnessed(line, key, body) for line in lines)
        elif words[:1] == ["group"] and len(words) > 3:
            members = words[3:]
            least = {"all": len(members), "any": 1}.get(words[2]) or int(words[2])
            met[words[1]] = sum(met.get(name, False) for name in members) >= least
        elif words[:1] == ["quorum"]:
            return met.get(words[1], False)
    return False


def read_text(path: Path) -> str:
    with suppress(OSError, ValueError):
        return path.read_text(encoding="utf-8")
    return ""


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


def join(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node(*hashes[k : k + 2]) for k in range(0, len(hashes), 2)]
    return hashes[0]


def check_upper(folder: Path, hashes: list[bytes], faults: list[str]) -> None:
    """Tiles above the leaves are made of those below."""
    level = 0
    while len(hashes) >= 256:
        full = range(0, len(hashes) - 255, 256)
        hashes, level = [join(hashes[k : k + 256]) for k in full], level + 1
        for number in range(-(-len(hashes) // 256)):
            part = hashes[256 * number : 256 * number + 256]
            content, name = read_tile(folder, str(level), number, len(part))
            if content is None or content[: 32 * len(part)] != b"".join(part):
                faults.append(f"{name} is not made of the tiles below it")


def read_heads(
    folder: Path, older: list[str], key: Key, policy: str, faults: list[str]
) -> list[tuple[int, bytes, str]]:
    """(size, root, name) of the checkpoint and of those that were kept."""
    found = []
    for name in [str(folder / "checkpoint"), *older]:
        head = read_head(read_text(Path(name)), key)
        if head is None:
            faults.append(f"{name} is no checkpoint signed by this key")
            continue
        found.append((head[0], head[1], name))
        if policy and len(found) == 1 and not is_cosigned(policy, *head[2:]):
            faults.append(f"{name} is not signed by enough witnesses")
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


def find_root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root a proof of inclusion leads to (RFC 9162, 2.1.3.2)."""
    first, last = index, size - 1
    if not 0 <= index < size:
        return None
    for step in path:
        if last == 0:
            return None
        if first & 1 or first == last:
            leaf = node(step, leaf)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            leaf = node(leaf, step)
        first, last = first >> 1, last >> 1
    return leaf if last == 0 else None


def check_proof(text: str, key: Key, policy: str, faults: list[str]) -> str:
    """A .tlog-proof: the entry is in the tree that was signed."""
    asked, _empty, checkpoint = text.partition("\n\n")
    head = read_head(checkpoint, key)
    if head is None:
        faults.append("its checkpoint is not signed by this key")
        return ""
    try:
        version, extra, index, *path = asked.split("\n")
        entry = base64.b64decode(extra.removeprefix("extra "))
        hashes = [base64.b64decode(one) for one in path]
        place = int(index.removeprefix("index "))
    except ValueError:
        version, entry, hashes, place = "", b"", [], 0
    leaf = hashlib.sha256(b"\x00" + entry).digest()
    if version != "c2sp.org/tlog-proof@v1" or find_root(leaf, place, head[0], hashes) != head[1]:
        faults.append("the entry is not in the log that was signed")
    if policy and not is_cosigned(policy, *head[2:]):
        faults.append("its checkpoint is not signed by enough witnesses")
    return f"entry {place} of {head[0]} is in the log"


def main(arguments: list[str]) -> int:
    policy, faults = "", list[str]()
    if "--policy" in arguments[:-1]:
        place = arguments.index("--policy")
        policy = read_text(Path(arguments[place + 1])) or "no policy"
        del arguments[place : place + 2]
    if len(arguments) < 2 or (arguments[0] == "--proof" and len(arguments) != 3):
        sys.exit(__doc__)
    folder, key_text, *older = arguments[arguments[0] == "--proof" :]
    key = read_key(read_text(Path(key_text)) if Path(key_text).is_file() else key_text)
    if key is None or len(key[2]) != 32:
        sys.exit("the key is no verifier key of a signed note")
    if arguments[0] == "--proof":
        told = check_proof(read_text(Path(folder)), key, policy, faults)
    else:
        heads = read_heads(Path(folder), older, key, policy, faults)
        told = f"{heads[0][0] if heads else 0} entries, {len(older)} older checkpoints begin it"
        if not faults:
            check(Path(folder), heads, faults)
    sys.stdout.writelines([f"FAULT: {fault}\n" for fault in faults] or [f"ok: {told}\n"])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
