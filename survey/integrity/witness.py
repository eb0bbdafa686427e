#!/usr/bin/env python3
"""A witness: watches that a log only ever grows, and says so by its signature.

    python3 witness.py --name NAME --key FILE --state FOLDER --log KEY [--listen HOST:PORT]

Run by a body the province does not command: inspectorate, Fatherland Front, another province. Needs
Python and the package "cryptography", nothing of the product. NAME is an address without "https://"
that names the body; FILE is its key, made at the first start and never shown to anybody; KEY is the
verifier key of a log it watches. It prints its own verifier key, for the province's policy.

Formats: c2sp.org/tlog-witness, c2sp.org/tlog-cosignature, c2sp.org/signed-note; trees: RFC 6962.
A head is stored before it is answered for: no kill and no second request makes it go back.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import hashlib
import os
import re
import sys
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG, COSIGNER = b"\x01", b"\x04"
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"
MOST_BYTES, MOST_LINES, SECONDS = 64_000, 63, 15
Log = tuple[str, bytes, Ed25519PublicKey]


class Refused(Exception):
    """Why nothing is signed: a status of HTTP, and a text."""

    def __init__(self, status: int, text: str, kind: str = TEXT) -> None:
        super().__init__(text)
        self.status, self.text, self.kind = status, text, kind


@dataclass(frozen=True)
class Head:
    """A checkpoint whose signature by the log was checked."""

    size: int
    root: bytes
    body: str


def make_key_id(name: str, kind: bytes, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def read_verifier(text: str) -> Log:
    """(name, key ID, key) of a log."""
    try:
        name, hashed, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        sys.exit(f"{text!r} is no verifier key")
    if raw[:1] != LOG or len(raw) != 33 or make_key_id(name, LOG, raw[1:]).hex() != hashed:
        sys.exit(f"{text!r} is no verifier key of a log")
    return name, bytes.fromhex(hashed), Ed25519PublicKey.from_public_bytes(raw[1:])


def read_number(text: str) -> int:
    """A size as the formats write it."""
    if not re.fullmatch("0|[1-9][0-9]{0,17}", text):
        raise Refused(400, "a size is not written as a number\n")
    return int(text)


def read_hash(text: str) -> bytes:
    if not re.fullmatch("[A-Za-z0-9+/]{43}=", text):
        raise Refused(400, "a hash is not 32 bytes in base64\n")
    return base64.b64decode(text)


def is_signed(line: str, log: Log, text: str) -> bool:
    """Whether a line of a signed note is a signature by this log."""
    name, key_id, key = log
    start = f"\u2014 {name} "
    try:
        raw = base64.b64decode(line.removeprefix(start), validate=True)
        if line.startswith(start) and raw[:4] == key_id:
            key.verify(raw[4:], text.encode())
            return True
    except (ValueError, InvalidSignature):
        pass
    return False


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def rebuild(
    old: int, size: int, root: bytes, path: list[bytes], whole: bool
) -> tuple[bytes, bytes]:
    """Both roots by a proof of consistency (RFC 6962, 2.1.2); ``root`` is the old one."""
    if old == size:
        part = root if whole else path.pop()
        return part, part
    half, beside = 1 << (size - 1).bit_length() - 1, path.pop()
    if old <= half:
        one, two = rebuild(old, half, root, path, whole)
        return one, node(two, beside)
    one, two = rebuild(old - half, size - half, root, path, False)
    return node(beside, one), node(beside, two)


def is_consistent(old: int, old_root: bytes, head: Head, proof: list[bytes]) -> bool:
    """Whether the log at ``head`` begins with the one of ``old`` leaves."""
    if old == 0:
        return not proof
    path = list(proof)
    try:
        roots = rebuild(old, head.size, old_root, path, True)
    except IndexError:
        return False
    return not path and roots == (old_root, head.root)


def store(path: Path, content: bytes) -> None:
    """Whole or not at all, on the disk before anything goes on, for its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


class Witness:
    """The key, the logs that are watched, and the newest head of each, in a folder."""

    def __init__(self, name: str, key: Path, state: Path, logs: list[str]) -> None:
        if not re.fullmatch(r"[^\s+]+", name):
            sys.exit(f"{name!r} cannot name a witness: no spaces, no plus sign")
        self.name, self.state = name, state
        self.logs = {one[0]: one for one in map(read_verifier, logs)}
        state.mkdir(parents=True, exist_ok=True)
        if not key.exists():
            store(key, Ed25519PrivateKey.generate().private_bytes_raw())
        self.key = Ed25519PrivateKey.from_private_bytes(key.read_bytes())
        public = self.key.public_key().public_bytes_raw()
        self.key_id = make_key_id(name, COSIGNER, public)
        encoded = base64.b64encode(COSIGNER + public).decode()
        self.verifier = f"{name}+{self.key_id.hex()}+{encoded}"

    def add_checkpoint(self, body: str) -> str:
        """The cosignature for a request as the protocol writes it."""
        asked, found, checkpoint = body.partition("\n\n")
        first, *lines = asked.split("\n")
        if not found or not first.startswith("old ") or len(lines) > MOST_LINES:
            raise Refused(400, "no request of add-checkpoint\n")
        old, proof = read_number(first[4:]), [read_hash(line) for line in lines]
        head = self._read_checkpoint(checkpoint)
        if old > head.size:
            raise Refused(400, "the old size is above the new one\n")
        path = self.state / hashlib.sha256(head.body.split("\n")[0].encode()).hexdigest()
        # One request of a log at a time, whatever threads and processes there are.
        with path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._go_on(path, old, head, proof)
        now = int(time.time())
        signed = self.key.sign(f"cosignature/v1\ntime {now}\n{head.body}".encode())
        line = base64.b64encode(self.key_id + now.to_bytes(8, "big") + signed).decode()
        return f"\u2014 {self.name} {line}\n"

    def _read_checkpoint(self, text: str) -> Head:
        body, found, signatures = text.rpartition("\n\n")
        lines, body = body.split("\n"), f"{body}\n"
        if not found or not text.endswith("\n") or len(lines) < 3:
            raise Refused(400, "no checkpoint\n")
        if lines[0] not in self.logs:
            raise Refused(404, "this log is not watched here\n")
        if not any(is_signed(one, self.logs[lines[0]], body) for one in signatures.split("\n")):
            raise Refused(403, "the log has not signed this\n")
        return Head(read_number(lines[1]), read_hash(lines[2]), body)

    def _go_on(self, path: Path, old: int, head: Head, proof: list[bytes]) -> None:
        """Store the head, if it goes on from the one before."""
        known, root = 0, b""
        if path.exists():
            _origin, size, encoded, *_rest = path.read_text(encoding="utf-8").split("\n")
            known, root = int(size), base64.b64decode(encoded)
        if old != known or (old and old == head.size and root != head.root):
            raise Refused(409, f"{known}\n", SIZE)
        if not is_consistent(old, root, head, proof):
            raise Refused(422, "the log does not go on from what was signed here\n")
        store(path, head.body.encode())


class Door(BaseHTTPRequestHandler):
    """``POST /add-checkpoint`` and nothing else."""

    witness: ClassVar[Witness]
    timeout = SECONDS
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        try:
            length = read_number(self.headers.get("Content-Length", ""))
            if self.path != "/add-checkpoint" or length > MOST_BYTES:
                raise Refused(404, "only /add-checkpoint is here, for short requests\n")
            body = self.rfile.read(length).decode("utf-8")
            self._answer(200, self.witness.add_checkpoint(body), TEXT)
        except UnicodeDecodeError:
            self._answer(400, "no text\n", TEXT)
        except Refused as refused:
            self._answer(refused.status, refused.text, refused.kind)

    def _answer(self, status: int, text: str, kind: str) -> None:
        self.close_connection = status not in (200, 409)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    for option in ("--name", "--key", "--state"):
        parser.add_argument(option, required=True, type=str if option == "--name" else Path)
    parser.add_argument("--log", action="append", required=True)
    parser.add_argument("--listen", default="127.0.0.1:8420")
    asked = parser.parse_args(arguments)
    host, _colon, port = asked.listen.rpartition(":")
    Door.witness = Witness(asked.name, asked.key, asked.state, asked.log)
    server = ThreadingHTTPServer((host, int(port)), Door)
    sys.stdout.write(f"{Door.witness.verifier}\nlistening on {host}:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
