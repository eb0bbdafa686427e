"""Codes on the receipt slip of one transaction: issued by the case system, used once, disputed when
used by others.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.access.models import Dispute, Slip
from survey.common.tokens import is_code, keyed_hash, keyed_hashes
from survey.transactions.models import SourceSystem

LENGTH: Final = 16
"""Digits, the last of them a check: 10^15 codes. Among 100,000 live ones, 50 guesses a second for
thirty days hit one with a chance of 1.3 %.
"""
OLD_LENGTH: Final = 10
"""Letters and digits of the slips given out before; they work until they expire."""
_DAMM: Final = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
"""H. M. Damm's table (2004): finds every wrong digit and every swap of neighbours."""
SLIP_TTL: Final = timedelta(days=30)
MAX_CODES_AT_ONCE: Final = 5000


@dataclass(frozen=True)
class Batch:
    """What a number of codes is for."""

    agency_id: int
    channel: str
    domain_id: int | None = None
    counter_id: int | None = None
    source: SourceSystem | None = None


def issue_slips(*, batch: Batch, count: int, now: datetime) -> list[str]:
    """Fresh codes; they are told once and kept as hashes."""
    if not 1 <= count <= MAX_CODES_AT_ONCE:
        raise ValueError(_("Ask for 1 to %(most)s codes at once.") % {"most": MAX_CODES_AT_ONCE})
    codes = [new_slip_code() for _place in range(count)]
    fields = {"issued_at": now, "expires_at": now + SLIP_TTL, **vars(batch)}
    Slip.objects.bulk_create(
        (Slip(code_hash=_hash(code), **fields) for code in codes), batch_size=500
    )
    return codes


def _check_digit(digits: str) -> str:
    row = 0
    for digit in digits:
        row = int(_DAMM[row][int(digit)])
    return str(row)


def new_slip_code() -> str:
    """Random digits with their check digit: typed with one finger on a keypad of numbers."""
    digits = "".join(secrets.choice("0123456789") for _place in range(LENGTH - 1))
    return digits + _check_digit(digits)


def is_slip_code(code: str) -> bool:
    """Whether a code in its normal form may be one of a slip; a mistyped one is not."""
    if len(code) == LENGTH:
        return code.isascii() and code.isdigit() and _check_digit(code) == "0"
    return len(code) == OLD_LENGTH and is_code(code)


def group_slip_code(code: str) -> str:
    """A code in groups of four, as on a bank card."""
    return " ".join(code[place : place + 4] for place in range(0, len(code), 4))


def _hash(code: str) -> str:
    return keyed_hash("slip", code)


def find_slip(code: str) -> tuple[Slip, str] | None:
    """The slip of a code in its normal form, and the key it was issued under; None when it was
    never issued.
    """
    if not is_slip_code(code):
        return None
    hashes = keyed_hashes("slip", code)
    slip = Slip.objects.select_related("counter__office").filter(code_hash__in=hashes).first()
    return (slip, hashes[slip.code_hash]) if slip else None


def note_dispute(*, slip: Slip, now: datetime) -> None:
    """Log that a code was used by somebody else before."""
    Dispute.objects.get_or_create(slip=slip, defaults={"on": timezone.localtime(now).date()})


def disputes_by_agency(agencies: Sequence[int], until: date) -> dict[int, int]:
    """Agency id -> codes disputed up to a day."""
    rows = Dispute.objects.filter(slip__agency__in=agencies, on__lte=until).values_list(
        "slip__agency"
    )
    return dict(rows.annotate(n=models.Count("pk")))
