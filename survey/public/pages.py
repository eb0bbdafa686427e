"""The public pages by their address: the server and the builder of the static site ask here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from survey.agencies.improvements import Improvement
from survey.agencies.models import Agency
from survey.agencies.queries import agency_names
from survey.agencies.reorganisation import REORGANISED_ON
from survey.common.numbers import format_number
from survey.public.edition_pages import (
    LINES_PER_PAGE,
    agency,
    data,
    domain_list,
    domain_slugs,
    domains,
    edition,
    kind_list,
    method,
    modelled,
)
from survey.public.editions import (
    PublicEdition,
    corrections,
    find_public_edition,
    public_editions,
    release_calendar,
    standing,
)
from survey.public.figures import WHOLE, agency_lines, agency_rows, domain_lines, show_first
from survey.public.log_page import log_page
from survey.public.modelled import few_answers
from survey.public.open_data import list_open_data, read_open_data
from survey.public.paging import PublicPage, cut_part, list_parts
from survey.public.rules_page import rules_page
from survey.public.words import period_title

IMPROVEMENTS_PER_PAGE: Final = 25


def home() -> PublicPage:
    """Every period with its headline."""
    found = public_editions()
    lines, stand = [], standing(found)
    for one in stand:
        whole = agency_rows(one, WHOLE)
        row = show_first(whole.at("overall")) if whole else None
        lines.append({"one": one, "title": period_title(one.edition.period), "row": row})
    others = [one for one in found if one not in stand]
    return PublicPage(
        "home.html",
        {
            "lines": lines,
            "others": [(one, period_title(one.edition.period)) for one in others],
            "calendar": _upcoming(found),
        },
    )


def _upcoming(found: list[PublicEdition]) -> Any:
    today = timezone.localdate()
    coming = [
        line
        for line in release_calendar(found, today)
        if line.released is None and line.due_on >= today
    ]
    last = coming[-1] if coming else None
    return {"title": period_title(last.period.name), "due_on": last.due_on} if last else None


def calendar() -> PublicPage:
    """Announced days, and when figures came out."""
    lines = [
        {"title": period_title(line.period.name), "line": line}
        for line in release_calendar(public_editions(), timezone.localdate())
    ]
    return PublicPage("calendar.html", {"lines": lines})


def corrections_page() -> PublicPage:
    """Editions that took another's place, and those taken back."""
    found = public_editions()
    return PublicPage(
        "corrections.html",
        {
            "lines": [
                {
                    "title": period_title(line.after.edition.period),
                    "line": line,
                    "change": tell_change(line.change),
                }
                for line in corrections(found)
            ],
            "withdrawn": [
                (one, period_title(one.edition.period)) for one in found if one.withdrawn_on
            ],
            "reorganised_on": REORGANISED_ON,
        },
    )


def _improvements() -> list[Improvement]:
    rows = Improvement.objects.exclude(approved_at=None)
    return list(rows.order_by("-done_on", "-pk"))


def tell_change(change: Decimal | None) -> str:
    """A difference in points with its sign; empty where it is not known."""
    if change is None:
        return ""
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return sign + format_number(abs(change), 2)


def improvements(number: str = "1") -> PublicPage | None:
    """You said, we did: of every agency, the latest first."""
    part = cut_part(_improvements(), int(number), IMPROVEMENTS_PER_PAGE)
    if part is None:
        return None
    names = agency_names(Agency.objects.filter(pk__in={row.agency_id for row in part[0]}))
    lines = [(names.get(row.agency_id, ""), row) for row in part[0]]
    context = {"part": (lines, *part[1:]), "at": "gop-y/"}
    return PublicPage("improvements.html", context)


Found = PublicPage | bytes | None
_EDITION: Final = (
    r"(?P<year>20\d{2})/(?P<part>q[1-4]|h[12]|9t|t\d{2}|nam)/(?P<number>[1-9]\d{0,3})/"
)
_PLACES: Final[tuple[tuple[re.Pattern[str], Callable[..., Found]], ...]] = tuple(
    (re.compile(pattern), view)
    for pattern, view in (
        (r"", home),
        (r"lich-cong-bo/", calendar),
        (r"dinh-chinh/", corrections_page),
        (r"so-cai/", log_page),
        (r"quy-tac/", rules_page),
        (r"gop-y/(?P<number>[1-9]\d{0,5})/", improvements),
    )
)
_OF_EDITIONS: Final[tuple[tuple[re.Pattern[str], Callable[..., Found]], ...]] = tuple(
    (re.compile(pattern), view)
    for pattern, view in (
        (r"", edition),
        (r"loai/(?P<kind>[a-z-]{1,30})/(?P<number>[1-9]\d{0,5})/", kind_list),
        (r"linh-vuc/", domains),
        (r"linh-vuc/(?P<slug>[\w@$-]{1,80})/(?P<number>[1-9]\d{0,5})/", domain_list),
        (r"don-vi/(?P<key>[^/]{1,60})/", agency),
        (r"phuong-phap/", method),
        (r"mo-hinh/(?P<number>[1-9]\d{0,5})/", modelled),
        (r"du-lieu/", data),
        (r"(?P<name>[A-Za-z0-9._-]{1,60})", read_open_data),
    )
)


def find_page(path: str) -> Found:
    """What stands at an address under the results, without the language: a page, a file, or
    nothing.
    """
    for pattern, view in _PLACES:
        if match := pattern.fullmatch(path):
            return view(**match.groupdict())
    match = re.match(_EDITION, path)
    one = find_public_edition(match["year"], match["part"], match["number"]) if match else None
    if match is None or one is None:
        return None
    for pattern, view in _OF_EDITIONS:
        if inner := pattern.fullmatch(path, match.end()):
            return view(one, **inner.groupdict())
    return None


def list_paths() -> Iterator[str]:
    """Every address of a page, without the language."""
    yield from ("", "lich-cong-bo/", "dinh-chinh/", "so-cai/", "quy-tac/")
    yield from list_parts("gop-y/", _improvements(), IMPROVEMENTS_PER_PAGE)
    for one in public_editions():
        yield from (f"{one.path}{name}" for name in ("", "linh-vuc/", "phuong-phap/", "du-lieu/"))
        lines = agency_lines(one)
        for kind in {line.kind for line in lines}:
            own = [line for line in lines if line.kind == kind]
            yield from list_parts(f"{one.path}loai/{kind}/", own, LINES_PER_PAGE)
        for slug, code in domain_slugs(one).items():
            found = domain_lines(one)[code]
            yield from list_parts(f"{one.path}linh-vuc/{slug}/", found, LINES_PER_PAGE)
        yield from list_parts(f"{one.path}mo-hinh/", few_answers(one), LINES_PER_PAGE)
        yield from (f"{one.path}don-vi/{line.key}/" for line in lines if "/" not in line.key)


def list_files() -> Iterator[tuple[str, bytes]]:
    """Every file of open data: address and content."""
    for one in public_editions():
        for name, _size in list_open_data(one):
            yield f"{one.path}{name}", read_open_data(one, name) or b""
