"""Staff page of webhooks: programs that are told what happens, and what did not reach them."""

from __future__ import annotations

from typing import Final, cast

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

from survey.accounts.asking_again import asks_again
from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.console.layout import page, staff_page
from survey.webhooks.models import Webhook, WebhookMessage
from survey.webhooks.services import (
    OFFERED,
    end_webhook,
    make_webhook,
    renew_secret,
    send_again,
    send_test,
)

SHOWN: Final = 100
"""Messages on the page, the newest."""


class WebhookForm(forms.Form):
    """Which program, where it listens, what it wants to hear of."""

    name = forms.CharField(label=gettext_lazy("program"), max_length=100)
    url = forms.CharField(
        label=gettext_lazy("address"),
        max_length=300,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What the program wants to hear of"),
        choices=[(one.value, one.label) for one in OFFERED],
        widget=forms.CheckboxSelectMultiple,
    )


def _visible(user: User) -> QuerySet[Webhook]:
    """The account's own; for administrators every one."""
    rows = Webhook.objects.filter(ended_at=None).select_related("owner")
    return rows if may(user, "manage-people") else rows.filter(owner=user)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("manage-webhooks")
@asks_again
def webhooks(request: HttpRequest) -> HttpResponse:
    """Webhooks, the form that makes one, and the messages of the last month."""
    user, made, secret = cast("User", request.user), None, ""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made, secret = make_webhook(owner=user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
    shown = WebhookForm() if made else form
    return _show(request, shown, made, secret, status=422 if form.errors else 200)


def _show(
    request: HttpRequest, form: WebhookForm, made: Webhook | None, secret: str, status: int = 200
) -> HttpResponse:
    visible = _visible(cast("User", request.user))
    sent = WebhookMessage.objects.filter(webhook__in=visible).select_related("webhook")
    context = {
        "webhooks": visible,
        "sent": sent[:SHOWN],
        "lost": sent.exclude(dead_at=None).count(),
        "form": form,
        "made": made,
        "secret": secret,
        "is_renewed": bool(secret and made and made.old_until),
    }
    return page(request, "webhooks.html", context, status=status)


def _find(request: HttpRequest, pk: int) -> Webhook:
    found = _visible(cast("User", request.user)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_POST
@staff_page
@requires("manage-webhooks")
@asks_again
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret, shown this once."""
    webhook = _find(request, pk)
    secret = renew_secret(webhook=webhook, now=timezone.now())
    webhook.refresh_from_db()
    return _show(request, WebhookForm(), webhook, secret)


@require_POST
@staff_page
@requires("manage-webhooks")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell a program nothing more."""
    webhook = _find(request, pk)
    end_webhook(webhook=webhook, now=timezone.now())
    messages.success(request, _("“%(name)s” is told nothing more.") % {"name": webhook})
    return redirect("console:webhooks")


@require_POST
@staff_page
@requires("manage-webhooks")
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message that tells of nothing."""
    webhook = _find(request, pk)
    send_test(webhook=webhook, now=timezone.now())
    messages.success(request, _("A test to “%(name)s” is on its way.") % {"name": webhook})
    return redirect("console:webhooks")


@require_POST
@staff_page
@requires("manage-webhooks")
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message again that was given up."""
    visible = _visible(cast("User", request.user))
    message = WebhookMessage.objects.filter(pk=pk, webhook__in=visible).first()
    if message is None:
        raise Http404
    if send_again(message=message, now=timezone.now()):
        messages.success(request, _("The message is sent again."))
    else:
        messages.info(request, _("This message was not given up."))
    return redirect("console:webhooks")
