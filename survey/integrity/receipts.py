"""What a citizen gets of the log: a proof that his or her answer is in it."""

from __future__ import annotations

from typing import Final

from survey.integrity.heads import LedgerFault, full_note, ledger_folder, load_policy, split_note
from survey.integrity.models import LedgerHead, LedgerLeaf
from survey.integrity.policy import NO_POLICY
from survey.integrity.proofs import TileNodes, write_proof
from survey.responses.models import Response

LOOKED_AT: Final = 50
"""Heads back from the newest one in which enough witnesses are looked for."""


def find_place(row: Response) -> int | None:
    """The place of a submission in the signed log; None while it waits."""
    place = LedgerLeaf.objects.filter(response=row).values_list("index", flat=True).first()
    newest = LedgerHead.objects.order_by("-size").values_list("size", flat=True).first() or 0
    return place if place is not None and place < newest else None


def prove_submission(row: Response) -> str | None:
    """A ``tlog-proof`` of a submission; None while it waits.

    Raises
    ------
    TileError
        A file of the log is missing.
    """
    leaf = LedgerLeaf.objects.filter(response=row).first()
    head = None if leaf is None else _choose_head(leaf.index)
    if leaf is None or head is None:
        return None
    hashes = TileNodes(ledger_folder(), head.size).include(leaf.index)
    return write_proof(bytes(leaf.entry), leaf.index, hashes, full_note(head))


def _choose_head(place: int) -> LedgerHead | None:
    """The newest head enough witnesses have signed, or the newest one: a proof is kept for years,
    and a head that has just been sealed has nobody else's signature yet.
    """
    heads = list(LedgerHead.objects.filter(size__gt=place).order_by("-size")[:LOOKED_AT])
    try:
        policy = load_policy()
    except LedgerFault:
        policy = NO_POLICY
    for head in heads:
        body, lines = split_note(full_note(head))
        if policy.is_met(policy.signers(lines, body)):
            return head
    return heads[0] if heads else None
