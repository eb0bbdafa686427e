"""The form of one line of a framework: what it is worth, how its figure comes about, by which rule
it becomes points, and who answers for it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from survey.agencies.models import AgencyKind
from survey.console.framework_forms import BandsField, NumberField, RowsField
from survey.console.framework_words import APPRAISED, INPUTS, RULE_NAMES
from survey.scorecards.frameworks.editing import Line

_WORDS: Final = ("parent", "evidence", "owner", "serves")
_NEEDED: Final = {"capped": "target", "bands": "bands", "per_unit": "each", "minus": "each"}
"""What a rule has to say."""


class LineForm(forms.Form):
    """One line."""

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    code = forms.CharField(label=gettext_lazy("code"), max_length=40)
    title = forms.CharField(
        label=gettext_lazy("name"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    parent = forms.ChoiceField(label=gettext_lazy("part of"), required=False)
    effect = forms.ChoiceField(
        label=gettext_lazy("counts as"),
        choices=[
            ("base", gettext_lazy("points of the maximum")),
            ("bonus", gettext_lazy("bonus")),
            ("deduction", gettext_lazy("deduction")),
        ],
    )
    maximum = NumberField(
        label=gettext_lazy("maximum"),
        required=False,
        help_text=gettext_lazy("Of a line with parts it is the sum of theirs."),
    )
    input = forms.ChoiceField(
        label=gettext_lazy("figure"),
        required=False,
        choices=[("", gettext_lazy("none: it has parts")), *INPUTS.items()],
    )
    rule = forms.ChoiceField(
        label=gettext_lazy("rule"),
        required=False,
        choices=[("", gettext_lazy("none: the answers say it")), *RULE_NAMES.items()],
    )
    target = NumberField(label=gettext_lazy("all points from (%)"), required=False)
    each = NumberField(
        label=gettext_lazy("points for each, or percent taken off for each"), required=False
    )
    bands = BandsField(
        label=gettext_lazy("steps"), help_text=gettext_lazy("One in a row: ≥ 90 | 100")
    )
    floor = NumberField(label=gettext_lazy("no points below"), required=False)
    options = RowsField(
        names=("code", "title", "share"),
        shares=("share",),
        label=gettext_lazy("answers"),
        help_text=gettext_lazy("One in a row: code | answer | percent of the points"),
    )
    evidence = forms.CharField(
        label=gettext_lazy("evidence"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    owner = forms.CharField(label=gettext_lazy("Agency in charge"), required=False, max_length=200)
    co_owners = forms.CharField(
        label=gettext_lazy("co-owners, one in a row"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class FurtherForm(forms.Form):
    """What few lines need."""

    formula = forms.CharField(label=gettext_lazy("formula"), required=False, max_length=500)
    figures = RowsField(
        names=("code", "title"),
        label=gettext_lazy("figures of the formula"),
        help_text=gettext_lazy("One in a row: code | name"),
    )
    groups = RowsField(
        names=("code", "title", "weight"),
        shares=("weight",),
        label=gettext_lazy("groups that are asked"),
        help_text=gettext_lazy("One in a row: code | name | percent of the weight"),
    )
    zero = forms.ChoiceField(
        label=gettext_lazy("when there is nothing to count"),
        choices=[
            ("missing", gettext_lazy("the figure is missing")),
            ("full", gettext_lazy("all points")),
            ("none", gettext_lazy("no points")),
            ("not_applicable", gettext_lazy("the line does not apply")),
        ],
    )
    not_applicable = forms.BooleanField(
        label=gettext_lazy("the agency may say that it does not apply"), required=False
    )
    optional = forms.BooleanField(
        label=gettext_lazy("leaves the maximum without a figure"), required=False
    )
    self_scored = forms.BooleanField(
        label=gettext_lazy("the agency declares it itself"), required=False
    )
    applies_to = forms.MultipleChoiceField(
        label=gettext_lazy("kinds of agency; none ticked: all"),
        choices=AgencyKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    serves = forms.CharField(
        label=gettext_lazy("criterion of the province it serves"), required=False, max_length=40
    )
    decimals = forms.IntegerField(
        label=pgettext_lazy("points", "decimal places"), min_value=0, max_value=4
    )


def build_line(main: LineForm, more: FurtherForm, before: Line) -> Line | None:
    """The line two valid forms describe; None when something does not fit, which the forms then
    say. What has no field stays as it was.
    """
    told = {**main.cleaned_data, **more.cleaned_data}
    _check(main, told)
    if main.errors:
        return None
    kept: Line = {name: before[name] for name in ("criteria_count", "example") if name in before}
    line: Line = {
        **kept,
        "code": told["code"],
        "title": told["title"],
        "maximum": told["maximum"] if told["maximum"] is not None else before.get("maximum", 1),
        **{name: told[name] for name in _WORDS},
        "input": told["input"],
        "effect": told["effect"] if told["effect"] != "base" else "",
        "applies_to": told["applies_to"],
        "co_owners": [row.strip() for row in told["co_owners"].splitlines() if row.strip()],
    }
    return line | (_scored(told) if told["input"] else {})


def _scored(told: dict[str, Any]) -> Line:
    """What only a line without parts has."""
    return {
        "rule": _rule(told) if told["rule"] else None,
        "options": told["options"],
        "formula": told["formula"],
        "figures": told["figures"],
        "groups": told["groups"],
        "zero": told["zero"] if told["zero"] != "missing" else "",
        "not_applicable": told["not_applicable"],
        "optional": told["optional"],
        "self_scored": told["self_scored"] and told["input"] not in APPRAISED,
        "decimals": told["decimals"] if told["decimals"] != 2 else None,
    }


def _rule(told: dict[str, Any]) -> Line:
    kind = told["rule"]
    rule: Line = {"kind": kind}
    if name := _NEEDED.get(kind):
        rule[name] = told[name] / 100 if kind == "minus" else told[name]
    if told["floor"] is not None:
        rule["floor"] = told["floor"]
    return rule


def _check(form: LineForm, told: dict[str, Any]) -> None:
    needed = _NEEDED.get(told["rule"])
    if told["input"] and needed and told[needed] in (None, []):
        form.add_error(needed, _("This rule needs it."))
    if told["input"] and told["maximum"] is None:
        form.add_error("maximum", _("A line that is scored needs a maximum."))
    if told["input"] == "choice" and told["rule"]:
        form.add_error("rule", _("Here the answers say what they are worth: choose no rule."))
    if told["input"] and told["input"] != "choice" and not told["rule"]:
        form.add_error("rule", _("Choose how the figure becomes points."))


def describe_line(line: Line) -> dict[str, Any]:
    """What stands in the fields of both forms for a line of a draft."""
    rule = line.get("rule") or {}
    each = rule.get("each")
    if rule.get("kind") == "minus":
        each = 100 * Decimal(each or 0)
    given = line.get("input", "")
    return {
        **line,
        "effect": line.get("effect", "base"),
        "rule": rule.get("kind", ""),
        "target": rule.get("target"),
        "each": each,
        "bands": rule.get("bands", []),
        "floor": rule.get("floor"),
        "co_owners": "\n".join(line.get("co_owners", [])),
        "zero": line.get("zero", "missing"),
        "self_scored": line.get("self_scored", given not in APPRAISED),
        "decimals": line.get("decimals", 2),
    }
