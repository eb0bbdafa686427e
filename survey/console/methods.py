"""Staff pages of methods: what there is, what another one would change, and the choice by two
people.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.common.periods import Period, parse_period
from survey.console.approvals import ask_for
from survey.console.layout import page, staff_page
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.scorecards.bridge.methods import MethodSummary, method_text
from survey.scorecards.comparing import editions_to_compare, request_comparison
from survey.scorecards.methods import (
    MAX_METHOD_BYTES,
    bring_method,
    check_choice,
    find_chosen,
    known_methods,
)
from survey.scorecards.models import Edition, MethodChoice, MethodComparison, MethodFile

SHOWN_COMPARISONS: Final = 10
QUARTERS_AHEAD: Final = 5
STATISTICS: Final = {
    "share": gettext_lazy("share of satisfied answers"),
    "score": gettext_lazy("mean score"),
    "net": gettext_lazy("satisfied minus dissatisfied"),
}


def _title(method: MethodSummary) -> str:
    return method.titles["vi" if get_language() == "vi" else "en"]


def periods_ahead(today: date) -> list[Period]:
    """The running quarter and those after it: from one of them on a choice can hold."""
    first = (today.year, (today.month - 1) // 3)
    numbers = [first[0] * 4 + first[1] + step for step in range(QUARTERS_AHEAD)]
    return [parse_period(f"{number // 4}-Q{number % 4 + 1}") for number in numbers]


class CompareForm(forms.Form):
    """Which figures, and under which other method."""

    edition = forms.ModelChoiceField(label=gettext_lazy("figures"), queryset=Edition.objects.none())
    method = forms.ChoiceField(label=gettext_lazy("other method"))

    def __init__(self, *args: Any, methods: list[MethodSummary], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = editions_to_compare()
        editions = cast("forms.ModelChoiceField", self.fields["edition"])
        editions.queryset = Edition.objects.filter(pk__in=[row.pk for row in offered])
        cast("forms.ChoiceField", self.fields["method"]).choices = [
            (method.sha256, f"{_title(method)} (v{method.version})") for method in methods
        ]


class ChoiceForm(forms.Form):
    """From which period on, which methods, beside which target."""

    first = forms.ChoiceField(label=gettext_lazy("from period"))
    methods = forms.MultipleChoiceField(
        label=gettext_lazy("methods"), widget=forms.CheckboxSelectMultiple
    )
    main = forms.ChoiceField(label=gettext_lazy("main method, shown first"))
    operator = forms.ChoiceField(
        label=gettext_lazy("target: share of satisfied citizens"),
        choices=((">", gettext_lazy("more than")), (">=", gettext_lazy("at least"))),
    )
    value = forms.DecimalField(
        label=gettext_lazy("percent"), max_digits=5, decimal_places=2, min_value=0, max_value=100
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for the request"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, methods: list[MethodSummary], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.known = {method.sha256: method for method in methods}
        ahead = periods_ahead(today)
        cast("forms.ChoiceField", self.fields["first"]).choices = [
            (period.first.isoformat(), period.title) for period in ahead
        ]
        offered = [(m.sha256, f"{_title(m)} (v{m.version})") for m in methods]
        cast("forms.MultipleChoiceField", self.fields["methods"]).choices = offered
        cast("forms.ChoiceField", self.fields["main"]).choices = offered

    def payload(self) -> dict[str, Any]:
        """What two people decide about."""
        sent = self.cleaned_data
        order = dict.fromkeys([sent["main"], *sent["methods"]])
        chosen = [self.known[sha256] for sha256 in order]
        return {
            "first": sent["first"],
            "methods": [
                {"id": method.id, "version": method.version, "sha256": method.sha256}
                for method in chosen
            ],
            "operator": sent["operator"],
            "value": str(sent["value"]),
        }


@require_safe
@staff_page
@requires("see-previews")
def methods(request: HttpRequest) -> HttpResponse:
    """Every method with what it counts, what holds from when, and what was compared."""
    return _methods_page(request)


def _methods_page(request: HttpRequest, status: int = 200, **sent: Any) -> HttpResponse:
    known, today = known_methods(), timezone.localdate()
    own = {row.sha256 for row in MethodFile.objects.all()}
    chosen = find_chosen(periods_ahead(today)[0])
    initial = {
        "methods": [sha256 for _name, sha256 in chosen.methods],
        "main": chosen.methods[0][1],
        "operator": chosen.target.operator,
        "value": chosen.target.value,
    }
    context = {
        "lines": [
            {
                "method": method,
                "title": _title(method),
                "statistic": STATISTICS.get(method.statistic, method.statistic),
                "own": method.sha256 in own,
                "in_force": (method.id, method.sha256) in chosen.methods,
            }
            for method in known
        ],
        "chosen": chosen,
        "choices": MethodChoice.objects.all(),
        "comparisons": MethodComparison.objects.select_related("edition", "asked_by")[
            :SHOWN_COMPARISONS
        ],
        "compare_form": CompareForm(methods=known, auto_id="compare_%s"),
        "choice_form": ChoiceForm(methods=known, today=today, initial=initial),
        **sent,
    }
    return page(request, "methods.html", context, status=status)


@require_POST
@staff_page
@requires("compute-figures")
def compare(request: HttpRequest) -> HttpResponse:
    """Have the answers of some figures computed under another method, in the background."""
    form = CompareForm(request.POST, methods=known_methods(), auto_id="compare_%s")
    if not form.is_valid():
        return _methods_page(request, 422, compare_form=form)
    user = cast("User", request.user)
    try:
        made = request_comparison(
            edition=form.cleaned_data["edition"],
            sha256=form.cleaned_data["method"],
            by=user,
            now=timezone.now(),
        )
    except ValidationError as error:
        form.add_error(None, error.messages[0])
        return _methods_page(request, 422, compare_form=form)
    return redirect("console:method-comparison", pk=made.pk)


@require_safe
@staff_page
@requires("see-previews")
def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """What changes in a quarter's numbers under another method."""
    found = MethodComparison.objects.select_related("edition", "asked_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    lines = [_compared(row) for row in found.rows]
    context = {
        "row": found,
        "period": parse_period(found.edition.period),
        "lines": lines,
        "moved": sum(line["difference"] not in (None, 0) for line in lines),
    }
    return page(request, "method_comparison.html", context)


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    values = [row[side].get("weighted_index") for side in ("before", "after")]
    known = None not in values
    return {
        **row,
        "difference": Decimal(values[1]) - Decimal(values[0]) if known else None,
        "places": [_places(row[side]) for side in ("before", "after")],
    }


def _places(figure: dict[str, Any]) -> str:
    best, worst = figure.get("rank_best"), figure.get("rank_worst")
    if best is None or worst is None:
        return ""
    return f"{best}" if best == worst else f"{best}–{worst}"


@require_POST
@staff_page
@requires("compute-figures")
def upload(request: HttpRequest) -> HttpResponse:
    """A method file of the province's own; it counts for nothing until it is chosen."""
    file = request.FILES.get("file")
    if file is None or file.size is None or file.size > MAX_METHOD_BYTES:
        messages.error(request, _("Choose a TOML file of at most 64 kB."))
        return redirect("console:methods")
    try:
        made = bring_method(content=file.read(), by=cast("User", request.user), now=timezone.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(
            request,
            _("“%(method)s” has been added. It counts once it is chosen.") % {"method": made},
        )
    return redirect("console:methods")


@require_POST
@staff_page
@requires("compute-figures")
def ask_choice(request: HttpRequest) -> HttpResponse:
    """Ask that other methods or another target hold from a period on."""
    form = ChoiceForm(request.POST, methods=known_methods(), today=timezone.localdate())
    if form.is_valid():
        payload = form.payload()
        try:
            check_choice(
                first=date.fromisoformat(payload["first"]),
                methods=payload["methods"],
                operator=payload["operator"],
                value=Decimal(payload["value"]),
            )
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            made = ask_for(request, SENSITIVE_ACTIONS["change-methods"], payload)
            if made is not None:
                return redirect("console:approval", pk=made.pk)
            return redirect("console:methods")
    return _methods_page(request, 422, choice_form=form)


@require_safe
@staff_page
@requires("see-previews")
def method_file(request: HttpRequest, sha256: str) -> HttpResponse:
    """The file of a method, to read it or to begin one of one's own from."""
    own = MethodFile.objects.filter(sha256=sha256).first()
    shipped = next((one for one in known_methods() if one.sha256 == sha256), None)
    if own is None and shipped is None:
        raise Http404
    text = own.text if own else method_text(shipped.id if shipped else "")
    response = HttpResponse(text, content_type="application/toml; charset=utf-8")
    name = f"{own.code}-v{own.version}.toml" if own else f"{shipped.id if shipped else ''}.toml"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
