"""Tablets at counters: enrolled by a one-time code, signing with their own key, counting every
answer gaplessly.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from typing import Final, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.db import IntegrityError, transaction
from django.db.models import Count, Max

from survey.access.bounds import find_slot
from survey.access.models import Kiosk, KioskItem, KioskUse
from survey.agencies.models import Counter
from survey.common.tallies import increment
from survey.common.tokens import keyed_hash, keyed_hashes, new_code, normalise_code

ENROL_TTL: Final = timedelta(minutes=30)
MAX_GAPS_SHOWN: Final = 50
BATCH: Final = 50
"""Answers a tablet sends at once, when it has so many."""
WARN_AFTER: Final = timedelta(hours=48)
"""Staff are told of a tablet nobody has heard of for so long, there and on the staff page."""


def add_kiosk(*, counter: Counter, name: str, now: datetime) -> tuple[Kiosk, str]:
    """A new kiosk and the code to type into it within half an hour."""
    code = new_code(8)
    fields = {
        "enrol_hash": keyed_hash("kiosk", code),
        "enrol_until": now + ENROL_TTL,
        "created_at": now,
    }
    return Kiosk.objects.create(counter=counter, name=name[:60], **fields), code


def read_public_key(text: object) -> bytes | None:
    """An ECDSA P-256 public key (SubjectPublicKeyInfo in base64); None for anything else."""
    if not isinstance(text, str) or len(text) > 200:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
        key = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return (
        raw
        if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
        else None
    )


@transaction.atomic
def enrol(*, code: str, public_key: bytes, now: datetime) -> Kiosk | None:
    """Trade a one-time code for the right to sign with a key; the code is used up by one
    conditional UPDATE.
    """
    wanted = Kiosk.objects.filter(
        enrol_hash__in=keyed_hashes("kiosk", normalise_code(code)),
        enrol_until__gt=now,
        revoked_at=None,
    )
    found = wanted.first()
    if found is None or not wanted.update(
        enrol_hash=None, enrol_until=None, enrolled_at=now, public_key=public_key
    ):
        return None
    return found


def signed_by(kiosk_id: object, body: bytes, signature: str) -> Kiosk | None:
    """The enrolled kiosk whose key signed a body (ECDSA, SHA-256, r and s in hex); None for any
    other.
    """
    if not isinstance(kiosk_id, str) or not (
        kiosk_id.isascii() and kiosk_id.isdigit() and len(kiosk_id) < 12
    ):
        return None
    rows = Kiosk.objects.select_related("counter").filter(
        pk=int(kiosk_id), revoked_at=None, public_key__isnull=False
    )
    found = rows.first()
    if found is None or not re.fullmatch(r"[0-9a-f]{128}", signature):
        return None
    r, s = int(signature[:64], 16), int(signature[64:], 16)
    key = load_der_public_key(bytes(found.public_key or b""))
    try:
        cast("EllipticCurvePublicKey", key).verify(
            encode_dss_signature(r, s), body, ECDSA(SHA256())
        )
    except InvalidSignature:
        return None
    return found


def note_use(counter: Counter, at: datetime) -> None:
    """Count one answer as given at a tablet."""
    increment(KioskUse, "count", 1, counter=counter, slot=find_slot(at))


def note_item(*, kiosk: Kiosk, sequence: int, refused: bool) -> None:
    """Tick off one number of the sequence."""
    try:
        with transaction.atomic():
            KioskItem.objects.create(kiosk=kiosk, sequence=sequence, refused=refused)
    except IntegrityError:
        return


def count_refused(kiosk: Kiosk) -> int:
    """How many answers of a kiosk could not be taken: they hold no rating."""
    return kiosk.items.filter(refused=True).count()


def count_gaps(kiosk: Kiosk) -> tuple[int, list[int]]:
    """How many numbers up to the highest are missing, and the first of them: answers that never
    arrived.
    """
    found = kiosk.items.aggregate(highest=Max("sequence"), n=Count("pk"))
    missing = (found["highest"] or 0) - found["n"]
    if not missing:
        return 0, []
    there = set(kiosk.items.values_list("sequence", flat=True))
    return missing, [n for n in range(1, found["highest"] + 1) if n not in there][:MAX_GAPS_SHOWN]
