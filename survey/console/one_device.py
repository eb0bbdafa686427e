"""Staff page of one screen or tablet: how it does, and its opening hours."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from survey.access.kiosks import WARN_AFTER, count_gaps, count_refused
from survey.access.models import Kiosk, OpeningHours, Screen
from survey.accounts.audit import record_event
from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.agencies.queries import visible_agencies
from survey.console.layout import page, staff_page
from survey.console.place_forms import WEEKDAYS

DAYS: Final = tuple((str(number), name) for number, name in enumerate(WEEKDAYS, start=1))


class HoursForm(forms.Form):
    """When citizens can stand there."""

    opens = forms.TimeField(
        label=gettext_lazy("opens"), widget=forms.TimeInput(format="%H:%M", attrs={"size": 6})
    )
    closes = forms.TimeField(
        label=gettext_lazy("closes"), widget=forms.TimeInput(format="%H:%M", attrs={"size": 6})
    )
    days = forms.MultipleChoiceField(
        label=gettext_lazy("days of the week"),
        choices=DAYS,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any]:
        """A counter closes after it opens."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        opens, closes = cleaned.get("opens"), cleaned.get("closes")
        if opens and closes and opens >= closes:
            self.add_error("closes", _("A counter closes after it opens."))
        return cleaned


def _find(request: HttpRequest, what: str, pk: int) -> Screen | Kiosk:
    agencies = visible_agencies(cast("User", request.user))
    rows: Any = (Screen if what == "screen" else Kiosk).objects.filter(counter__agency__in=agencies)
    found: Screen | Kiosk | None = rows.select_related("counter__office").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def device(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Its state for everybody in scope; hours are set by the province: outside them no answer
    proves that anybody was there, so the rated office does not move them.
    """
    row, user = _find(request, what, pk), cast("User", request.user)
    allowed = may(user, "manage-places")
    if request.method == "POST" and not allowed:
        raise PermissionDenied
    begun = {"opens": row.opens, "closes": row.closes, "days": list(row.days)}
    form = HoursForm(request.POST if request.method == "POST" else None, initial=begun)
    if request.method == "POST" and form.is_valid():
        _save_hours(row, form.cleaned_data)
        told = f"{row.counter} {row.opens:%H:%M}-{row.closes:%H:%M} {row.days}"
        record_event(request, "presence-device", thing=f"{what} {row.pk}", detail=told)
        messages.success(request, _("The opening hours have been saved."))
        return redirect("console:presence-device", what=what, pk=pk)
    context = {
        "row": row,
        "what": what,
        "form": form if allowed and row.revoked_at is None else None,
        "days": [name for number, name in DAYS if number in row.days],
        **(_state_of_tablet(row) if isinstance(row, Kiosk) else {}),
    }
    return page(request, "device.html", context, status=422 if form.errors else 200)


def _save_hours(row: OpeningHours, sent: dict[str, Any]) -> None:
    row.opens, row.closes = sent["opens"], sent["closes"]
    row.days = "".join(sorted(sent["days"]))
    row.save(update_fields=["opens", "closes", "days"])


def _state_of_tablet(kiosk: Kiosk) -> dict[str, Any]:
    return {
        "gaps": count_gaps(kiosk),
        "refused": count_refused(kiosk),
        "late": kiosk.seen_at is not None and timezone.now() - kiosk.seen_at > WARN_AFTER,
    }
