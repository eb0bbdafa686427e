"""Staff page for hotline 1022: the caller's answer to the same question, written down."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.queries import visible_agencies
from survey.common.tokens import Ticket, group_code, issue_ticket
from survey.console.forms import CallForm
from survey.console.layout import page, staff_page
from survey.questionnaires.queries import load_form, published_short_form, wordings
from survey.responses.calls import SCOPE, read_call_ticket, record_call


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("record-calls")
def calls(request: HttpRequest) -> HttpResponse:
    """The question to be read out, and the caller's answer; stored once however often it is
    sent.
    """
    user, now = cast("User", request.user), timezone.now()
    version_id = published_short_form()
    if version_id is None:
        return page(request, "calls.html", {"closed": True})
    texts = wordings(version_id, get_language() or "vi")
    form = CallForm(
        request.POST or None,
        agencies=visible_agencies(user),
        questions=load_form(version_id).questions,
        texts=texts,
        today=timezone.localdate(),
    )
    ticket = read_call_ticket(request.POST.get("ticket", ""), user.pk, now)
    if request.method == "POST" and form.is_valid():
        if ticket is not None:
            return _store(request, form, ticket, version_id)
        form.add_error(None, _("This page has been open for too long. Please send it again."))
    context: dict[str, Any] = {
        "form": form,
        "ticket": request.POST.get("ticket", "")
        if ticket
        else issue_ticket(f"{SCOPE}/{user.pk}", now),
    }
    return page(request, "calls.html", context, status=422 if form.errors else 200)


def _store(request: HttpRequest, form: CallForm, ticket: Ticket, version_id: int) -> HttpResponse:
    recorded = record_call(
        ticket=ticket,
        version_id=version_id,
        agency_id=form.cleaned_data["agency"].pk,
        channel=form.cleaned_data["channel"],
        answers=form.answers(),
        now=timezone.now(),
    )
    told = {"code": group_code(ticket.receipt)}
    if recorded.repeated:
        messages.error(request, _("This call was stored before; nothing was changed."))
    else:
        messages.success(request, _("Stored. Tell the caller the rating code: %(code)s") % told)
    return redirect("console:calls")
