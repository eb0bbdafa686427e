"""Takes a merger, a split or a dissolution back, as long as nothing was counted under it."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.models import (
    Agency,
    AgencyVersion,
    Counter,
    Hosting,
    Succession,
    SuccessionKind,
)


def find_change(agency: Agency) -> list[Succession]:
    """The successions by which an agency ended, with those of the others that ended in them; empty
    where it is in force or ended without a successor.
    """
    last = agency.versions.order_by("-valid_from").first()
    if last is None or last.valid_to is None:
        return []
    mine = list(agency.successions.filter(on=last.valid_to))
    if mine and mine[0].change == SuccessionKind.MERGE:
        return list(Succession.objects.filter(successor=mine[0].successor, on=mine[0].on))
    return mine


@transaction.atomic
def undo_change(*, agency: Agency) -> list[Agency]:
    """Agencies that ended are in force again, with their counters and accounts; those that began
    go. Returns the ones in force again.

    Raises
    ------
    ValidationError
        There is nothing to undo, it was done before it was kept what moved, or something was
        counted for a successor since.
    """
    change = find_change(agency)
    if not change or not all(row.moved for row in change):
        raise ValidationError(_("There is nothing that can be undone."))
    for row in change:
        _check_still_there(row)
    ended = {row.predecessor_id: row.predecessor for row in change}
    began = (
        []
        if change[0].change == SuccessionKind.TRANSFER
        else list({row.successor_id: row.successor for row in change}.values())
    )
    for row in change:
        _move_back(row)
    _reopen(ended.values(), change)
    Succession.objects.filter(pk__in=[row.pk for row in change]).delete()
    for successor in began:
        _remove(successor)
    return list(ended.values())


def _check_still_there(row: Succession) -> None:
    """Whether what moved is where the change put it: else a later change has to go first."""
    open_ones = Counter.objects.filter(pk__in=row.moved["counters"], closed_on=None)
    elsewhere = open_ones.exclude(agency=row.successor_id).exists()
    later = row.successor.successions.filter(on__gte=row.on).exists()
    if elsewhere or later:
        raise ValidationError(
            _("“%(name)s” has changed again since. Undo that first.") % {"name": row.successor}
        )


def _move_back(row: Succession) -> None:
    """Counters and accounts that are still where the change put them."""
    there = {"agency": row.successor_id}
    Counter.objects.filter(pk__in=row.moved["counters"], **there).update(agency=row.predecessor_id)
    User.objects.filter(pk__in=row.moved["accounts"], **there).update(agency=row.predecessor_id)


def _reopen(agencies: Iterable[Agency], change: list[Succession]) -> None:
    on = change[0].on
    for agency in agencies:
        AgencyVersion.objects.filter(agency=agency, valid_to=on).update(valid_to=None)
        Hosting.objects.filter(agency=agency, valid_to=on).update(valid_to=None)
        # Those that had begun on the very day were taken away: the counters say where they were.
        kept = set(
            Hosting.objects.filter(agency=agency, valid_to=None).values_list("office_id", flat=True)
        )
        offices = set(agency.counters.filter(closed_on=None).values_list("office_id", flat=True))
        Hosting.objects.bulk_create(
            Hosting(office_id=office, agency=agency, valid_from=on) for office in offices - kept
        )
    if change[0].change == SuccessionKind.TRANSFER:
        _drop_hostings(change[0])


def _drop_hostings(row: Succession) -> None:
    """Offices a successor was hosted at for the counters that went back."""
    successor = row.successor
    left = set(successor.counters.filter(closed_on=None).values_list("office_id", flat=True))
    begun = successor.hostings.filter(valid_from=row.on, valid_to=None)
    begun.exclude(office__in=left).delete()


def _remove(successor: Agency) -> None:
    """An agency that had only begun; whatever was counted for it keeps it."""
    try:
        successor.hostings.all().delete()
        successor.versions.all().delete()
        successor.delete()
    except ProtectedError as error:
        raise ValidationError(
            _(
                "Something has been counted or recorded for “%(name)s” since: it cannot be undone "
                "any more."
            )
            % {"name": successor}
        ) from error
