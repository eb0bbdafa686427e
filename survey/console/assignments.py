"""Staff pages: which questionnaire an office or a procedure domain asks, from a day on."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.models import Office, ProcedureDomain
from survey.console.layout import page, staff_page
from survey.questionnaires.assignments import assign_questionnaire, withdraw_assignment
from survey.questionnaires.models import Assignment, Questionnaire, VersionStatus


class AssignmentForm(forms.Form):
    """Who asks what from when on."""

    questionnaire = forms.ModelChoiceField(
        label=gettext_lazy("questionnaire"), queryset=Questionnaire.objects.none()
    )
    office = forms.ModelChoiceField(
        label=gettext_lazy("office"),
        queryset=Office.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("All offices"),
    )
    domain = forms.ModelChoiceField(
        label=gettext_lazy("procedure domain"),
        queryset=ProcedureDomain.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("All domains"),
    )
    on = forms.DateField(
        label=gettext_lazy("from"),
        widget=forms.DateInput(
            format="%d/%m/%Y",
            attrs={"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"},
        ),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        alone = Questionnaire.objects.filter(
            versions__status=VersionStatus.PUBLISHED, versions__extends=None
        )
        field = cast("forms.ModelChoiceField", self.fields["questionnaire"])
        field.queryset = alone.distinct().order_by("name")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("assign-questionnaires")
def assign(request: HttpRequest) -> HttpResponse:
    """Choose a questionnaire for an office, a domain, or both."""
    today = timezone.localdate()
    form = AssignmentForm(request.POST or None, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        try:
            made = assign_questionnaire(
                **form.cleaned_data, by=cast("User", request.user), today=today
            )
        except ValidationError as error:
            for name, faults in error.message_dict.items():
                form.add_error(name, faults)
        else:
            messages.success(
                request,
                _("“%(name)s” is asked from %(day)s on.")
                % {"name": made.questionnaire, "day": made.valid_from.strftime("%d/%m/%Y")},
            )
            return redirect("console:questionnaires")
    status = 422 if form.errors else 200
    return page(request, "assignment_new.html", {"form": form}, status=status)


@require_POST
@staff_page
@requires("assign-questionnaires")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back an assignment that has not begun."""
    row = Assignment.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        withdraw_assignment(assignment=row, today=timezone.localdate())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The assignment has been withdrawn."))
    return redirect("console:questionnaires")
