"""Texts of invitation and reminder a province can use as they are: in Vietnamese without accents,
one part with the longest values, true for refusals too, with the number that answers questions.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import transaction

from survey.messaging.invitations import longest_values
from survey.messaging.message_text import lint, stripped
from survey.messaging.models import MessageKind, MessageTemplate, Sender

WORDINGS: Final = {
    MessageKind.INVITATION: (
        "%(sender)s - %(province)s: Ho so {ma} da co ket qua. Ong/Ba co hai long khong? {link} "
        "Hoi 1022",
        "%(sender)s - %(province)s: Ho so {ma} da co ket qua. Ong/Ba hai long khong? {link} "
        "Hoi 1022",
        "%(sender)s: Ho so {ma} da co ket qua. Ong/Ba co hai long khong? {link} Hoi 1022",
        "%(sender)s: Ho so {ma} da co ket qua. Ong/Ba hai long khong? {link}",
    ),
    MessageKind.REMINDER: (
        "%(sender)s nhac lai: Ho so {ma} da co ket qua. Ong/Ba hai long khong? Tra loi tai {link} "
        "Hoi 1022",
        "%(sender)s nhac lai: Ho so {ma} da co ket qua. Ong/Ba hai long khong? {link} Hoi 1022",
        "%(sender)s nhac lai: Ho so {ma} da co ket qua. Ong/Ba hai long khong? {link}",
    ),
}
"""From the fullest to the shortest: the first that fits one part with this address is taken."""


def shipped_text(kind: MessageKind, sender: str) -> str:
    """The fullest text that fits one part.

    Raises
    ------
    ValueError
        Not even the shortest does; what is wrong with it is said.
    """
    name = stripped(settings.PROVINCE_NAME)
    values = {"sender": sender, "province": name[:1].lower() + name[1:]}
    faults: list[str] = []
    for wording in WORDINGS[kind]:
        text = wording % values
        faults = lint(text, sender=sender, longest=longest_values(), accents=False)
        if not faults:
            return text
    raise ValueError("; ".join(faults))


@transaction.atomic
def use_shipped_texts(sender: Sender) -> list[MessageTemplate]:
    """Put both texts into use for a sender; those in use before are kept as earlier versions."""
    made = []
    for kind in WORDINGS:
        text = shipped_text(kind, sender.name)
        of_kind = MessageTemplate.objects.filter(sender=sender, kind=kind)
        latest = of_kind.order_by("-version").first()
        of_kind.filter(active=True).update(active=False)
        made.append(
            MessageTemplate.objects.create(
                sender=sender,
                kind=kind,
                version=latest.version + 1 if latest else 1,
                text=text,
                active=True,
            )
        )
    return made
