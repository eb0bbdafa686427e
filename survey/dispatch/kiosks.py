"""Tablets at counters: enrolled by a one-time code, signing with their own key, counting every answer gaplessly."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from typing import ClassVar, Final, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, Max, Sum
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Counter
from survey.common.counters import add_to
from survey.common.tokens import keyed_hash, keyed_hashes, new_code, normalise_code
from survey.dispatch.bounds import WINDOW, OpeningHours, most_in_an_hour, slot_of

ENROL_LIFE: Final = timedelta(minutes=30)
MOST_GAPS: Final = 50
SLACK: Final = timedelta(minutes=10)
"""How far a tablet's clock may be off."""


class Kiosk(OpeningHours):
    """One tablet. It signs with a key of its own that it cannot give away; here is the public half."""

    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="kiosks", verbose_name=_("counter"))
    name = models.CharField(_("name"), max_length=60)
    enrol_hash = models.CharField(_("one-time code (hash)"), max_length=64, null=True, unique=True)  # noqa: DJ001
    enrol_until = models.DateTimeField(_("one-time code until"), null=True)
    public_key = models.BinaryField(_("public key"), null=True)
    created_at = models.DateTimeField(_("created at"))
    enrolled_at = models.DateTimeField(_("enrolled at"), null=True)
    revoked_at = models.DateTimeField(_("withdrawn at"), null=True)
    seen_at = models.DateTimeField(_("last seen at"), null=True)
    emptied_at = models.DateTimeField(_("queue last empty at"), null=True)

    class Meta:
        verbose_name = _("kiosk")
        verbose_name_plural = _("kiosks")

    def __str__(self) -> str:
        return f"{self.counter} {self.name}"

    def can_have_kept(self, moment: datetime) -> bool:
        """Whether an answer of a moment can still have waited: not from before the tablet last had nothing left."""
        since = self.emptied_at or self.enrolled_at
        return since is None or moment >= since - SLACK


class KioskItem(models.Model):
    """One number of a kiosk's sequence has arrived; says nothing of the answer."""

    kiosk = models.ForeignKey(Kiosk, on_delete=models.PROTECT, related_name="items", verbose_name=_("kiosk"))
    sequence = models.PositiveIntegerField(_("sequence"))
    refused = models.BooleanField(_("refused"), default=False)

    class Meta:
        verbose_name = _("number of a kiosk")
        verbose_name_plural = _("numbers of kiosks")
        constraints: ClassVar = [models.UniqueConstraint(fields=["kiosk", "sequence"], name="kiosk_sequence_once")]

    def __str__(self) -> str:
        return f"{self.kiosk_id} {self.sequence}"


class KioskUse(models.Model):
    """Answers counted as given at a counter's tablets, in slots of ten minutes: a sum, no answer can be found by it."""

    counter = models.ForeignKey(Counter, on_delete=models.CASCADE, related_name="kiosk_uses", verbose_name=_("counter"))
    slot = models.DateTimeField(_("ten minutes from"))
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("use of tablets")
        verbose_name_plural = _("uses of tablets")
        constraints: ClassVar = [models.UniqueConstraint(fields=["counter", "slot"], name="kiosk_slot_once")]

    def __str__(self) -> str:
        return f"{self.counter_id} {self.slot:%H:%M}: {self.count}"


def add_kiosk(*, counter: Counter, name: str, now: datetime) -> tuple[Kiosk, str]:
    """A new kiosk and the code to type into it within half an hour."""
    code = new_code(8)
    fields = {"enrol_hash": keyed_hash("kiosk", code), "enrol_until": now + ENROL_LIFE, "created_at": now}
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
    return raw if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None


@transaction.atomic
def enrol(*, code: str, public_key: bytes, now: datetime) -> Kiosk | None:
    """Trade a one-time code for the right to sign with a key; the code is used up by one conditional UPDATE."""
    wanted = Kiosk.objects.filter(
        enrol_hash__in=keyed_hashes("kiosk", normalise_code(code)), enrol_until__gt=now, revoked_at=None
    )
    found = wanted.first()
    if found is None or not wanted.update(enrol_hash=None, enrol_until=None, enrolled_at=now, public_key=public_key):
        return None
    return found


def signed_by(kiosk_id: object, body: bytes, signature: str) -> Kiosk | None:
    """The enrolled kiosk whose key signed a body (ECDSA, SHA-256, r and s in hex); None for any other."""
    if not isinstance(kiosk_id, str) or not (kiosk_id.isascii() and kiosk_id.isdigit() and len(kiosk_id) < 12):
        return None
    rows = Kiosk.objects.select_related("counter").filter(pk=int(kiosk_id), revoked_at=None, public_key__isnull=False)
    found = rows.first()
    if found is None or not re.fullmatch(r"[0-9a-f]{128}", signature):
        return None
    r, s = int(signature[:64], 16), int(signature[64:], 16)
    key = load_der_public_key(bytes(found.public_key or b""))
    try:
        cast("EllipticCurvePublicKey", key).verify(encode_dss_signature(r, s), body, ECDSA(SHA256()))
    except InvalidSignature:
        return None
    return found


def places_left(counter: Counter, at: datetime) -> int:
    """How many more answers count as given at a counter's tablets in the hour before a moment. Locks the counter."""
    rows = Counter.objects.filter(pk=counter.pk)
    (rows.select_for_update() if connection.features.has_select_for_update else rows).get()
    used = KioskUse.objects.filter(counter=counter, slot__gt=at - WINDOW, slot__lte=at)
    return most_in_an_hour(counter, at) - (used.aggregate(n=Sum("count"))["n"] or 0)


def note_use(counter: Counter, at: datetime) -> None:
    """Count one answer as given at a tablet."""
    add_to(KioskUse, "count", 1, counter=counter, slot=slot_of(at))


def note_item(*, kiosk: Kiosk, sequence: int, refused: bool) -> None:
    """Tick off one number of the sequence."""
    try:
        with transaction.atomic():
            KioskItem.objects.create(kiosk=kiosk, sequence=sequence, refused=refused)
    except IntegrityError:
        return


def refused_of(kiosk: Kiosk) -> int:
    """How many answers of a kiosk could not be taken: they hold no rating."""
    return kiosk.items.filter(refused=True).count()


def gaps_of(kiosk: Kiosk) -> tuple[int, list[int]]:
    """How many numbers up to the highest are missing, and the first of them: answers that never arrived."""
    found = kiosk.items.aggregate(highest=Max("sequence"), n=Count("pk"))
    missing = (found["highest"] or 0) - found["n"]
    if not missing:
        return 0, []
    there = set(kiosk.items.values_list("sequence", flat=True))
    return missing, [n for n in range(1, found["highest"] + 1) if n not in there][:MOST_GAPS]
