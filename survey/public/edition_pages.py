"""The public pages of one edition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import get_language

from survey.agencies.improvements import Improvement
from survey.public.editions import PublicEdition, find_standing, public_editions
from survey.public.figures import (
    WHOLE,
    AgencyLine,
    agency_lines,
    agency_rows,
    domain_lines,
    find_target,
    find_verdict,
    show,
    show_first,
)
from survey.public.modelled import few_answers, show_modelled
from survey.public.open_data import cite, licence_title, list_open_data, write_notes
from survey.public.paging import Part, PublicPage, cut_part
from survey.public.words import KINDS, PART_TITLES, period_title
from survey.scorecards.bridge.open_data import code_ids

LINES_PER_PAGE: Final = 30
IMPROVEMENTS_SHOWN: Final = 5


def _frame(one: PublicEdition, **more: Any) -> dict[str, Any]:
    """What every page of an edition shows."""
    found = public_editions()
    return {
        "one": one,
        "period": period_title(one.edition.period),
        "standing": find_standing(one, found),
        "notice": one.edition.about.get("notice", ""),
        "method": _name_method(one),
        **more,
    }


def _name_method(one: PublicEdition) -> str:
    title = "method_title_en" if get_language() == "en" else "method_title"
    return str(one.edition.about.get(title, one.edition.method))


def edition(one: PublicEdition) -> PublicPage:
    """The province, its factors, and where to go on."""
    whole = agency_rows(one, WHOLE)
    counts = {kind: sum(line.kind == kind for line in agency_lines(one)) for kind in KINDS}
    context = _frame(
        one,
        whole=show_first(whole.at("overall")) if whole else None,
        met=whole.met if whole else None,
        target=find_target(one),
        factors=[show(row) for row in whole.at("factor")] if whole else [],
        kinds=[(kind, KINDS[kind], count) for kind, count in counts.items() if count],
        cite=cite(one),
        licence=licence_title(),
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
    return show(line.row, line.name, find_verdict(one, line.key, line.row), line.key)


def domain_slugs(one: PublicEdition) -> dict[str, str]:
    """Code of each procedure domain by its word in addresses."""
    return {slug: code for code, slug in code_ids(domain_lines(one)).items()}


def domain_list(one: PublicEdition, slug: str, number: str) -> PublicPage | None:
    """Agencies by name in one procedure domain, after the province."""
    code = domain_slugs(one).get(slug, "")
    lines = domain_lines(one).get(code, [])
    part = cut_part(lines, int(number), LINES_PER_PAGE)
    if part is None or not lines:
        return None
    whole = agency_rows(one, WHOLE)
    rows = [row for row in whole.at("domain") if row["code"] == code] if whole else []
    title = lines[0].row["label"]
    return PublicPage("list.html", _list(one, part, title, f"linh-vuc/{slug}/", show_first(rows)))


def domains(one: PublicEdition) -> PublicPage:
    """Procedure domains over the whole province."""
    whole = agency_rows(one, WHOLE)
    slugs = {code: slug for slug, code in domain_slugs(one).items()}
    rows = whole.at("domain") if whole else []
    lines = [show(row, key=slugs.get(row["code"], "")) for row in rows]
    return PublicPage("domains.html", _frame(one, lines=lines))


def agency(one: PublicEdition, key: str) -> PublicPage | None:
    """One agency: overall, factors with items, domains, what it changed."""
    found = None if key == WHOLE else agency_rows(one, key)
    if found is None:
        return None
    rows = found.rows
    changed = Improvement.objects.filter(agency__key=key).exclude(approved_at=None)
    context = _frame(
        one,
        name=found.name,
        kind=KINDS.get(found.kind, found.kind),
        kind_path=f"{one.path}loai/{found.kind}/1/",
        whole=show_first(rows),
        met=found.met,
        target=find_target(one),
        verdict=find_verdict(one, key, rows[0]),
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


def modelled(one: PublicEdition, number: str) -> PublicPage | None:
    """Agencies with few answers by a model."""
    part = cut_part(few_answers(one), int(number), LINES_PER_PAGE)
    if part is None:
        return None
    lines = [show_modelled(*pair) for pair in part[0]]
    context = _frame(one, part=(lines, *part[1:]), at=f"{one.path}mo-hinh/")
    return PublicPage("modelled.html", context)


def method(one: PublicEdition) -> PublicPage:
    """The method note."""
    return PublicPage("method.html", _frame(one, notes=write_notes(one)))


def data(one: PublicEdition) -> PublicPage:
    """The files, their sizes and checksums, licence and how to cite."""
    files = list_open_data(one)
    context = _frame(one, files=files, licence=licence_title(), cite=cite(one))
    return PublicPage("data.html", context)
