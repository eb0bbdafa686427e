"""Staff pages of the calendar: public holidays, and the hours of an office."""

from __future__ import annotations

from datetime import time
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from survey.accounts.permissions import requires
from survey.agencies.calendar import (
    Holiday,
    Span,
    add_holidays,
    read_holidays,
    remove_holiday,
    save_office_hours,
)
from survey.agencies.models import Office
from survey.console.layout import page, staff_page
from survey.console.place_forms import WEEKDAYS, HolidayForm

HALVES: Final = (gettext_lazy("morning"), gettext_lazy("afternoon"))
USUAL: Final = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))
"""What is offered of a working day where an office has no hours yet."""


class OfficeHoursForm(forms.Form):
    """Two spans of every day of the week; ``1-0-opens`` is when Monday morning begins."""

    def __init__(self, data: Any = None, *, office: Office) -> None:
        super().__init__(data)
        kept = _kept_spans(office)
        for day in range(1, 8):
            for half in range(len(HALVES)):
                begun = kept.get(day, [])[half : half + 1]
                for place, end in enumerate(("opens", "closes")):
                    self.fields[f"{day}-{half}-{end}"] = forms.TimeField(
                        label=_label(day, half, end),
                        required=False,
                        initial=begun[0][place] if begun else None,
                        widget=forms.TimeInput(format="%H:%M", attrs={"size": 5}),
                    )

    def clean(self) -> dict[str, Any]:
        """A span has both ends or none."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for day in range(1, 8):
            for half in range(len(HALVES)):
                ends = [f"{day}-{half}-{end}" for end in ("opens", "closes")]
                given = [cleaned.get(name) is not None for name in ends]
                wrong = any(name in self.errors for name in ends)
                if given[0] is not given[1] and not wrong:
                    self.add_error(
                        ends[given.index(False)], _("Give both times, or leave both empty.")
                    )
        return cleaned

    def spans(self) -> dict[int, list[Span]]:
        """Day of the week -> its spans."""
        sent = self.cleaned_data
        return {
            day: [
                (sent[f"{day}-{half}-opens"], sent[f"{day}-{half}-closes"])
                for half in range(len(HALVES))
                if sent.get(f"{day}-{half}-opens") is not None
            ]
            for day in range(1, 8)
        }

    def lines(self) -> list[tuple[object, list[forms.BoundField]]]:
        """(name of the day, its four fields) for the table."""
        return [
            (name, [field for field in self if field.name.startswith(f"{day}-")])
            for day, name in enumerate(WEEKDAYS, start=1)
        ]


def _label(day: int, half: int, end: str) -> str:
    what = _("opens") if end == "opens" else _("closes")
    return f"{WEEKDAYS[day - 1]}, {HALVES[half]}: {what}"


def _kept_spans(office: Office) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    for row in office.hours.all():
        found.setdefault(row.weekday, []).append((row.opens, row.closes))
    return found or {day: list(USUAL) for day in range(1, 6)}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("manage-places")
def office_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """When an office receives citizens: outside these hours no device proves presence."""
    office = Office.objects.filter(pk=pk).first()
    if office is None:
        raise Http404
    form = OfficeHoursForm(request.POST if request.method == "POST" else None, office=office)
    if request.method == "POST" and form.is_valid():
        try:
            changed = save_office_hours(office=office, hours=form.spans())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            told = _("The opening hours have been saved.") if changed else _("Nothing was changed.")
            messages.success(request, told)
            return redirect("console:office", pk=pk)
    context = {"office": office, "form": form, "begun": office.hours.exists()}
    return page(request, "office_hours.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("manage-places")
def holidays(request: HttpRequest) -> HttpResponse:
    """Days nobody works on: deadlines skip them, and no device proves presence."""
    form = HolidayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = add_holidays(**form.cleaned_data, today=timezone.localdate())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(count)s days have been added.") % {"count": made})
            return redirect("console:holidays")
    today, rows = timezone.localdate(), list(Holiday.objects.all())
    context = {
        "form": form,
        "rows": [row for row in rows if row.day >= today],
        "past": [row for row in reversed(rows) if row.day < today][:20],
        "set_by_operator": sorted(read_holidays() - {row.day for row in rows}),
    }
    return page(request, "holidays.html", context, status=422 if form.errors else 200)


@require_POST
@staff_page
@requires("manage-places")
def delete_holiday(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a day back that has not come yet."""
    row = Holiday.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        remove_holiday(holiday=row, today=timezone.localdate())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The day has been removed."))
    return redirect("console:holidays")
