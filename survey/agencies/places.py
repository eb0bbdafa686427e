"""Writes: offices and their counters, as a province opens and closes them."""

from __future__ import annotations

import secrets
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from survey.agencies.models import Agency, Counter, Hosting, Office, ProcedureDomain
from survey.agencies.queries import version_on


@transaction.atomic
def open_office(*, name: str, address: str, phone: str) -> Office:
    """A new place with counters; its key is made here and stays."""
    office = Office(key=f"o-{secrets.token_hex(5)}", name=name, address=address, phone=phone)
    office.full_clean()
    office.save()
    return office


@transaction.atomic
def open_counter(
    *,
    office: Office,
    agency: Agency,
    domain: ProcedureDomain | None,
    number: int,
    name: str,
    on: date,
) -> Counter:
    """A new counter; the office hosts its agency from this day on.

    Raises
    ------
    ValidationError
        The number is taken in this office, or the agency is not in force.
    """
    if version_on(agency, on) is None:
        raise ValidationError({"agency": _("This agency is not in force today.")})
    if office.counters.filter(number=number).exists():
        raise ValidationError({"number": _("This office already has a counter with that number.")})
    counter = Counter(office=office, agency=agency, domain=domain, number=number, name=name)
    counter.full_clean()
    counter.save()
    hosted = office.hostings.filter(agency=agency, valid_to=None)
    if not hosted.exists():
        Hosting.objects.create(office=office, agency=agency, valid_from=on)
    return counter


@transaction.atomic
def close_counter(*, counter: Counter, on: date) -> None:
    """No citizen is received there any more: its codes give no proof of presence from this day on.

    Raises
    ------
    ValidationError
        It is closed already.
    """
    if not Counter.objects.filter(pk=counter.pk, closed_on=None).update(closed_on=on):
        raise ValidationError(_("This counter is already closed."))
