"""Staff page: answers that two people take out of every figure, with the reason."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from survey.access.models import CounterCode
from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import Counter
from survey.common.tokens import normalise_code
from survey.console.approvals import ask_for
from survey.console.integrity_words import bars_of_shares
from survey.console.layout import page, staff_page
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.responses.exclusions import Exclusion, check_span, compare_levels

_DAY = {"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"}


class ExclusionForm(forms.Form):
    """Which counter, and between which hours."""

    code = forms.CharField(
        label=gettext_lazy("code of the counter"),
        max_length=40,
        help_text=gettext_lazy("As printed on its poster, also of a replaced issue."),
    )
    first = forms.DateField(
        label=gettext_lazy("first day"), widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY)
    )
    first_hour = forms.IntegerField(
        label=gettext_lazy("from hour"), min_value=0, max_value=23, initial=0
    )
    last = forms.DateField(
        label=gettext_lazy("last day"), widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY)
    )
    last_hour = forms.IntegerField(
        label=gettext_lazy("until the end of hour"), min_value=0, max_value=23, initial=23
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for the request"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_code(self) -> Counter:
        """The counter a code was ever issued for."""
        wanted = normalise_code(str(self.cleaned_data["code"]))
        found = CounterCode.objects.filter(code=wanted).select_related("counter").first()
        if found is None:
            raise ValidationError(_("No counter ever had this code."))
        return found.counter

    def clean(self) -> dict[str, Any]:
        """Whole hours, for answers keep no finer time."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        begins = _moment(cleaned["first"], cleaned["first_hour"])
        ends = _moment(cleaned["last"], cleaned["last_hour"]) + timedelta(hours=1)
        cleaned |= {"begins": begins, "ends": ends}
        try:
            check_span(begins=begins, ends=ends, now=timezone.now())
        except ValidationError as error:
            self.add_error("last", error.messages[0])
        return cleaned


def _moment(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-previews")
def exclusions(request: HttpRequest) -> HttpResponse:
    """What was taken out, why and when, and the request for more."""
    user = cast("User", request.user)
    allowed = may(user, "compute-figures")
    form = ExclusionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not allowed:
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        payload = {
            "counter": sent["code"].pk,
            "begins": sent["begins"].isoformat(),
            "ends": sent["ends"].isoformat(),
            "reason": sent["reason"],
        }
        made = ask_for(request, SENSITIVE_ACTIONS["exclude-answers"], payload)
        if made is not None:
            return redirect("console:approval", pk=made.pk)
    rows = Exclusion.objects.select_related("counter__office")
    shares = compare_levels()
    context = {
        "rows": rows,
        "form": form if allowed else None,
        "shares": shares if shares.is_shown else None,
        "bars": bars_of_shares(shares),
    }
    return page(request, "exclusions.html", context, status=422 if form.errors else 200)


@require_POST
@staff_page
@requires("compute-figures")
def ask_lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that excluded answers count again."""
    if not Exclusion.objects.filter(pk=pk, lifted_at=None).exists():
        raise Http404
    made = ask_for(request, SENSITIVE_ACTIONS["lift-exclusion"], {"exclusion": pk})
    return redirect("console:approval", pk=made.pk) if made else redirect("console:exclusions")
