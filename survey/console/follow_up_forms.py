"""Forms of what is followed up: built from what a kind asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.agencies.models import Agency, AgencyKind
from survey.agencies.queries import versions_on
from survey.console.forms import LongSelect
from survey.followup.kinds import FieldType, FollowUpKind, KindField
from survey.followup.models import FollowUp
from survey.followup.services import Opening
from survey.scorecards.rounds.evidence import MAX_EVIDENCE_BYTES, UploadedEvidence

DAY: Final = {"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"}
ALL_OF: Final = "all-"
"""Before a kind of agency: all agencies of it."""
MAX_TARGET: Final = 100


def day_field(label: Any, *, required: bool = True) -> forms.DateField:
    """A day as people write it."""
    widget = forms.DateInput(format="%d/%m/%Y", attrs=DAY)
    return forms.DateField(label=label, required=required, widget=widget)


class LongSelectMultiple(forms.SelectMultiple):
    """Several of many agencies."""

    def __init__(self) -> None:
        super().__init__(attrs={"size": 6})


class FollowUpForm(forms.Form):
    """A new matter of one kind; the agency is asked only of who acts for the province."""

    title = forms.CharField(label=gettext_lazy("title"), max_length=200)

    def __init__(
        self, *args: Any, kind: FollowUpKind, own: Agency | None, day: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.own, self.day = kind, own, day
        if own is None:
            self.fields["agency"] = forms.ChoiceField(
                label=gettext_lazy("sent to") if kind.is_addressed else gettext_lazy("agency"),
                choices=agency_choices(day),
                widget=LongSelect(),
            )
        for one in kind.fields:
            # Whom an initiative is measured by is not for its own agency to choose.
            if one.type != FieldType.AGENCIES or own is None:
                self.fields[f"d-{one.name}"] = _make_field(one, day)
        if kind.has_deadline:
            self.fields["due_on"] = day_field(gettext_lazy("until"))
        self.fields["file"] = forms.FileField(
            label=gettext_lazy("file"),
            required=kind.has_file,
            help_text=gettext_lazy("PDF, JPG, PNG, DOCX or XLSX, at most 20 MB."),
        )
        first = ["agency", "title"]
        self.order_fields(first)

    def read_opening(self, parent: FollowUp | None) -> Opening:
        """What was written; the form has to be valid."""
        cleaned = self.cleaned_data
        details = {one.name: plain_value(cleaned.get(f"d-{one.name}")) for one in self.kind.fields}
        return Opening(
            kind=self.kind.key,
            title=cleaned["title"],
            details=details,
            due_on=cleaned.get("due_on"),
            parent=parent,
            file=read_upload(cleaned.get("file")),
        )

    def chosen_agencies(self) -> list[Agency]:
        """The own agency, the chosen one, or all of a kind."""
        if self.own is not None:
            return [self.own]
        chosen = str(self.cleaned_data["agency"])
        if chosen.startswith(ALL_OF):
            rows = versions_on(self.day).filter(kind=chosen.removeprefix(ALL_OF))
            return [row.agency for row in rows.order_by("unit_code", "name")]
        return list(Agency.objects.filter(pk=int(chosen)))

    def clean(self) -> dict[str, Any]:
        """A target is a share."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        value = cleaned.get("d-value")
        if isinstance(value, Decimal) and not 0 <= value <= MAX_TARGET:
            self.add_error("d-value", _("A target is between 0 and 100."))
        return cleaned


def read_upload(sent: Any) -> UploadedEvidence | None:
    """A file somebody chose; of one that is too large only so much as tells that it is."""
    if not sent:
        return None
    return UploadedEvidence(str(sent.name), sent.read(MAX_EVIDENCE_BYTES + 1))


def agency_choices(day: date) -> list[tuple[str, str]]:
    """All agencies of a kind at once, then each by its name."""
    rows = list(versions_on(day).order_by("kind", "unit_code", "name"))
    kinds = {row.kind for row in rows} - {AgencyKind.PROVINCE}
    groups = [
        (f"{ALL_OF}{value}", _("All: %(kind)s") % {"kind": label})
        for value, label in AgencyKind.choices
        if value in kinds
    ]
    return [("", "–"), *groups, *((str(row.agency_id), row.name) for row in rows)]


def _make_field(one: KindField, day: date) -> forms.Field:
    if one.type == FieldType.DAY:
        return day_field(one.label, required=one.required)
    if one.type == FieldType.CHOICE:
        return forms.ChoiceField(label=one.label, choices=one.choices)
    if one.type == FieldType.NUMBER:
        return forms.DecimalField(
            label=one.label,
            required=one.required,
            max_digits=9,
            decimal_places=2,
            localize=True,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        )
    if one.type == FieldType.YES:
        return forms.BooleanField(label=one.label, required=False)
    if one.type == FieldType.AGENCIES:
        return forms.MultipleChoiceField(
            label=one.label,
            required=False,
            choices=[c for c in agency_choices(day) if c[0].isdigit()],
            widget=LongSelectMultiple(),
        )
    most, rows = {FieldType.LINE: (200, 0), FieldType.TEXT: (3000, 4)}.get(one.type, (6000, 8))
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(label=one.label, required=one.required, max_length=most, widget=widget)


def plain_value(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return [int(one) for one in value]
    return value


def shown_details(row: FollowUp) -> list[tuple[Any, str]]:
    """What a kind asked, with the answers in words; lines stand apart."""
    found = []
    for one in row.spec.fields:
        value = row.details.get(one.name)
        if one.type == FieldType.LINES or value in (None, "", []):
            continue
        found.append((one.label, _show_value(one, value)))
    return found


def _show_value(one: KindField, value: Any) -> str:
    if one.type == FieldType.CHOICE:
        return str(dict(one.choices).get(value, value))
    if one.type == FieldType.DAY:
        return date.fromisoformat(value).strftime("%d/%m/%Y")
    if one.type == FieldType.NUMBER:
        return str(value).rstrip("0").rstrip(".").replace(".", ",") if "." in value else str(value)
    if one.type == FieldType.YES:
        return _("yes") if value else _("no")
    if one.type == FieldType.AGENCIES:
        return "; ".join(str(agency) for agency in Agency.objects.filter(pk__in=value))
    return str(value)


def read_answers(row: FollowUp, sent: Mapping[str, str]) -> list[dict[str, str]]:
    """The answers of lines: ``answer-0``, ``note-0`` and so on."""
    count = len(row.details.get("lines") or [])
    return [
        {"answer": sent.get(f"answer-{n}", ""), "note": sent.get(f"note-{n}", "")}
        for n in range(count)
    ]


def read_day(text: str) -> date | None:
    """A day written 31/12/2026; None for nothing.

    Raises
    ------
    ValidationError
        It is not written so.
    """
    if not text.strip():
        return None
    field = day_field("")
    field.input_formats = ["%d/%m/%Y"]
    try:
        found = field.clean(text)
    except ValidationError as error:
        raise ValidationError({"due_on": _("Write the deadline as 31/12/2026.")}) from error
    return cast("date", found)
