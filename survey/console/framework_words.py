"""Criteria of a framework in words: how a figure comes about, and how it becomes points."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.agencies.models import AgencyKind
from survey.scorecards.bridge.frameworks import Framework
from survey.templatetags.figures import figure

INPUTS: Final = {
    "choice": gettext_lazy("a choice"),
    "number": gettext_lazy("a number"),
    "ratio": gettext_lazy("part of a whole"),
    "formula": gettext_lazy("computed from figures"),
    "satisfaction_index": gettext_lazy("satisfaction index, from the released figures"),
    "on_time_rate": gettext_lazy("dossiers on time, from the dossier totals"),
    "online_share": gettext_lazy("dossiers online, from the dossier totals"),
    "survey_group": gettext_lazy("sociological survey of groups"),
    "imported": gettext_lazy("entered by the appraisers"),
    "leader_rating": gettext_lazy("given by the leaders"),
}
APPRAISED: Final = (
    "satisfaction_index",
    "on_time_rate",
    "online_share",
    "survey_group",
    "imported",
    "leader_rating",
)
"""What an agency never declares of itself."""
RULE_NAMES: Final = {
    "proportional": gettext_lazy("in proportion to 100 %"),
    "capped": gettext_lazy("in proportion, up to a target that gives all points"),
    "bands": gettext_lazy("in steps"),
    "per_unit": gettext_lazy("points for each, up to the maximum"),
    "minus": gettext_lazy("each takes a part of the maximum"),
    "points": gettext_lazy("points as they are"),
}
EFFECTS: Final = {
    "base": "",
    "bonus": gettext_lazy("bonus"),
    "deduction": gettext_lazy("deduction"),
}


def plain(value: Fraction | Decimal | int) -> str:
    """A number of a framework as short as it is, with the decimal sign of the language."""
    fraction = Fraction(value)
    exact = Decimal(fraction.numerator) / fraction.denominator
    short = exact.quantize(Decimal("0.0001")).normalize()
    return figure(short.quantize(Decimal(1)) if short == short.to_integral_value() else short)


def describe_rule(criterion: Any) -> str:
    """How a measure becomes points, as a sentence."""
    if criterion.rule is None:
        return "; ".join(
            _("%(answer)s: %(share)s %%") % {"answer": o.title, "share": plain(100 * o.share)}
            for o in criterion.options
        )
    told = _RULES[criterion.rule.kind](criterion.rule)
    if criterion.rule.floor is not None:
        told += "; " + _("below %(floor)s: 0") % {"floor": plain(criterion.rule.floor)}
    if criterion.formula:
        told = f"{criterion.formula}; {told}"
    return told


ZERO: Final = {
    "full": gettext_lazy("nothing to count: all points"),
    "none": gettext_lazy("nothing to count: 0"),
    "not_applicable": gettext_lazy("nothing to count: does not apply"),
}


def describe_conditions(criterion: Any) -> str:
    """When a line does not count, and for whom it does."""
    told = [str(ZERO[criterion.zero])] if criterion.zero in ZERO else []
    if criterion.not_applicable:
        told.append(_("the agency may say that it does not apply"))
    if criterion.optional:
        told.append(_("leaves the maximum without a figure"))
    if criterion.applies_to:
        names = dict(AgencyKind.choices)
        told.append(", ".join(str(names.get(kind, kind)) for kind in criterion.applies_to))
    return "; ".join(told)


def _describe_bands(rule: Any) -> str:
    return "; ".join(
        _("%(comparison)s %(edge)s: %(share)s %% of the points")
        % {
            "comparison": {">": ">", ">=": "≥"}[band.comparison],
            "edge": plain(band.edge),
            "share": plain(100 * band.share),
        }
        for band in sorted(rule.bands, key=lambda band: -band.edge)
    )


_RULES: Final[dict[str, Callable[[Any], str]]] = {
    "proportional": lambda rule: _("in proportion to 100 %"),
    "capped": lambda rule: (
        _("in proportion, all points from %(target)s %%") % {"target": plain(rule.target)}
    ),
    "bands": _describe_bands,
    "per_unit": lambda rule: (
        _("%(each)s points each, up to the maximum") % {"each": plain(rule.each)}
    ),
    "minus": lambda rule: (
        _("each takes %(share)s %% of the maximum") % {"share": plain(100 * rule.each)}
    ),
    "points": lambda rule: _("points as they are"),
}


def _effect(criterion: Any, depth: int) -> str:
    """Bonus or deduction, once, where the name of the line does not say so itself."""
    told = str(EFFECTS[criterion.effect])
    return "" if depth or told.casefold() == criterion.title.casefold() else told


def framework_lines(framework: Framework) -> list[dict[str, Any]]:
    """Lines of a framework for a table, each below the one it is a part of."""
    found: list[dict[str, Any]] = []

    def add(parent: str, depth: int) -> None:
        for criterion in framework.parts.get(parent, []):
            leaf = criterion.code not in framework.parts
            found.append(
                {
                    "criterion": criterion,
                    "depth": depth,
                    "maximum": plain(criterion.maximum),
                    "input": INPUTS.get(criterion.input, ""),
                    "rule": describe_rule(criterion) if leaf else "",
                    "conditions": describe_conditions(criterion) if leaf else "",
                    "effect": _effect(criterion, depth),
                    "group": not leaf,
                    "owners": ", ".join(filter(None, (criterion.owner, *criterion.co_owners))),
                }
            )
            add(criterion.code, depth + 1)

    add("", 0)
    return found
