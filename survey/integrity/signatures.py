"""Everybody else's signatures over the heads: whether they hold, and whether they are enough."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from survey.integrity.heads import LedgerFault, load_policy, second_verifier, split_note
from survey.integrity.models import LedgerHead, LedgerStamp
from survey.integrity.policy import Policy, VerifierKey, find_time
from survey.integrity.witnessing import WitnessError, check_stamp, read_stamp_time

OVERDUE: Final = timedelta(hours=48)
EARLY: Final = timedelta(minutes=10)
"""Clocks of others may differ by so much."""


def check_signatures(faults: list[str]) -> int | None:
    """Add what is wrong to ``faults``; returns up to which entry enough witnesses signed, None
    where the policy asks for none.
    """
    try:
        policy = load_policy()
    except LedgerFault as error:
        faults.append(str(error))
        return None
    enough = _check_heads(policy, faults)
    _check_stamps(faults)
    return None if policy.quorum == "none" else enough


def _check_heads(policy: Policy, faults: list[str]) -> int:
    """The size of the newest head with enough signatures."""
    keys = {(key.name, key.key_id.hex()): key for key in policy.witnesses.values()}
    own = LedgerHead.objects.order_by("-size").first()
    if own is not None:
        faults += _check_second(own, keys)
    enough = 0
    for head in LedgerHead.objects.prefetch_related("cosignatures").order_by("size"):
        body = split_note(head.note)[0]
        lines = [one.line.rstrip("\n") for one in head.cosignatures.all()]
        for one in head.cosignatures.all():
            key = keys.get((one.name, one.key_id))
            if key and find_time(one.line.rstrip("\n"), key, body) is None:
                faults.append(f"head {head.size}: the signature of {one.name} does not hold")
        if policy.is_met(policy.signers(lines, body)):
            enough = head.size
    late = LedgerHead.objects.filter(size__gt=enough, made_at__lt=timezone.now() - OVERDUE)
    if late.exists():
        faults.append(
            f"of heads with more than {enough} entries none is signed by enough witnesses for two "
            f"days: they cannot be reached, or they refuse"
        )
    return enough


def _check_second(newest: LedgerHead, keys: dict[tuple[str, str], VerifierKey]) -> list[str]:
    """The log's own second signature: its key joins those that are looked at, and the newest head
    has to have it.
    """
    origin = newest.note.split("\n", 1)[0]
    try:
        key = second_verifier(origin)
    except LedgerFault as error:
        return [str(error)]
    keys[key.name, key.key_id.hex()] = key
    if newest.cosignatures.filter(name=key.name, key_id=key.key_id.hex()).exists():
        return []
    return [f"head {newest.size} has no second signature of the log: run seal_ledger"]


def _check_stamps(faults: list[str]) -> None:
    if not settings.LEDGER_TSA_ROOTS:
        return
    for stamp in LedgerStamp.objects.select_related("head"):
        try:
            check_stamp(bytes(stamp.token), stamp.head.note)
            if read_stamp_time(bytes(stamp.token)) < stamp.head.made_at - EARLY:
                raise WitnessError("it is older than the head")
        except WitnessError as error:
            faults.append(f"head {stamp.head_id}: time stamp: {error}")
