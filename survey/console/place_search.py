"""What pages with a row a counter share: offices by part of a name, a few on a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from survey.agencies.models import Office
from survey.common.text import fold_accents, name_order

OFFICES_PER_PAGE: Final = 20
"""About a hundred counters."""
MAX_WANTED: Final = 80


@dataclass(frozen=True)
class Found:
    """Offices that match what was typed, and those of them on this page."""

    wanted: str
    every: list[Office]
    part: Page[Office]

    @property
    def context(self) -> dict[str, Any]:
        """What the search field and the links to other pages show."""
        query = urlencode({"q": self.wanted})
        return {"wanted": self.wanted, "part": self.part, "query": query}


def search_offices(request: HttpRequest, offices: QuerySet[Office]) -> Found:
    """By ``?q=`` in name or address, with or without accents; sorted as Vietnamese sorts."""
    wanted = request.GET.get("q", "").strip()[:MAX_WANTED]
    bare = fold_accents(wanted)
    found = [
        office for office in offices if bare in fold_accents(f"{office.name} {office.address}")
    ]
    found.sort(key=lambda office: name_order(office.name))
    part = Paginator(found, OFFICES_PER_PAGE).get_page(request.GET.get("page"))
    return Found(wanted, found, part)
