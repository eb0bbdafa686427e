"""Reads: what the token of a link stands for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from survey.agencies.models import AgencyVersion
from survey.common.tokens import is_code, keyed_hashes
from survey.messaging.models import Invitation
from survey.messaging.places import open_place
from survey.questionnaires.queries import find_first_form
from survey.transactions.models import Channel

TOKEN_LENGTH: Final = 12
"""Characters of a link's token; counter codes are shorter."""


@dataclass(frozen=True)
class LinkLanding:
    """Everything the page behind a link needs; nothing of it is stored with an answer but agency
    and domain.
    """

    code: str
    agency_id: int
    agency: str
    domain_id: int
    channel: str
    expires_at: datetime
    expired: bool
    version_id: int | None
    phone_hash: str
    finished_on: str
    timing: str
    applicant: str
    counted_as: str
    secret: str
    """The key the token was hashed under: all that hangs on the link is derived under it."""

    @property
    def office(self) -> str:
        """What the page says it is about."""
        return self.agency

    @property
    def counter(self) -> str:
        """Which dossier: by the day of its result; by the service where nobody knows the day."""
        if self.finished_on:
            day = date.fromisoformat(self.finished_on)
            return _("your application with a result on %(day)s") % {"day": f"{day:%d/%m/%Y}"}
        return (
            _("your online service")
            if self.channel == Channel.ONLINE
            else _("the service you used")
        )


def find_link(token: str, now: datetime) -> LinkLanding | None:
    """What a link's token stands for; None when it was never issued."""
    if len(token) != TOKEN_LENGTH or not is_code(token):
        return None
    hashes = keyed_hashes("invitation", token)
    found = Invitation.objects.filter(token_hash__in=hashes).first()
    place = open_place(token, found.place_sealed) if found else None
    if found is None or place is None:
        return None
    local = timezone.localtime(now).date()
    name = (
        AgencyVersion.objects.filter(agency_id=place.agency_id, valid_from__lte=local)
        .order_by("-valid_from")
        .first()
    )
    return LinkLanding(
        code=token,
        agency_id=place.agency_id,
        agency=name.name if name else "",
        domain_id=place.domain_id,
        channel=place.channel,
        expires_at=found.expires_at,
        expired=found.expires_at <= now,
        version_id=find_first_form(office_id=None, domain_id=place.domain_id, today=local),
        phone_hash=place.phone_hash,
        finished_on=place.finished_on,
        timing=place.timing,
        applicant=place.applicant,
        counted_as=place.counted_as,
        secret=hashes[found.token_hash],
    )
