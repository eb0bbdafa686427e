"""The newest head as everybody gets it: the log's note, its second signature, the witnesses'.

The second key is ML-DSA-44 (FIPS 204): it holds when computers come that break Ed25519.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from django.conf import settings
from django.utils import timezone

from survey.common.durable_files import make_file_once, replace_file
from survey.integrity.models import LedgerCosignature, LedgerHead
from survey.integrity.policy import (
    MLDSA,
    NO_POLICY,
    Policy,
    PolicyError,
    VerifierKey,
    find_time,
    read_policy,
    subtree_message,
    write_signature,
)

SEED_BYTES: Final = 32
LOOKED_AT: Final = "ledger-look.json"
"""Mark of the last look at all entries."""
CLOCKS_APART: Final = 600
"""Seconds the clock of a witness may be off."""


class LedgerFault(Exception):
    """The log does not go on from what was signed, or a file of it cannot be used: nothing is
    signed.
    """


def ledger_folder() -> Path:
    """Where the files of the log are."""
    return Path(settings.VAR_DIR) / "ledger"


def note_look(now: datetime, fault: str = "") -> None:
    """That the whole log was looked at, and what was wrong."""
    content = json.dumps({"at": now.isoformat(), "fault": fault})
    replace_file(Path(settings.VAR_DIR) / LOOKED_AT, content.encode())


def check_last_look() -> None:
    """Refuse to go on with a log in which the last look from the first entry found a fault.

    Raises
    ------
    LedgerFault
        Says what it found.
    """
    path = Path(settings.VAR_DIR) / LOOKED_AT
    fault = json.loads(path.read_text(encoding="utf-8"))["fault"] if path.is_file() else ""
    if fault:
        raise LedgerFault(f"the last look at the whole log found: {fault}")


def policy_path() -> Path:
    """The policy file the province decides on; nobody else's signature is asked without it."""
    return Path(settings.VAR_DIR) / "ledger-policy.txt"


def load_policy() -> Policy:
    """The policy in force.

    Raises
    ------
    LedgerFault
        The file is none.
    """
    path = policy_path()
    if not path.exists():
        return NO_POLICY
    try:
        return read_policy(path.read_text(encoding="utf-8"))
    except (PolicyError, UnicodeDecodeError) as error:
        raise LedgerFault(f"{path}: {error}") from error


def split_note(note: str) -> tuple[str, list[str]]:
    """(body, signature lines) of a note."""
    body, _separator, lines = note.rpartition("\n\n")
    return f"{body}\n", [line for line in lines.split("\n") if line]


def full_note(head: LedgerHead) -> str:
    """A head with everybody's signatures: the log's first."""
    lines = head.cosignatures.order_by("pk").values_list("line", flat=True)
    return head.note + "".join(lines)


def publish_head(head: LedgerHead, verifier: str) -> None:
    """Write head and keys beside the tiles; ``verifier`` is the log's first key."""
    second = sign_again(head)
    folder = ledger_folder()
    replace_file(folder / "key", f"{verifier}\n".encode())
    replace_file(folder / "key-mldsa", f"{second.text}\n".encode())
    replace_file(folder / "checkpoint", full_note(head).encode())


def second_verifier(origin: str) -> VerifierKey:
    """The log's second key.

    Raises
    ------
    LedgerFault
        It is not there: heads were signed with it.
    """
    return VerifierKey(origin, MLDSA, _open_second_key().public_key().public_bytes_raw())


def sign_again(head: LedgerHead) -> VerifierKey:
    """Have the second signature over a head, once; returns the key."""
    origin, _line = head.note.split("\n", 1)
    made = LedgerCosignature.objects.filter(name=origin).exists()
    private = _open_second_key(make=not made)
    key = VerifierKey(origin, MLDSA, private.public_key().public_bytes_raw())
    if not head.cosignatures.filter(name=origin, key_id=key.key_id.hex()).exists():
        time = int(timezone.now().timestamp())
        body = split_note(head.note)[0]
        line = write_signature(key, time, private.sign(subtree_message(origin, time, body)))
        store_cosignature(head, key, line)
    return key


def store_cosignature(head: LedgerHead, key: VerifierKey, line: str) -> bool:
    """Keep a signature made now that was checked here; False where it is none of this key, or of
    another time.
    """
    time = find_time(line.rstrip("\n"), key, split_note(head.note)[0])
    if time is None or abs(time - timezone.now().timestamp()) > CLOCKS_APART:
        return False
    LedgerCosignature.objects.get_or_create(
        head=head,
        name=key.name,
        key_id=key.key_id.hex(),
        defaults={
            "line": line.rstrip("\n") + "\n",
            "signed_at": datetime.fromtimestamp(time, UTC),
        },
    )
    return True


def _open_second_key(*, make: bool = False) -> MLDSA44PrivateKey:
    """The key, made once and never again, readable by its owner only."""
    path = Path(settings.VAR_DIR) / "ledger-mldsa.key"
    if not path.exists() and not make:
        raise LedgerFault(f"{path} is not there: bring back the key the log was signed with")
    seed = make_file_once(path, lambda: MLDSA44PrivateKey.generate().private_bytes_raw())
    if len(seed) != SEED_BYTES:
        raise LedgerFault(f"{path} is no key: bring back the one the log was signed with")
    return MLDSA44PrivateKey.from_seed_bytes(seed)
