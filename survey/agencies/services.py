"""Writes: found, rename, merge, split, dissolve. History is never overwritten: versions end,
successors begin.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.models import (
    Agency,
    AgencyVersion,
    Counter,
    Extent,
    Hosting,
    ProcedureDomain,
    Succession,
    SuccessionKind,
)
from survey.agencies.queries import version_on, versions_on

DOMAINS: Final = {
    "land": "Đất đai",
    "civil-status": "Hộ tịch",
    "authentication": "Chứng thực",
    "construction": "Xây dựng",
    "business": "Thành lập và hoạt động của doanh nghiệp",
    "social": "Bảo trợ xã hội",
}
"""Usual procedure domains; a province adds its own in the admin."""


def ensure_domains() -> None:
    """Add the usual procedure domains that are missing."""
    for code, name in DOMAINS.items():
        ProcedureDomain.objects.get_or_create(code=code, defaults={"name": name})


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What a version of an agency says."""

    name: str
    kind: str
    parent: Agency | None = None
    agency_code: str = ""
    unit_code: str = ""


@transaction.atomic
def found_agency(*, key: str, on: date, attributes: Attributes) -> Agency:
    """A new agency from a day on."""
    if Agency.objects.filter(key=key).exists():
        raise ValidationError(
            _("There already is an agency with the key “%(key)s”.") % {"key": key}
        )
    agency = Agency.objects.create(key=key)
    _open_version(agency, on, attributes)
    return agency


def _open_version(agency: Agency, on: date, attributes: Attributes) -> AgencyVersion:
    _check_parent(agency, on, attributes.parent)
    version = AgencyVersion(agency=agency, valid_from=on, **vars(attributes))
    version.full_clean()
    version.save()
    return version


def _check_parent(agency: Agency, on: date, parent: Agency | None) -> None:
    """The parent is in force on that day, and not the agency itself or one below it."""
    seen: set[int] = set()
    above = parent
    while above is not None:
        version = version_on(above, on)
        if version is None:
            raise ValidationError(
                {"parent": _("“%(name)s” is not in force on that day.") % {"name": above}}
            )
        if above.pk == agency.pk or above.pk in seen:
            raise ValidationError({"parent": _("An agency cannot stand below itself.")})
        seen.add(above.pk)
        above = version.parent


def _check_nothing_below(agencies: Iterable[Agency], on: date) -> None:
    """Who ends leaves nobody behind: those below it are moved first."""
    ending = list(agencies)
    below = versions_on(on).filter(parent__in=ending).exclude(agency__in=ending).first()
    if below is not None:
        raise ValidationError(
            _("“%(name)s” stands below an agency that would end. Move it first.")
            % {"name": below.name}
        )


def _close(agency: Agency, on: date) -> AgencyVersion:
    # Of two changes at once the second waits here, and then finds nothing in force.
    Agency.objects.select_for_update().get(pk=agency.pk)
    current = version_on(agency, on)
    if current is None or current.valid_to is not None:
        raise ValidationError(
            _("The agency “%(key)s” is not in force on %(day)s, so it cannot change on that day.")
            % {"key": agency.key, "day": on.isoformat()}
        )
    if current.valid_from >= on:
        raise ValidationError(
            _("The agency “%(key)s” only begins on %(day)s; choose a later day.")
            % {"key": agency.key, "day": on.isoformat()}
        )
    current.valid_to = on
    current.save(update_fields=["valid_to"])
    return current


@transaction.atomic
def change_agency(*, agency: Agency, on: date, attributes: Attributes) -> AgencyVersion:
    """Rename, retype or move under another parent: same agency, new version."""
    _close(agency, on)
    return _open_version(agency, on, attributes)


@transaction.atomic
def merge_agencies(
    *, agencies: Iterable[Agency], into_key: str, on: date, attributes: Attributes
) -> Agency:
    """N -> 1: the predecessors end, one new agency begins, each hands over whole."""
    predecessors = list(agencies)
    _check_begun(on)
    if len(predecessors) < 2:
        raise ValidationError(_("A merge needs at least two agencies."))
    if attributes.parent in predecessors:
        raise ValidationError(_("An agency cannot merge with the one it stands below."))
    _check_nothing_below(predecessors, on)
    predecessors.sort(key=lambda agency: agency.pk)
    for agency in predecessors:
        _close(agency, on)
    successor = found_agency(key=into_key, on=on, attributes=attributes)
    Succession.objects.bulk_create(
        Succession(
            predecessor=agency,
            successor=successor,
            on=on,
            change=SuccessionKind.MERGE,
            moved=_what_moves(agency),
        )
        for agency in predecessors
    )
    _hand_over(predecessors, successor, on)
    return successor


def _what_moves(agency: Agency) -> dict[str, list[int]]:
    """Numbers of what goes on under a successor."""
    return {
        "counters": list(agency.counters.filter(closed_on=None).values_list("pk", flat=True)),
        "accounts": list(agency.staff.values_list("pk", flat=True)),
    }


def _check_begun(on: date) -> None:
    """Counters change hands at once, and posters with them: not before the day it takes effect."""
    if on > timezone.localdate():
        raise ValidationError(
            _(
                "Counters go on under the new agency at once: enter this on %(day)s, or on a later "
                "day."
            )
            % {"day": on.strftime("%d/%m/%Y")}
        )


def _hand_over(agencies: Iterable[Agency], successor: Agency, on: date) -> None:
    """Open counters, their offices and accounts go on under the successor; posters stay valid,
    answers already given stay where they are.
    """
    before = list(agencies)
    hosted = Hosting.objects.filter(agency__in=before, valid_to=None)
    offices = set(hosted.values_list("office_id", flat=True))
    hosted.filter(valid_from__lt=on).update(valid_to=on)
    hosted.filter(valid_from__gte=on).delete()
    there = Hosting.objects.filter(agency=successor, valid_to=None)
    offices -= set(there.values_list("office_id", flat=True))
    Hosting.objects.bulk_create(
        Hosting(office_id=office, agency=successor, valid_from=on) for office in offices
    )
    Counter.objects.filter(agency__in=before, closed_on=None).update(agency=successor)
    User.objects.filter(agency__in=before).update(agency=successor)


@transaction.atomic
def split_agency(
    *,
    agency: Agency,
    on: date,
    parts: dict[str, Attributes],
    counters: Mapping[str, Collection[int]] | None = None,
) -> list[Agency]:
    """1 -> n: the predecessor ends, new agencies begin; the first part named is the main
    successor. ``counters`` are numbers of open counters by part; all others, and the accounts, go
    to the main one.
    """
    if len(parts) < 2:
        raise ValidationError(_("A split needs at least two new agencies."))
    if counters is not None:
        _check_begun(on)
    _check_nothing_below([agency], on)
    _close(agency, on)
    successors = [
        found_agency(key=key, on=on, attributes=attributes) for key, attributes in parts.items()
    ]
    apart = counters or {}
    for key, successor in reversed([*zip(parts, successors, strict=True)]):
        main = successor == successors[0]
        moved = _what_moves(agency) if main else {"counters": [], "accounts": []}
        if not main:
            mine = agency.counters.filter(closed_on=None, pk__in=apart.get(key, ()))
            moved["counters"] = list(mine.values_list("pk", flat=True))
        Succession.objects.create(
            predecessor=agency,
            successor=successor,
            on=on,
            change=SuccessionKind.SPLIT,
            extent=Extent.PART_MAIN if main else Extent.PART,
            moved=moved if counters is not None else {},
        )
        if counters is not None and not main:
            _move_counters(agency, successor, moved["counters"], on)
    if counters is not None:
        _hand_over([agency], successors[0], on)
    return successors


def _move_counters(agency: Agency, successor: Agency, counters: Collection[int], on: date) -> None:
    """Some counters go to one part; their offices host it too."""
    rows = Counter.objects.filter(pk__in=counters, agency=agency)
    offices = set(rows.values_list("office_id", flat=True))
    rows.update(agency=successor)
    Hosting.objects.bulk_create(
        Hosting(office_id=office, agency=successor, valid_from=on) for office in offices
    )


@transaction.atomic
def dissolve_agency(*, agency: Agency, on: date, successor: Agency | None = None) -> None:
    """The agency ends; its tasks go to ``successor`` when there is one."""
    if successor is not None:
        _check_begun(on)
    _check_nothing_below([agency], on)
    _close(agency, on)
    if successor is not None:
        if version_on(successor, on) is None:
            raise ValidationError(
                _("The successor “%(key)s” is not in force on that day.") % {"key": successor.key}
            )
        Succession.objects.create(
            predecessor=agency,
            successor=successor,
            on=on,
            change=SuccessionKind.TRANSFER,
            moved=_what_moves(agency),
        )
        _hand_over([agency], successor, on)
    else:
        Counter.objects.filter(agency=agency, closed_on=None).update(closed_on=on)
