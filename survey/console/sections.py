"""The sections of the staff pages as data: what stands in the navigation, in which order,
for whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from survey.accounts.models import User
from survey.accounts.permissions import may


@dataclass(frozen=True)
class Section:
    """A page in the navigation; ``pages`` are the templates on which it is the current one."""

    name: str
    text: object
    pages: tuple[str, ...]
    needs: str = ""


SECTIONS: Final = (
    Section("console:home", _("Satisfaction index"), ("home", "agency")),
    Section("console:pictures", _("Charts"), ("pictures",)),
    Section("console:codes", _("Codes and posters"), ("codes",)),
    Section("console:presence", _("Screens, tablets, slips"), ("presence",)),
    Section("console:ballots", _("Paper ballots"), ("ballots", "ballot_count"), "enter-ballots"),
    Section("console:calls", _("Calls to 1022"), ("calls",), "record-calls"),
    Section("console:improvements", _("You said, we did"), ("improvements",)),
    Section("console:cases", _("Cases handed over"), ("cases",)),
    Section("console:messages", _("Messages"), ("messages",)),
    Section("console:dossiers", _("Dossier events"), ("dossiers",), "import-events"),
    Section("console:totals", _("Dossier totals"), ("totals",), "import-totals"),
    Section("console:languages", _("Languages"), ("languages",), "see-languages"),
)


@dataclass(frozen=True)
class Link:
    """One line of the navigation."""

    address: str
    text: object
    current: str
    """For ``aria-current``: ``page`` or ``false``."""


def navigation(user: User, current: str) -> list[Link]:
    """What an account sees of the sections; ``current`` is the name of the page's template."""
    shown = [section for section in SECTIONS if not section.needs or may(user, section.needs)]
    links = [
        Link(reverse(section.name), section.text, "page" if current in section.pages else "false")
        for section in shown
    ]
    if user.is_staff:
        links.append(Link(reverse("admin:index"), _("Administration"), "false"))
    return links
