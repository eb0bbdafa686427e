"""People who get an account: an invitation each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.invitations import Invited, can_mail, invite, mail_invitation
from survey.accounts.models import Role, StaffInvitation, User
from survey.agencies.queries import visible_agencies
from survey.imports.kinds.base import (
    Checked,
    ImportKind,
    Rows,
    Stored,
    Upload,
    choices_by_words,
)
from survey.transactions.reading import RawRow


class StaffKind(ImportKind):
    """A row is a person; each gets a link that opens one account, once."""

    key = "staff"
    label = gettext_lazy("Colleagues")
    lead = gettext_lazy(
        "One row a person. Each gets an invitation: by e-mail, or as a link you hand over. The "
        "links are shown once."
    )
    permission = "manage-people"
    columns: ClassVar = ("full_name", "role", "agency_code", "email", "ends_on")
    asks_again = True

    def explain(self) -> list[str]:
        """What stands in each column."""
        return [
            _("First and last name."),
            _("Role: %(roles)s.") % {"roles": ", ".join(str(label) for label in Role.labels)},
            _("Code of the agency whose branch the account sees; empty: the whole province."),
            _("E-mail address; may be empty, the link is then handed over."),
            _("Last day of the account, like 31/12/2026; may be empty."),
        ]

    def check(self, upload: Upload) -> Checked:
        """Every fault by row and column."""
        rows = Rows(upload, self.columns)
        found = _read(rows, upload.by)
        mailed = sum(bool(who.email) for who in found) if can_mail() else 0
        notes = [
            _("%(mailed)s invitations go by e-mail, %(handed)s links are shown to be handed over.")
            % {"mailed": mailed, "handed": len(found) - mailed}
        ]
        return Checked(rows=len(rows.raw), new=len(found), faults=rows.faults, notes=notes)

    def store(self, upload: Upload, prepared: None) -> Stored:
        """All invitations; links that no mail server took are told once."""
        rows = Rows(upload, self.columns)
        found = _read(rows, upload.by)
        rows.refuse_faults()
        made = [invite(who=who, by=upload.by, now=upload.now) for who in found]
        told = []
        for invitation, token in made:
            address = settings.PUBLIC_URL + reverse("console:invitation", args=[token])
            told.append([invitation.name, str(invitation.get_role_display()), address])
        return Stored({"invitations": [invitation.pk for invitation, _token in made]}, told)

    def undo(self, thing: Mapping[str, Any], now: datetime) -> None:
        """Withdraw the invitations; refused where somebody has opened the account."""
        mine = StaffInvitation.objects.filter(pk__in=thing["invitations"])
        if mine.exclude(account=None).exists():
            raise ValidationError(
                _("Somebody has opened an account by one of these invitations already.")
            )
        mine.filter(withdrawn_at=None).update(withdrawn_at=now)


def mail_links(thing: Mapping[str, Any], told: list[list[str]]) -> list[list[str]]:
    """Send the links of an import to who has an e-mail; returns those to be handed over."""
    if not can_mail():
        return told
    order = {pk: place for place, pk in enumerate(thing["invitations"])}
    rows = StaffInvitation.objects.in_bulk(order)
    return [
        line
        for (pk, place), line in zip(order.items(), told, strict=True)
        if not (rows[pk].email and mail_invitation(rows[pk], told[place][-1]))
    ]


def _read(rows: Rows, by: User) -> list[Invited]:
    roles = choices_by_words(Role.choices)
    scope = set(visible_agencies(by).values_list("pk", flat=True))
    found, mails = [], dict[str, int]()
    # As far as who brings the file may see: a fault tells nobody of accounts elsewhere.
    accounts = User.objects.all() if by.sees_province else User.objects.filter(agency__in=scope)
    for row in rows.raw:
        before = len(rows.faults)
        agency_id = _agency(rows, row, by, scope)
        who = Invited(
            name=rows.required(row, "full_name", 120),
            role=rows.choice(row, "role", roles),
            agency_id=agency_id,
            email=_email(rows, row, mails, accounts),
            ends_on=rows.day(row, "ends_on"),
        )
        if who.ends_on is not None and who.ends_on < rows.today:
            rows.fault(row, "ends_on", _("This day has passed."))
        if len(rows.faults) == before:
            _check_account(rows, row, who)
        if len(rows.faults) == before:
            found.append(who)
    return found


def _agency(rows: Rows, row: RawRow, by: User, scope: set[int]) -> int | None:
    if not rows.cell(row, "agency_code"):
        if not by.sees_province:
            rows.fault(row, "agency_code", _("is missing."))
        return None
    version = rows.agency(row, "agency_code")
    if version is not None and version.agency_id not in scope:
        code = rows.cell(row, "agency_code")[:40]
        rows.fault(row, "agency_code", _("no agency has the code “%(code)s”.") % {"code": code})
        return None
    return version.agency_id if version else None


def _email(rows: Rows, row: RawRow, seen: dict[str, int], accounts: QuerySet[User]) -> str:
    text = rows.cell(row, "email")
    if not text:
        return ""
    try:
        validate_email(text)
    except ValidationError as error:
        rows.fault(row, "email", error.messages[0])
        return ""
    if first := seen.get(text.casefold()):
        rows.fault(row, "email", _("repeats row %(first)s.") % {"first": first})
    elif accounts.filter(email__iexact=text).exists():
        rows.fault(row, "email", _("There is already an account with this e-mail address."))
    seen[text.casefold()] = row.number
    return text


def _check_account(rows: Rows, row: RawRow, who: Invited) -> None:
    """What the table of invitations itself refuses."""
    draft = StaffInvitation(**vars(who))
    try:
        draft.full_clean(
            exclude=[
                "token_hash",
                "invited_by",
                "invited_at",
                "expires_at",
                "withdrawn_at",
                "account",
            ]
        )
    except ValidationError as error:
        rows.fault(row, "agency_code", " ".join(error.messages))
