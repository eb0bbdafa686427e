"""What a citizen gets of the log: a proof that his or her answer is in it."""

from __future__ import annotations

from survey.integrity.heads import full_note, ledger_folder
from survey.integrity.models import LedgerHead, LedgerLeaf
from survey.integrity.proofs import TileNodes, write_proof
from survey.responses.models import Response


def find_place(row: Response) -> int | None:
    """The place of a submission in the signed log; None while it waits."""
    place = LedgerLeaf.objects.filter(response=row).values_list("index", flat=True).first()
    newest = LedgerHead.objects.order_by("-size").values_list("size", flat=True).first() or 0
    return place if place is not None and place < newest else None


def prove_submission(row: Response) -> str | None:
    """A ``tlog-proof`` of a submission under the newest head; None while it waits.

    Raises
    ------
    TileError
        A file of the log is missing.
    """
    head = LedgerHead.objects.order_by("-size").first()
    leaf = LedgerLeaf.objects.filter(response=row).first()
    if head is None or leaf is None or leaf.index >= head.size:
        return None
    hashes = TileNodes(ledger_folder(), head.size).include(leaf.index)
    return write_proof(bytes(leaf.entry), leaf.index, hashes, full_note(head))
