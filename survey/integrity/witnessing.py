"""Others sign the head of the log: witnesses that it goes on from what they saw, an authority that
it was there at a moment.

Asked after every sealing and every night, without holding the log's lock; whoever does not answer
is asked the next time.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import requests
import urllib3
from cryptography.x509 import load_pem_x509_certificates
from django.conf import settings
from django.db.models import Max
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from survey.common.durable_files import replace_file
from survey.common.locks import hold_lock
from survey.integrity.heads import (
    LedgerFault,
    full_note,
    ledger_folder,
    load_policy,
    store_cosignature,
)
from survey.integrity.models import LedgerCosignature, LedgerHead, LedgerStamp
from survey.integrity.policy import NO_POLICY, VerifierKey
from survey.integrity.proofs import TileNodes, encode_hashes
from survey.integrity.tiles import TileError

log = logging.getLogger(__name__)
TIMEOUT: Final = (5.0, 10.0)
MOST_SECONDS: Final = 15.0
MOST_BYTES: Final = 64_000
CONFLICT: Final = 409


class WitnessError(Exception):
    """Why there is no signature, in a few words."""


def witness_head(_now: datetime) -> None:
    """The night's part: ask witnesses and the authority; what went wrong is in the log file."""
    for problem in gather_signatures():
        log.warning("the head of the log: %s", problem)


def gather_signatures() -> list[str]:
    """Ask whoever has not signed the newest head; returns what went wrong, a sentence each."""
    head = LedgerHead.objects.order_by("-size").first()
    if head is None:
        return []
    policy, problems = NO_POLICY, []
    try:
        policy = load_policy()
    except LedgerFault as error:
        problems.append(str(error))
    for name, address in policy.addresses.items():
        try:
            _ask_witness(head, policy.witnesses[name], address)
        except WitnessError as error:
            problems.append(f"{name}: {error}")
    if settings.LEDGER_TSA_URL:
        try:
            _ask_authority(head)
        except WitnessError as error:
            problems.append(f"{settings.LEDGER_TSA_URL}: {error}")
    _publish_signatures(head)
    return problems


def _publish_signatures(head: LedgerHead) -> None:
    """The file of the newest head; a newer one that was sealed meanwhile stays."""
    with hold_lock("ledger"):
        if LedgerHead.objects.filter(size__gt=head.size).exists():
            return
        replace_file(ledger_folder() / "checkpoint", full_note(head).encode())
        stamp = LedgerStamp.objects.filter(head=head).first()
        if stamp is not None:
            replace_file(ledger_folder() / "stamp" / f"{head.size}.tsr", bytes(stamp.token))


def _ask_witness(head: LedgerHead, key: VerifierKey, address: str) -> None:
    own = LedgerCosignature.objects.filter(name=key.name, key_id=key.key_id.hex())
    old = own.aggregate(last=Max("head"))["last"] or 0
    if old == head.size:
        return
    status, text = _post_head(head, address, old)
    if status == CONFLICT:
        old = _read_size(text, head)
        status, text = _post_head(head, address, old)
    if status != requests.codes.ok:
        raise WitnessError(f"answers {status}: {text.strip()[:100]}")
    if not any(store_cosignature(head, key, line) for line in text.splitlines()):
        raise WitnessError("its answer is no signature of its key over this head")


def _read_size(text: str, head: LedgerHead) -> int:
    try:
        size = int(text[:20])
    except ValueError:
        raise WitnessError("refuses, and does not say which head it knows") from None
    if size < 0:
        raise WitnessError("refuses, and does not say which head it knows")
    if size > head.size:
        raise WitnessError(f"knows a log of {size} entries, ours has {head.size}")
    return size


def _post_head(head: LedgerHead, address: str, old: int) -> tuple[int, str]:
    try:
        proof = TileNodes(ledger_folder(), head.size).extend(old)
    except TileError as error:
        raise WitnessError(f"file {error} of the log is missing") from error
    body = f"old {old}\n{encode_hashes(proof)}\n{head.note}"
    status, content = _post(f"{address}/add-checkpoint", body.encode(), "text/plain")
    return status, content.decode("utf-8", "replace")


def _post(url: str, body: bytes, kind: str) -> tuple[int, bytes]:
    """(status, answer); whoever answers too long or too slowly is left alone, also where only the
    head of the answer drips.
    """
    found: list[tuple[int, bytes] | WitnessError] = []

    def ask() -> None:
        try:
            found.append(_request(url, body, kind))
        except WitnessError as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(MOST_SECONDS)
    if not found:
        raise WitnessError("its answer does not end")
    if isinstance(found[0], WitnessError):
        raise found[0]
    return found[0]


def _request(url: str, body: bytes, kind: str) -> tuple[int, bytes]:
    headers = {"Content-Type": kind}
    try:
        with requests.post(
            url, data=body, headers=headers, timeout=TIMEOUT, stream=True, allow_redirects=False
        ) as answer:
            content = answer.raw.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise WitnessError("its answer does not end")
            return answer.status_code, content
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise WitnessError(f"cannot be reached ({type(error).__name__})") from error


def _ask_authority(head: LedgerHead) -> None:
    """A stamp over the whole note of the log: body and signature."""
    if LedgerStamp.objects.filter(head=head).exists():
        return
    builder = TimestampRequestBuilder().data(head.note.encode())
    asked = builder.hash_algorithm(HashAlgorithm.SHA256).build()
    status, content = _post(
        settings.LEDGER_TSA_URL, asked.as_bytes(), "application/timestamp-query"
    )
    if status != requests.codes.ok:
        raise WitnessError(f"answers {status}")
    check_stamp(content, head.note, nonce=asked.nonce)
    LedgerStamp.objects.get_or_create(
        head=head, defaults={"token": content, "stamped_at": read_stamp_time(content)}
    )


def read_stamp_time(token: bytes) -> datetime:
    """The moment a stamp tells."""
    return decode_timestamp_response(token).tst_info.gen_time.astimezone(UTC)


def check_stamp(token: bytes, note: str, nonce: int | None = None) -> None:
    """Whether a stamp of our authority is over a note.

    Raises
    ------
    WitnessError
        It is none, or its certificate does not lead to ``LEDGER_TSA_ROOTS``.
    """
    builder = VerifierBuilder()
    try:
        for root in load_pem_x509_certificates(Path(settings.LEDGER_TSA_ROOTS).read_bytes()):
            builder = builder.add_root_certificate(root)
        if nonce is not None:
            builder = builder.nonce(nonce)
        stamp = decode_timestamp_response(token)
        builder.build().verify_message(stamp, note.encode())
    except (VerificationError, ValueError, OSError) as error:
        raise WitnessError(f"its stamp does not hold: {error}") from error
