"""The head of a framework as a form, and the fields its lines are written in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.agencies.models import AgencyKind
from survey.scorecards.bridge.frameworks import read_number
from survey.scorecards.frameworks.editing import Content, Line

_DAY: Final = {"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"}
SEPARATOR: Final = "|"


class NumberField(forms.CharField):
    """An exact number as offices write it: 1.234,5."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=20, **more)
        self.widget.attrs["inputmode"] = "decimal"

    def clean(self, value: Any) -> Any:
        """The number; None where nothing is written."""
        text = super().clean(value)
        return read_decimal(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        """A number as it is read back."""
        return write_decimal(value) if isinstance(value, (int, Decimal)) else value


class RowsField(forms.CharField):
    """A table: a row a line, its parts between bars; ``names`` of the parts, of which those in
    ``shares`` are percent.
    """

    def __init__(
        self, *, names: tuple[str, ...], shares: tuple[str, ...] = (), **more: Any
    ) -> None:
        self.names, self.shares = names, shares
        widget = forms.Textarea(attrs={"rows": 4, "wrap": "off", "spellcheck": "false"})
        super().__init__(max_length=5000, required=False, widget=widget, **more)

    def clean(self, value: Any) -> Any:
        """The rows as tables."""
        text = super().clean(value)
        return [self._row(row) for row in text.splitlines() if row.strip()]

    def _row(self, text: str) -> Line:
        parts = [part.strip() for part in text.split(SEPARATOR)]
        if len(parts) != len(self.names) or not all(parts):
            raise ValidationError(
                _("“%(row)s” is not of this form. %(form)s")
                % {"row": text[:60], "form": self.help_text}
            )
        row: Line = dict(zip(self.names, parts, strict=True))
        for name in self.shares:
            row[name] = read_decimal(row[name].removesuffix("%").strip()) / Decimal(100)
        return row

    def prepare_value(self, value: Any) -> Any:
        """The rows as text."""
        if not isinstance(value, list):
            return value
        return "\n".join(
            f" {SEPARATOR} ".join(self._cell(row, n) for n in self.names) for row in value
        )

    def _cell(self, row: Line, name: str) -> str:
        return write_decimal(100 * Decimal(row[name])) if name in self.shares else str(row[name])


class BandsField(RowsField):
    """Steps of a rule: ``>= 90 | 100``."""

    def __init__(self, **more: Any) -> None:
        super().__init__(names=("edge", "share"), shares=("share",), **more)

    def _row(self, text: str) -> Any:
        row = super()._row(text.replace("≥", ">="))
        sign = ">=" if row["edge"].startswith(">=") else ">"
        if not row["edge"].startswith(">"):
            raise ValidationError(_("Write ≥ or > before the edge: ≥ 90 | 100."))
        return [sign, read_decimal(row["edge"].lstrip(">=").strip()), row["share"]]

    def prepare_value(self, value: Any) -> Any:
        """The steps as text."""
        if not isinstance(value, list):
            return value
        signs = {">": ">", ">=": "≥"}
        return "\n".join(
            f"{signs[sign]} {write_decimal(edge)} {SEPARATOR} {write_decimal(100 * Decimal(share))}"
            for sign, edge, share in value
        )


def write_decimal(number: Decimal | int) -> str:
    """A number in a field, exact, with a decimal comma in every language: what is read back is the
    same.
    """
    plain = Decimal(number).normalize()
    return f"{plain:f}".replace(".", ",")


def read_decimal(text: str) -> Decimal:
    """A number of a framework.

    Raises
    ------
    ValidationError
        It is none.
    """
    found = read_number(text)
    if found is None:
        raise ValidationError(_("“%(text)s” is not a number, like 12,5.") % {"text": text[:40]})
    return Decimal(found.numerator) / Decimal(found.denominator)


def _split_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class HeadForm(forms.Form):
    """What stands above the lines."""

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    id = forms.CharField(
        label=gettext_lazy("code"),
        max_length=60,
        help_text=gettext_lazy("Small letters without marks, digits and hyphens: so-nganh-2026."),
    )
    title_vi = forms.CharField(label=gettext_lazy("title (Vietnamese)"), max_length=300)
    title_en = forms.CharField(
        label=gettext_lazy("title (English)"), max_length=300, required=False
    )
    source = forms.CharField(label=gettext_lazy("issued by document"), max_length=300)
    applies_to = forms.MultipleChoiceField(
        label=gettext_lazy("kinds of agency; none ticked: all"),
        choices=AgencyKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    valid_from = forms.DateField(
        label=gettext_lazy("in force from"), widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY)
    )
    valid_to = forms.DateField(
        label=gettext_lazy("until"),
        required=False,
        widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY),
    )
    bands = forms.CharField(
        label=gettext_lazy("classes"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One in a row, with its lower edge: 90 | Tốt"),
    )

    def clean_bands(self) -> list[list[Any]]:
        """Edges with their names."""
        found = []
        for row in _split_lines(self.cleaned_data["bands"]):
            edge, _bar, name = (part.strip() for part in row.partition(SEPARATOR))
            if not name:
                raise ValidationError(_("Write the edge and the name: 90 | Tốt"))
            found.append([read_decimal(edge), name])
        return found

    def head(self) -> dict[str, Any]:
        """The head of the file."""
        told = self.cleaned_data
        titles = {"vi": told["title_vi"], "en": told["title_en"]}
        names = ("id", "source", "applies_to", "valid_from", "valid_to", "bands")
        return {
            **{name: told[name] for name in names},
            "title": {code: title for code, title in titles.items() if title},
        }


def describe_head(content: Content) -> dict[str, Any]:
    """What stands in the fields of a draft's head."""
    bands = [f"{write_decimal(edge)} {SEPARATOR} {name}" for edge, name in content.get("bands", [])]
    names = ("id", "source", "applies_to", "valid_from", "valid_to")
    return {
        **{name: content.get(name) for name in names},
        "title_vi": content["title"]["vi"],
        "title_en": content["title"].get("en", ""),
        "bands": "\n".join(bands),
    }
