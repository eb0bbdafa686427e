"""The page of the public log: its newest head, who signed it, and how anybody checks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from survey.common.numbers import format_number
from survey.integrity.heads import LedgerFault, load_policy, split_note
from survey.integrity.models import LedgerHead, LedgerStamp
from survey.integrity.policy import NO_POLICY, Policy
from survey.public.paging import PublicPage

PROVE: Final = "python3 verify.py --proof hai-long.tlog-proof key"


@dataclass(frozen=True)
class SignedBy:
    """A witness of the policy, and since when its signature stands under the newest head."""

    name: str
    key: str
    signed_at: datetime | None


def log_page() -> PublicPage:
    """The log in words; the figures on it are those of the newest head."""
    head = LedgerHead.objects.order_by("-size").first()
    context = {
        "head": head,
        "size": format_number(head.size, 0) if head else "",
        "lines": split_note(head.note)[0].splitlines() if head else [],
        "log": f"{settings.PUBLIC_URL}/so-cai/",
        "host": urlsplit(settings.PUBLIC_URL).netloc,
        "witnesses": [],
        "command": PROVE,
        "stamp": LedgerStamp.objects.filter(head=head).first(),
    }
    return PublicPage("log.html", context | (_signatures(head) if head else {}))


def _signatures(head: LedgerHead) -> dict[str, object]:
    try:
        policy = load_policy()
    except LedgerFault:
        policy = NO_POLICY  # a file nobody can read asks nobody; verify_ledger says so
    times = {(one.name, one.key_id): one.signed_at for one in head.cosignatures.all()}
    found = [
        SignedBy(name, key.text, times.get((key.name, key.key_id.hex())))
        for name, key in policy.witnesses.items()
    ]
    return {
        "witnesses": found,
        "command": f"{PROVE} --policy policy" if found else PROVE,
        "least": _least(policy),
        "is_met": policy.is_met({one.name for one in found if one.signed_at}),
    }


def _least(policy: Policy) -> int | None:
    """How many of the witnesses have to sign, where the rule is as simple as that."""
    least, members = policy.groups.get(policy.quorum, (1, (policy.quorum,)))
    return least if set(members) == set(policy.witnesses) else None
