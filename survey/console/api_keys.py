"""Staff page of keys for programs: made, shown once, ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from survey.accounts.api_keys import ApiKey, Scope, make_api_key, revoke_api_key
from survey.accounts.asking_again import asks_again
from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.console.layout import page, staff_page

USUAL_DAYS = 180


class KeyForm(forms.Form):
    """For which program, for what, until when."""

    name = forms.CharField(label=gettext_lazy("program"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What the key is for"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    expires_on = forms.DateField(
        label=gettext_lazy("last day"),
        widget=forms.DateInput(format="%d/%m/%Y", attrs={"autocomplete": "off"}),
    )


def _visible(user: User) -> QuerySet[ApiKey]:
    """The account's own; for administrators of the province every one."""
    rows = ApiKey.objects.select_related("owner")
    return rows if may(user, "manage-people") and user.sees_province else rows.filter(owner=user)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("make-api-keys")
@asks_again
def api_keys(request: HttpRequest) -> HttpResponse:
    """Keys, and the form that makes one; its text is on the answer to the form and nowhere else."""
    user, made, text = cast("User", request.user), None, ""
    usual: date = timezone.localdate() + timedelta(days=USUAL_DAYS)
    form = KeyForm(
        request.POST if request.method == "POST" else None, initial={"expires_on": usual}
    )
    if form.is_bound and form.is_valid():
        try:
            made, text = make_api_key(owner=user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
    context = {
        "keys": _visible(user),
        "form": KeyForm(initial={"expires_on": usual}) if made else form,
        "made": made,
        "text": text,
        "today": timezone.localdate(),
        "others": may(user, "manage-people") and user.sees_province,
    }
    return page(request, "api_keys.html", context, status=422 if form.errors else 200)


@require_POST
@staff_page
@requires("make-api-keys")
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a key at once."""
    key = _visible(cast("User", request.user)).filter(pk=pk).first()
    if key is None:
        raise Http404
    revoke_api_key(key=key, now=timezone.now())
    messages.success(request, _("The key “%(name)s” has been revoked.") % {"name": key})
    return redirect("console:api-keys")
