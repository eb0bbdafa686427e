"""Reads: the tree as it was on a date, what became of an agency, and what an account may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from survey.accounts.models import User
from survey.agencies.models import Agency, AgencyVersion, Counter, Extent, Office, Succession
from survey.common.text import name_order


def in_force(day: date) -> Q:
    """Condition on rows with ``valid_from`` and ``valid_to`` (the first day no longer valid)."""
    return Q(valid_from__lte=day) & (Q(valid_to__isnull=True) | Q(valid_to__gt=day))


def versions_on(day: date) -> QuerySet[AgencyVersion]:
    """Every agency as it was on a day."""
    return AgencyVersion.objects.filter(in_force(day)).select_related("agency")


def tree_on(day: date, root: Agency | None = None) -> list[tuple[int, AgencyVersion]]:
    """The tree on a day, depth first: (depth, version); ``root`` limits it to one agency and those
    below.
    """
    children: dict[int | None, list[AgencyVersion]] = defaultdict(list)
    for version in sorted(
        versions_on(day), key=lambda v: (v.kind, v.unit_code, name_order(v.name))
    ):
        children[version.parent_id].append(version)
    top = (
        [v for vs in children.values() for v in vs if v.agency_id == root.pk]
        if root
        else children[None]
    )
    result: list[tuple[int, AgencyVersion]] = []
    stack = [(0, version) for version in reversed(top)]
    while stack:
        depth, version = stack.pop()
        result.append((depth, version))
        stack += [(depth + 1, child) for child in reversed(children[version.agency_id])]
    return result


def version_on(agency: Agency, day: date) -> AgencyVersion | None:
    """One agency as it was on a day; None when it did not exist then."""
    return agency.versions.filter(in_force(day)).first()


def is_open(counter: Counter, day: date) -> bool:
    """Whether a counter receives citizens on a day: not closed, and its agency in force."""
    closed = counter.closed_on is not None and counter.closed_on <= day
    return (
        not closed
        and AgencyVersion.objects.filter(in_force(day), agency_id=counter.agency_id).exists()
    )


def find_by_code(code: str, day: date) -> AgencyVersion | None:
    """The agency that had this electronic identifier, administrative unit code or key on a day;
    none for no code.
    """
    if not code:
        return None
    wanted = Q(agency_code=code) | Q(unit_code=code) | Q(agency__key=code)
    return versions_on(day).filter(wanted).first()


@dataclass(frozen=True)
class Heir:
    """An agency in force that an older one leads to; ``extent`` is the weakest link on the way."""

    agency: Agency
    extent: Extent


_STRENGTH = {Extent.WHOLE: 0, Extent.PART_MAIN: 1, Extent.PART: 2}


def mapped_to(agencies: Iterable[Agency], day: date) -> dict[Agency, list[Heir]]:
    """What each agency has become by a day: itself while it is in force, otherwise its successors,
    followed on.

    A dissolved agency without successor maps to nothing. Index values are never averaged along this
    map: figures of a successor are computed again from responses.
    """
    links: dict[int, list[Succession]] = defaultdict(list)
    for link in Succession.objects.filter(on__lte=day).select_related("successor").order_by("pk"):
        links[link.predecessor_id].append(link)
    alive = set(AgencyVersion.objects.filter(in_force(day)).values_list("agency_id", flat=True))
    return {agency: _follow(agency, links, alive) for agency in agencies}


def _follow(start: Agency, links: dict[int, list[Succession]], alive: set[int]) -> list[Heir]:
    found: dict[int, Heir] = {}
    stack = [Heir(start, Extent.WHOLE)]
    seen: set[int] = set()
    while stack:
        heir = stack.pop()
        if heir.agency.pk in seen:
            continue
        seen.add(heir.agency.pk)
        if heir.agency.pk in alive:
            found[heir.agency.pk] = heir
            continue
        for link in links.get(heir.agency.pk, []):
            extent = max(heir.extent, Extent(link.extent), key=lambda value: _STRENGTH[value])
            stack.append(Heir(link.successor, extent))
    return sorted(found.values(), key=lambda heir: (_STRENGTH[heir.extent], heir.agency.key))


def visible_agencies(user: User) -> QuerySet[Agency]:
    """The scope of an account: every staff query starts here. Agencies below the account's own are
    included.
    """
    if not user.is_active:
        return Agency.objects.none()
    if user.sees_province:
        return Agency.objects.all()
    if user.agency_id is None:
        return Agency.objects.none()
    versions = _latest_versions(timezone.localdate())
    inside, level = {user.agency_id}, {user.agency_id}
    while level:
        below = versions.filter(parent_id__in=level).values_list("agency_id", flat=True)
        level = set(below) - inside
        inside |= level
    return Agency.objects.filter(pk__in=inside)


def _latest_versions(today: date) -> QuerySet[AgencyVersion]:
    """The last version of every agency that has begun: who moved away is no longer below its former
    parent, and who will move is below it still.
    """
    begun = AgencyVersion.objects.filter(valid_from__lte=today)
    later = begun.filter(agency=OuterRef("agency"), valid_from__gt=OuterRef("valid_from"))
    return begun.filter(~Exists(later))


def agency_names(agencies: QuerySet[Agency]) -> dict[int, str]:
    """Number of an agency -> the name it bears today, for many of them in one statement."""
    today = timezone.localdate()
    versions = AgencyVersion.objects.filter(agency__in=agencies).order_by("valid_from")
    newest: dict[int, AgencyVersion] = {}
    for version in versions:
        if version.agency_id not in newest or version.valid_from <= today:
            newest[version.agency_id] = version
    return {pk: version.name_on(today) for pk, version in newest.items()}


def visible_offices(user: User) -> QuerySet[Office]:
    """Offices with a counter of an agency in the account's scope."""
    return Office.objects.filter(counters__agency__in=visible_agencies(user)).distinct()
