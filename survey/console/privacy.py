"""Staff pages of data protection: register of requests, documents, texts citizens were shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.console.forms import LONGEST_AGO
from survey.console.layout import page, staff_page
from survey.privacy.documents import write_document
from survey.privacy.models import ConsentText, PrivacyRequest
from survey.privacy.requests import (
    close_request,
    extend_request,
    list_requests,
    note_first_answer,
    read_rights,
)

REQUESTS_PER_PAGE: Final = 50
_DAY = {"placeholder": "31/12/2026", "inputmode": "numeric", "autocomplete": "off"}
MEDIA: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class NewRequestForm(forms.ModelForm[PrivacyRequest]):
    """A request as it came, by whichever way."""

    received_on = forms.DateField(
        label=gettext_lazy("received on"), widget=forms.DateInput(format="%d/%m/%Y", attrs=_DAY)
    )

    class Meta:
        model = PrivacyRequest
        fields = ("kind", "received_on", "about", "reply_to", "by_processor")
        widgets: Final = {"about": forms.Textarea(attrs={"rows": 3})}
        help_texts: Final = {
            "about": gettext_lazy("No name and no number: what the answer needs, no more."),
            "reply_to": gettext_lazy("Erased when the request is closed."),
        }

    def clean_received_on(self) -> date:
        """A day that has come."""
        day: date = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day has not come yet."))
        if day < timezone.localdate() - LONGEST_AGO:
            raise ValidationError(_("This day is too long ago."))
        return day


class ExtendForm(forms.Form):
    """More days, with a reason."""

    days = forms.IntegerField(label=gettext_lazy("days more"), min_value=1, max_value=99)
    because = forms.CharField(label=gettext_lazy("reason"), max_length=500)


class CloseForm(forms.Form):
    """How it ended."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("outcome"), choices=PrivacyRequest.Outcome.choices
    )
    answer = forms.CharField(
        label=gettext_lazy("what was done"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-privacy")
def privacy_requests(request: HttpRequest) -> HttpResponse:
    """The register with its deadlines, and a new request."""
    user = cast("User", request.user)
    handles = may(user, "handle-privacy")
    form = NewRequestForm(
        request.POST if request.method == "POST" else None,
        initial={"received_on": timezone.localdate()},
    )
    if form.is_bound and not handles:
        raise PermissionDenied
    if form.is_bound and form.is_valid():
        form.instance.made_by = user
        row = form.save()
        messages.success(request, _("The request is in the register."))
        return redirect("console:privacy-request", pk=row.pk)
    part = Paginator(PrivacyRequest.objects.all(), REQUESTS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "lines": list_requests(part, timezone.localdate()),
        "part": part,
        "form": form if handles else None,
        "texts": ConsentText.objects.defer("text"),
    }
    return page(request, "privacy.html", context, status=422 if form.errors else 200)


def _answer(row: PrivacyRequest, _sent: Mapping[str, Any]) -> None:
    note_first_answer(row=row, today=timezone.localdate())


def _extend(row: PrivacyRequest, sent: Mapping[str, Any]) -> None:
    extend_request(row=row, days=sent["days"], because=sent["because"], today=timezone.localdate())


def _close(row: PrivacyRequest, sent: Mapping[str, Any]) -> None:
    close_request(
        row=row, outcome=sent["outcome"], answer=sent["answer"], today=timezone.localdate()
    )


ACTS: Final[Mapping[str, tuple[type[forms.Form], Callable[..., None]]]] = {
    "answer": (forms.Form, _answer),
    "extend": (ExtendForm, _extend),
    "close": (CloseForm, _close),
}
"""What can be done with a request, by the name of its button."""


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-privacy")
def privacy_request(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: its days, and what was done."""
    row = PrivacyRequest.objects.select_related("made_by").filter(pk=pk).first()
    if row is None:
        raise Http404
    shown = {name: form() for name, (form, _act) in ACTS.items()}
    status = 200
    if request.method == "POST":
        if not may(cast("User", request.user), "handle-privacy"):
            raise PermissionDenied
        act = request.POST.get("act", "")
        if act not in ACTS:
            raise SuspiciousOperation("no such act")
        shown[act] = ACTS[act][0](request.POST)
        if shown[act].is_valid():
            try:
                ACTS[act][1](row, shown[act].cleaned_data)
            except ValidationError as error:
                shown[act].add_error(None, error)
            else:
                messages.success(request, _("Noted in the register."))
                return redirect("console:privacy-request", pk=row.pk)
        status = 422
    (line,) = list_requests([row], timezone.localdate())
    context = {
        "line": line,
        "handles": may(cast("User", request.user), "handle-privacy") and row.closed_on is None,
        "forms": shown,
        "longest": read_rights()["longest_extension_days"],
    }
    return page(request, "privacy_request.html", context, status=status)


@require_safe
@staff_page
@requires("see-privacy")
def document(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """The record of processing or the impact assessment, as it is today."""
    response = HttpResponse(write_document(name, kind, timezone.now()), content_type=MEDIA[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


@require_safe
@staff_page
@requires("see-privacy")
def consent_text(request: HttpRequest, pk: int) -> HttpResponse:
    """One text as citizens were shown it, word for word."""
    row = ConsentText.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    return HttpResponse(row.text, content_type="text/plain; charset=utf-8")
