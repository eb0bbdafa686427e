"""The public pages by their address: the server and the builder of the static site ask here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from survey.agencies.improvements import Improvement
from survey.agencies.reorganisation import REORGANISED_ON
from survey.common.numbers import format_number
from survey.public.editions import (
    PublicEdition,
    corrections,
    find_public_edition,
    public_editions,
    release_calendar,
    standing,
    successor,
)
from survey.public.figures import (
    WHOLE,
    AgencyLine,
    agency_lines,
    agency_rows,
    domain_lines,
    is_met,
    show,
    target_of,
    verdict_of,
)
from survey.public.open_data import cite, licence_title, open_data_folder
from survey.public.words import KINDS, PART_TITLES, period_title
from survey.reports.method_note import write_method_note

LINES_PER_PAGE: Final = 30
IMPROVEMENTS_PER_PAGE: Final = 25
IMPROVEMENTS_SHOWN: Final = 5


@dataclass(frozen=True)
class PublicPage:
    """A template with what it shows."""

    template: str
    context: Mapping[str, Any]


Part = tuple[Sequence[Any], int, int]
"""Lines of a page, its number, and how many pages there are."""


def _part(lines: Sequence[Any], number: int, size: int) -> Part | None:
    count = max(1, -(-len(lines) // size))
    if not 1 <= number <= count:
        return None
    return lines[(number - 1) * size : number * size], number, count


def _pages(name: str, lines: Sequence[Any], size: int) -> Iterator[str]:
    for number in range(1, max(1, -(-len(lines) // size)) + 1):
        yield f"{name}{number}/"


def home() -> PublicPage:
    """Every period with its headline."""
    found = public_editions()
    lines = []
    for one in standing(found):
        whole = agency_rows(one, WHOLE)
        rows = [row for row in whole[2] if row["level"] == "overall"] if whole else []
        lines.append({"one": one, "title": period_title(one.edition.period), "row": _first(rows)})
    others = [one for one in found if one not in standing(found)]
    return PublicPage(
        "home.html",
        {
            "lines": lines,
            "others": [(one, period_title(one.edition.period)) for one in others],
            "calendar": _upcoming(found),
        },
    )


def _first(rows: Sequence[Mapping[str, Any]]) -> Any:
    return show(rows[0]) if rows else None


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
    part = _part(_improvements(), int(number), IMPROVEMENTS_PER_PAGE)
    return PublicPage("improvements.html", {"part": part, "at": "gop-y/"}) if part else None


def _of(one: PublicEdition, **more: Any) -> dict[str, Any]:
    """What every page of an edition shows."""
    found = public_editions()
    return {
        "one": one,
        "period": period_title(one.edition.period),
        "successor": successor(one, found),
        "notice": one.edition.about.get("notice", ""),
        **more,
    }


def edition(one: PublicEdition) -> PublicPage:
    """The province, its factors, and where to go on."""
    whole = agency_rows(one, WHOLE)
    rows = whole[2] if whole else []
    overall = [row for row in rows if row["level"] == "overall"]
    counts = {kind: sum(line.kind == kind for line in agency_lines(one)) for kind in KINDS}
    context = _of(
        one,
        whole=_first(overall),
        met=is_met(one, overall[0]) if overall else None,
        target=target_of(one),
        factors=[show(row) for row in rows if row["level"] == "factor"],
        kinds=[(kind, KINDS[kind], count) for kind, count in counts.items() if count],
        cite=cite(one),
        licence=licence_title(),
        method=one.edition.about.get("method_title", one.edition.method),
    )
    return PublicPage("edition.html", context)


def kind_list(one: PublicEdition, kind: str, number: str) -> PublicPage | None:
    """Agencies of a kind by name: no list of ranks."""
    lines = [line for line in agency_lines(one) if line.kind == kind]
    part = _part(lines, int(number), LINES_PER_PAGE)
    if part is None or not lines:
        return None
    title = KINDS.get(kind, kind)
    return PublicPage("list.html", _list(one, part, title, f"loai/{kind}/", None))


def _list(one: PublicEdition, part: Part, title: object, at: str, whole: Any) -> dict[str, Any]:
    lines, number, count = part
    shown = [_show_line(one, line) for line in lines]
    return _of(one, part=(shown, number, count), title=title, at=f"{one.path}{at}", whole=whole)


def _show_line(one: PublicEdition, line: AgencyLine) -> Any:
    verdict = verdict_of(one, line.key) if line.row["level"] == "overall" else ""
    return show(line.row, line.name, verdict, line.key)


def domain_list(one: PublicEdition, code: str, number: str) -> PublicPage | None:
    """Agencies by name in one procedure domain, after the province."""
    lines = domain_lines(one).get(code, [])
    part = _part(lines, int(number), LINES_PER_PAGE)
    if part is None or not lines:
        return None
    whole = agency_rows(one, WHOLE)
    rows = [row for row in whole[2] if row["code"] == code] if whole else []
    title = lines[0].row["label"]
    return PublicPage("list.html", _list(one, part, title, f"linh-vuc/{code}/", _first(rows)))


def domains(one: PublicEdition) -> PublicPage:
    """Procedure domains over the whole province."""
    whole = agency_rows(one, WHOLE)
    rows = [row for row in whole[2] if row["level"] == "domain"] if whole else []
    known = domain_lines(one)
    lines = [show(row, key=row["code"] if row["code"] in known else "") for row in rows]
    return PublicPage("domains.html", _of(one, lines=lines))


def agency(one: PublicEdition, key: str) -> PublicPage | None:
    """One agency: overall, factors with items, domains, what it changed."""
    found = None if key == WHOLE else agency_rows(one, key)
    if found is None:
        return None
    name, kind, rows = found
    changed = Improvement.objects.filter(agency__key=key).exclude(approved_at=None)
    context = _of(
        one,
        name=name,
        kind=KINDS.get(kind, kind),
        kind_path=f"{one.path}loai/{kind}/1/",
        whole=_first(rows),
        met=is_met(one, rows[0]),
        target=target_of(one),
        verdict=verdict_of(one, key),
        factors=_group(rows, one.edition.about.get("factors", {})),
        parts=_parts(rows),
        improvements=list(changed[:IMPROVEMENTS_SHOWN]),
        key=key,
    )
    return PublicPage("agency.html", context)


def _parts(rows: Sequence[Mapping[str, Any]]) -> list[tuple[object, list[Any]]]:
    """Tables of further parts with their headings; none of a single domain."""
    found: list[tuple[object, list[Any]]] = []
    for level, title in PART_TITLES.items():
        own = [show(row) for row in rows if row["level"] == level]
        if len(own) > 1:
            found.append((title, own))
    return found


def _group(rows: Sequence[Mapping[str, Any]], members: Mapping[str, Sequence[str]]) -> list[Any]:
    items = {row["code"]: row for row in rows if row["level"] == "item"}
    return [
        (show(row), [show(items[code]) for code in members.get(row["code"], ()) if code in items])
        for row in rows
        if row["level"] == "factor"
    ]


def method(one: PublicEdition) -> PublicPage:
    """The method note."""
    return PublicPage("method.html", _of(one, notes=write_method_note(one.edition)))


def data(one: PublicEdition) -> PublicPage:
    """The files, their sizes and checksums, licence and how to cite."""
    files = [(name, len(content)) for name, content in open_data_folder(one).items()]
    context = _of(one, files=files, licence=licence_title(), cite=cite(one))
    return PublicPage("data.html", context)


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
    yield from _pages("gop-y/", _improvements(), IMPROVEMENTS_PER_PAGE)
    for one in public_editions():
        yield from (f"{one.path}{name}" for name in ("", "linh-vuc/", "phuong-phap/", "du-lieu/"))
        lines = agency_lines(one)
        for kind in {line.kind for line in lines}:
            own = [line for line in lines if line.kind == kind]
            yield from _pages(f"{one.path}loai/{kind}/", own, LINES_PER_PAGE)
        for code, own_lines in domain_lines(one).items():
            yield from _pages(f"{one.path}linh-vuc/{code}/", own_lines, LINES_PER_PAGE)
        yield from (f"{one.path}don-vi/{line.key}/" for line in lines)


def list_files() -> Iterator[tuple[str, bytes]]:
    """Every file of open data: address and content."""
    for one in public_editions():
        for name, content in open_data_folder(one).items():
            yield f"{one.path}{name}", content
