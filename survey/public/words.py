"""Words of the public pages by code, in every language citizens read."""

from __future__ import annotations

from typing import Final

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from survey.questionnaires.shipped import shipped_labels

KINDS: Final = {
    "department": pgettext_lazy("public", "Departments"),
    "district": pgettext_lazy("public", "Districts (until 30 June 2025)"),
    "commune": pgettext_lazy("public", "Communes and wards"),
    "public-service-unit": pgettext_lazy("public", "Public service units"),
    "land-office-branch": pgettext_lazy("public", "Land registration branches"),
    "province": pgettext_lazy("public", "Other agencies of the province"),
}
"""Kinds of agency, as headings of lists."""
STATUSES: Final = {
    "few": _("Few answers: shown, not compared"),
    "unverified": _("Not verified: shown, not compared"),
    "suppressed": _("Not shown: too few answers here or in a neighbouring figure"),
    "imprecise": _("Not shown: the figure is too uncertain"),
    "none": _("No answer yet"),
    "published": "",
}
VERDICTS: Final = {
    1: _("surely above the mean of its kind"),
    -1: _("surely below the mean of its kind"),
    0: _("not told apart from the mean of its kind"),
}
PARTS: Final = {
    "overall": _("Overall"),
    "citizen": _("Citizens"),
    "business": _("Businesses and organisations"),
    "untold": _("Not known for whom"),
}
PART_TITLES: Final = {"domain": _("By procedure domain"), "applicant": _("By applicant")}
PERIOD_WORDS: Final = {
    "quarter": _("quarter %(number)s of %(year)s"),
    "H1": _("first half of %(year)s"),
    "H2": _("second half of %(year)s"),
    "9M": _("first nine months of %(year)s"),
    "month": _("month %(number)s of %(year)s"),
    "year": _("year %(year)s"),
}
CITATION: Final = _(
    "%(publisher)s: Satisfaction index %(period)s, edition %(edition)s. %(address)s"
)
ROMAN: Final = ("", "I", "II", "III", "IV")


def label(level: str, code: str, stored: str) -> str:
    """Words of a figure in the active language; the stored ones where we have no other."""
    if level in ("overall", "applicant") and code in PARTS:
        return str(PARTS[code])
    if level in ("factor", "item"):
        return shipped_labels().get(code, {}).get(get_language() or "vi", stored)
    return stored


def period_title(name: str) -> str:
    """A reporting period in the active language."""
    year, _dash, part = name.partition("-")
    if part.startswith("Q"):
        quarter = ROMAN[int(part[1])] if get_language() == "vi" else part[1]
        return str(PERIOD_WORDS["quarter"]) % {"number": quarter, "year": year}
    if part in PERIOD_WORDS:
        return str(PERIOD_WORDS[part]) % {"year": year}
    if part:
        return str(PERIOD_WORDS["month"]) % {"number": int(part), "year": year}
    return str(PERIOD_WORDS["year"]) % {"year": year}
