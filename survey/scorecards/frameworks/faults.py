"""What is wrong with a framework file, in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.scorecards.bridge.frameworks import FrameworkError

SENTENCES: Final = {
    "toml": gettext_lazy("The file is not TOML: %(value)s"),
    "empty": gettext_lazy("There is not a single criterion."),
    "missing": gettext_lazy("“%(value)s” is missing."),
    "unknown": gettext_lazy("“%(value)s” is not a key of a framework."),
    "kind": gettext_lazy("“%(value)s” cannot be used."),
    "number": gettext_lazy("“%(value)s” is not a number that can be used."),
    "input": gettext_lazy("There is no kind of input “%(value)s”."),
    "rule": gettext_lazy("There is no kind of rule “%(value)s”."),
    "band": gettext_lazy(
        "The step %(value)s cannot be used. Write the comparison, the edge and the share, e.g. "
        '[">=", 90, 0.5].'
    ),
    "twice": gettext_lazy("The code is used twice."),
    "parent": gettext_lazy("There is no line “%(value)s” it could be a part of."),
    "cycle": gettext_lazy("The line is a part of itself."),
    "sum": gettext_lazy("The maximum is not the sum of its parts, which is %(value)s."),
    "total": gettext_lazy("The stated total is not the sum of the areas, which is %(value)s."),
    "count": gettext_lazy(
        "The stated number of criteria is not that of the areas, which is %(value)s."
    ),
    "maximum": gettext_lazy("The maximum has to be more than 0."),
    "share": gettext_lazy("The share %(value)s is not from 0 to 1."),
    "options": gettext_lazy(
        "A choice needs at least two answers with codes of their own, and no rule."
    ),
    "ruleless": gettext_lazy("A line that is scored needs an input and a rule."),
    "group": gettext_lazy("A line with parts cannot have an input, a rule or answers itself."),
    "weights": gettext_lazy("The weights of the groups add up to %(value)s instead of 1."),
    "formula": gettext_lazy("The formula cannot be used: %(value)s"),
    "dates": gettext_lazy("The last day is before the first one."),
    "declared": gettext_lazy(
        "“%(value)s” is counted or appraised. Set self_scored = false for it."
    ),
    "code": gettext_lazy(
        "The code “%(value)s” cannot be used: letters, digits, hyphens, and points between them."
    ),
    "many": gettext_lazy("There are more than %(value)s lines."),
    "deep": gettext_lazy("The line stands more than %(value)s lines deep."),
    "places": gettext_lazy("The maximum %(value)s has more places than its points."),
    "large": gettext_lazy("The total %(value)s is too large."),
    "nobody": gettext_lazy("No line applies to the kind of agency “%(value)s”."),
    "effect": gettext_lazy("A part has another effect than the line it belongs to."),
    "decimals": gettext_lazy("Points have from 0 to 4 places."),
}
"""By kind of fault, as the statistics name them."""
MAX_SHOWN_FAULTS: Final = 50


def tell_faults(error: FrameworkError) -> list[str]:
    """A sentence for each fault, with the criterion it is in."""
    return [
        _("Criterion %(code)s: %(fault)s") % {"code": fault.criterion, "fault": told}
        if fault.criterion
        else str(told)
        for fault in error.faults[:MAX_SHOWN_FAULTS]
        for told in (SENTENCES[fault.kind] % {"value": fault.value},)
    ]
