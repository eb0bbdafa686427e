"""The public pages by their address: the server and the builder of the static site ask here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from survey.agencies.improvements import Improvement
from survey.agencies.reorganisation import REORGANISED_ON
from survey.common.numbers import format_number
from survey.public.edition_pages import (
    LINES_PER_PAGE,
    agency,
    data,
    domain_list,
    domains,
    edition,
    kind_list,
    method,
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
from survey.public.open_data import open_data_folder
from survey.public.paging import PublicPage, cut_part, list_parts
from survey.public.words import period_title

IMPROVEMENTS_PER_PAGE: Final = 25


def home() -> PublicPage:
    """Every period with its headline."""
    found = public_editions()
    lines = []
    for one in standing(found):
        whole = agency_rows(one, WHOLE)
        rows = [row for row in whole[2] if row["level"] == "overall"] if whole else []
        lines.append(
            {"one": one, "title": period_title(one.edition.period), "row": show_first(rows)}
        )
    others = [one for one in found if one not in standing(found)]
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
    rows = Improvement.objects.exclude(approved_at=None).select_related("agency")
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
    return PublicPage("improvements.html", {"part": part, "at": "gop-y/"}) if part else None


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
        (r"gop-y/(?P<number>[1-9]\d{0,5})/", improvements),
    )
)
_OF_EDITIONS: Final[tuple[tuple[re.Pattern[str], Callable[..., Found]], ...]] = tuple(
    (re.compile(pattern), view)
    for pattern, view in (
        (r"", edition),
        (r"loai/(?P<kind>[a-z-]{1,30})/(?P<number>[1-9]\d{0,5})/", kind_list),
        (r"linh-vuc/", domains),
        (r"linh-vuc/(?P<code>[^/]{1,40})/(?P<number>[1-9]\d{0,5})/", domain_list),
        (r"don-vi/(?P<key>[^/]{1,60})/", agency),
        (r"phuong-phap/", method),
        (r"du-lieu/", data),
        (r"(?P<name>[A-Za-z0-9._-]{1,60})", lambda one, name: open_data_folder(one).get(name)),
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
    yield from ("", "lich-cong-bo/", "dinh-chinh/")
    yield from list_parts("gop-y/", _improvements(), IMPROVEMENTS_PER_PAGE)
    for one in public_editions():
        yield from (f"{one.path}{name}" for name in ("", "linh-vuc/", "phuong-phap/", "du-lieu/"))
        lines = agency_lines(one)
        for kind in {line.kind for line in lines}:
            own = [line for line in lines if line.kind == kind]
            yield from list_parts(f"{one.path}loai/{kind}/", own, LINES_PER_PAGE)
        for code, own_lines in domain_lines(one).items():
            yield from list_parts(f"{one.path}linh-vuc/{code}/", own_lines, LINES_PER_PAGE)
        yield from (f"{one.path}don-vi/{line.key}/" for line in lines)


def list_files() -> Iterator[tuple[str, bytes]]:
    """Every file of open data: address and content."""
    for one in public_editions():
        for name, content in open_data_folder(one).items():
            yield f"{one.path}{name}", content
