"""Tablets at counters: enrolled by a one-time code, signing with their own key, counting every answer gaplessly."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Final

from django.db import IntegrityError, models, transaction
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Counter
from survey.common.sealing import seal, unseal
from survey.common.tokens import keyed_hash, new_code, normalise_code

ENROL_LIFE: Final = timedelta(minutes=30)
MOST_GAPS: Final = 50


class Kiosk(models.Model):
    """One tablet; its key is sealed here and known to it alone."""

    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="kiosks", verbose_name=_("counter"))
    name = models.CharField(_("name"), max_length=60)
    enrol_hash = models.CharField(_("one-time code (hash)"), max_length=64, null=True, unique=True)  # noqa: DJ001
    enrol_until = models.DateTimeField(_("one-time code until"), null=True)
    key_sealed = models.BinaryField(_("sealed key"), null=True)
    created_at = models.DateTimeField(_("created at"))
    enrolled_at = models.DateTimeField(_("enrolled at"), null=True)
    revoked_at = models.DateTimeField(_("withdrawn at"), null=True)
    seen_at = models.DateTimeField(_("last seen at"), null=True)

    class Meta:
        verbose_name = _("kiosk")
        verbose_name_plural = _("kiosks")

    def __str__(self) -> str:
        return f"{self.counter} {self.name}"


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


def add_kiosk(*, counter: Counter, name: str, now: datetime) -> tuple[Kiosk, str]:
    """A new kiosk and the code to type into it within half an hour."""
    code = new_code(8)
    fields = {"enrol_hash": keyed_hash("kiosk", code), "enrol_until": now + ENROL_LIFE, "created_at": now}
    return Kiosk.objects.create(counter=counter, name=name[:60], **fields), code


@transaction.atomic
def enrol(*, code: str, now: datetime) -> tuple[Kiosk, str] | None:
    """Trade a one-time code for a key; the code is used up by one conditional UPDATE."""
    key = secrets.token_hex(32)
    wanted = Kiosk.objects.filter(
        enrol_hash=keyed_hash("kiosk", normalise_code(code)), enrol_until__gt=now, revoked_at=None
    )
    found = wanted.first()
    if found is None or not wanted.update(
        enrol_hash=None, enrol_until=None, enrolled_at=now, key_sealed=seal(key, f"kiosk/{found.pk}")
    ):
        return None
    return found, key


def signed_by(kiosk_id: object, body: bytes, signature: str) -> Kiosk | None:
    """The enrolled kiosk whose key signed a body; None for any other."""
    if not isinstance(kiosk_id, str) or not (kiosk_id.isascii() and kiosk_id.isdigit() and len(kiosk_id) < 12):
        return None
    found = (
        Kiosk.objects.select_related("counter")
        .filter(pk=int(kiosk_id), revoked_at=None, key_sealed__isnull=False)
        .first()
    )
    if found is None:
        return None
    key = unseal(found.key_sealed or b"", f"kiosk/{found.pk}")
    wanted = hmac.new(key.encode(), body, sha256).hexdigest()
    return found if hmac.compare_digest(wanted.encode(), signature.encode(errors="replace")) else None


def note_item(*, kiosk: Kiosk, sequence: int, refused: bool) -> None:
    """Tick off one number of the sequence."""
    try:
        with transaction.atomic():
            KioskItem.objects.create(kiosk=kiosk, sequence=sequence, refused=refused)
    except IntegrityError:
        return


def gaps_of(kiosk: Kiosk) -> tuple[int, list[int]]:
    """How many numbers up to the highest are missing, and the first of them: answers that never arrived."""
    found = kiosk.items.aggregate(highest=Max("sequence"), n=Count("pk"))
    missing = (found["highest"] or 0) - found["n"]
    if not missing:
        return 0, []
    there = set(kiosk.items.values_list("sequence", flat=True))
    return missing, [n for n in range(1, found["highest"] + 1) if n not in there][:MOST_GAPS]
