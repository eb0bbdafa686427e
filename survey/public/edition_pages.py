"""The public pages of one edition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from survey.agencies.improvements import Improvement
from survey.public.editions import PublicEdition, public_editions, successor
from survey.public.figures import (
    WHOLE,
    AgencyLine,
    agency_lines,
    agency_rows,
    domain_lines,
    find_target,
    find_verdict,
    is_met,
    show,
    show_first,
)
from survey.public.open_data import cite, licence_title, open_data_folder
from survey.public.paging import Part, PublicPage, cut_part
from survey.public.words import KINDS, PART_TITLES, period_title
from survey.reports.method_note import write_method_note

LINES_PER_PAGE: Final = 30
IMPROVEMENTS_SHOWN: Final = 5


def _frame(one: PublicEdition, **more: Any) -> dict[str, Any]:
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
    context = _frame(
        one,
        whole=show_first(overall),
        met=is_met(one, overall[0]) if overall else None,
        target=find_target(one),
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
    part = cut_part(lines, int(number), LINES_PER_PAGE)
    if part is None or not lines:
        return None
    title = KINDS.get(kind, kind)
    return PublicPage("list.html", _list(one, part, title, f"loai/{kind}/", None))


def _list(one: PublicEdition, part: Part, title: object, at: str, whole: Any) -> dict[str, Any]:
    lines, number, count = part
    shown = [_show_line(one, line) for line in lines]
    return _frame(one, part=(shown, number, count), title=title, at=f"{one.path}{at}", whole=whole)


def _show_line(one: PublicEdition, line: AgencyLine) -> Any:
    verdict = find_verdict(one, line.key) if line.row["level"] == "overall" else ""
    return show(line.row, line.name, verdict, line.key)


def domain_list(one: PublicEdition, code: str, number: str) -> PublicPage | None:
    """Agencies by name in one procedure domain, after the province."""
    lines = domain_lines(one).get(code, [])
    part = cut_part(lines, int(number), LINES_PER_PAGE)
    if part is None or not lines:
        return None
    whole = agency_rows(one, WHOLE)
    rows = [row for row in whole[2] if row["code"] == code] if whole else []
    title = lines[0].row["label"]
    return PublicPage("list.html", _list(one, part, title, f"linh-vuc/{code}/", show_first(rows)))


def domains(one: PublicEdition) -> PublicPage:
    """Procedure domains over the whole province."""
    whole = agency_rows(one, WHOLE)
    rows = [row for row in whole[2] if row["level"] == "domain"] if whole else []
    known = domain_lines(one)
    lines = [show(row, key=row["code"] if row["code"] in known else "") for row in rows]
    return PublicPage("domains.html", _frame(one, lines=lines))


def agency(one: PublicEdition, key: str) -> PublicPage | None:
    """One agency: overall, factors with items, domains, what it changed."""
    found = None if key == WHOLE else agency_rows(one, key)
    if found is None:
        return None
    name, kind, rows = found
    changed = Improvement.objects.filter(agency__key=key).exclude(approved_at=None)
    context = _frame(
        one,
        name=name,
        kind=KINDS.get(kind, kind),
        kind_path=f"{one.path}loai/{kind}/1/",
        whole=show_first(rows),
        met=is_met(one, rows[0]),
        target=find_target(one),
        verdict=find_verdict(one, key),
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
    return PublicPage("method.html", _frame(one, notes=write_method_note(one.edition)))


def data(one: PublicEdition) -> PublicPage:
    """The files, their sizes and checksums, licence and how to cite."""
    files = [(name, len(content)) for name, content in open_data_folder(one).items()]
    context = _frame(one, files=files, licence=licence_title(), cite=cite(one))
    return PublicPage("data.html", context)
