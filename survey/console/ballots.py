"""Staff pages for paper ballots: batches to print, and the counts of two people."""

from __future__ import annotations

from typing import Final, cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.access.ballots import BallotBatch, issue_ballots
from survey.access.print.ballots import ballots_pdf
from survey.access.print.sheets import TooLongToPrint
from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.agencies.models import Counter
from survey.agencies.queries import visible_agencies
from survey.common.languages import is_supported_language
from survey.common.tokens import normalise_code
from survey.console.counters import attached, second_languages
from survey.console.forms import BallotCountForm, BallotPrintForm
from survey.console.layout import page, staff_page
from survey.responses.ballots import CountOutcome, enter_count
from survey.scorecards.bridge.snapshots import NOTICE

MAX_SHOWN: Final = 200
_TOLD: Final = {
    CountOutcome.FIRST: gettext_lazy("Kept. Now another person counts, without seeing this count."),
    CountOutcome.STORED: gettext_lazy("Both counts agree: %(count)s ballots are stored now."),
    CountOutcome.DIFFERS: gettext_lazy(
        "Kept, but the two counts differ. Nothing was stored: count again, each alone."
    ),
    CountOutcome.CLOSED: gettext_lazy(
        "This batch was stored before. What you entered changed nothing."
    ),
}


@require_safe
@staff_page
@requires("enter-ballots")
def ballots(request: HttpRequest) -> HttpResponse:
    """Batches, newest first, and a form to print another."""
    agencies = visible_agencies(cast("User", request.user))
    rows = BallotBatch.objects.select_related("counter__office").prefetch_related("counts")
    context = {
        "form": BallotPrintForm(agencies=agencies),
        "rows": rows.filter(counter__agency__in=agencies).order_by("-issued_at")[:MAX_SHOWN],
        "seconds": second_languages(),
    }
    return page(request, "ballots.html", context)


@require_POST
@staff_page
@requires("enter-ballots")
def print_ballots(request: HttpRequest) -> HttpResponse:
    """A new batch as PDF; none is made when it cannot be printed."""
    agencies = visible_agencies(cast("User", request.user))
    form = BallotPrintForm(request.POST, agencies=agencies)
    if form.is_valid():
        second = request.POST.get("with", "")
        second = second if is_supported_language(second) else ""
        try:
            return _print(form.cleaned_data["counter"], form.cleaned_data["count"], second)
        except (ValidationError, TooLongToPrint) as error:
            told = error.messages[0] if isinstance(error, ValidationError) else str(error)
            messages.error(request, told)
    else:
        messages.error(request, str(next(iter(form.errors.values()))[0]))
    return redirect("console:ballots")


@transaction.atomic
def _print(counter: Counter, count: int, second: str) -> HttpResponse:
    batch = issue_ballots(counter=counter, count=count, now=timezone.now())
    content = ballots_pdf(batch, second=second, notice=NOTICE if settings.DEMO else "")
    return attached(content, "application/pdf", f"phieu-giay-{batch.code}.pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("enter-ballots")
def count_ballots(request: HttpRequest, code: str) -> HttpResponse:
    """One person's count of a box; never shows what another person counted."""
    user = cast("User", request.user)
    rows = BallotBatch.objects.select_related("counter__office")
    scope = visible_agencies(user)
    batch = rows.filter(code=normalise_code(code), counter__agency__in=scope).first()
    if batch is None:
        raise Http404
    form = BallotCountForm(request.POST or None, initial={"opened_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid() and _enter(request, batch, user, form):
        return redirect("console:ballots")
    context = {"form": form, "batch": batch, "mine": batch.counts.filter(by=user).first()}
    return page(request, "ballot_count.html", context, status=422 if form.errors else 200)


def _enter(request: HttpRequest, batch: BallotBatch, user: User, form: BallotCountForm) -> bool:
    levels, opened_on = form.levels(), form.cleaned_data["opened_on"]
    try:
        outcome = enter_count(
            batch=batch, by=user, levels=levels, opened_on=opened_on, now=timezone.now()
        )
    except ValidationError as error:
        form.add_error(None, error)
        return False
    tell = messages.success if outcome in ("first", "stored") else messages.error
    tell(request, str(_TOLD[outcome]) % {"count": sum(levels.values()) - levels["blank"]})
    return True
