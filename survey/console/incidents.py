"""Staff pages of incidents and exercises: the checklist, step by step."""

from __future__ import annotations

from datetime import datetime
from typing import Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.console.forms import LONGEST_AGO
from survey.console.layout import page, staff_page
from survey.privacy.incidents import do_step, list_steps
from survey.privacy.models import Incident

SHOWN: Final = 100


class IncidentForm(forms.ModelForm[Incident]):
    """What happened, and since when it is known."""

    known_at = forms.DateTimeField(
        label=gettext_lazy("known since"),
        input_formats=["%H:%M %d/%m/%Y"],
        widget=forms.DateTimeInput(
            format="%H:%M %d/%m/%Y", attrs={"placeholder": "08:30 31/12/2026"}
        ),
    )

    class Meta:
        model = Incident
        fields = ("title", "known_at", "is_drill")

    def clean_known_at(self) -> datetime:
        """A moment that has come."""
        moment: datetime = self.cleaned_data["known_at"]
        if moment > timezone.now():
            raise ValidationError(_("This moment has not come yet."))
        if moment < timezone.now() - LONGEST_AGO:
            raise ValidationError(_("This moment is too long ago."))
        return moment


class StepForm(forms.Form):
    """A step that is done, with a note."""

    code = forms.CharField(max_length=20, widget=forms.HiddenInput)
    note = forms.CharField(label=gettext_lazy("note"), max_length=500, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-privacy")
def incidents(request: HttpRequest) -> HttpResponse:
    """All incidents and exercises, and a new one."""
    user = cast("User", request.user)
    handles = may(user, "handle-privacy")
    form = IncidentForm(
        request.POST if request.method == "POST" else None, initial={"known_at": timezone.now()}
    )
    if form.is_bound and not handles:
        raise PermissionDenied
    if form.is_bound and form.is_valid():
        form.instance.made_by = user
        return redirect("console:incident", pk=form.save().pk)
    context = {"rows": Incident.objects.all()[:SHOWN], "form": form if handles else None}
    return page(request, "incidents.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-privacy")
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    """One incident: every step with its hours, and what was done."""
    row = Incident.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    user, now = cast("User", request.user), timezone.now()
    handles = may(user, "handle-privacy")
    form = StepForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not handles:
        raise PermissionDenied
    if form.is_bound and form.is_valid():
        try:
            do_step(incident=row, **form.cleaned_data, by=user, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The step is noted."))
            return redirect("console:incident", pk=row.pk)
    context = {
        "incident": row,
        "lines": list_steps(row, now),
        "handles": handles,
        "problems": form.errors,
    }
    return page(request, "incident.html", context, status=422 if form.errors else 200)
