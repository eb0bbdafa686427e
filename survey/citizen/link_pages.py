"""What a link in a message can do beside the form: no more messages, and a step told."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.citizen.pages import citizen_page, message_page, render_page, typed_code
from survey.citizen.wishes import link_query
from survey.common.once import Once
from survey.common.tokens import normalise_code
from survey.messaging.queries import find_link
from survey.messaging.services import opt_out
from survey.messaging.tallies import count_step

STEPS = ("opened", "started")
_TOLD = Once(50_000)
"""Steps of links told before: who holds a link adds one to a sum, however often the page says so.
"""


@citizen_page("GET", "HEAD", "POST")
def stop_messages(request: HttpRequest, code: str) -> HttpResponseBase:
    """No more messages: GET shows a button, POST keeps the number's hash on the list of those not
    to be written to.
    """
    token = normalise_code(code)
    link = find_link(token, timezone.now())
    if link is None:
        return message_page("unknown-link", status=404, ask=True, typed=typed_code(request))
    if request.method == "POST":
        opt_out(token=token, now=timezone.now())
        onward = "" if link.expired else f"/s/{token}?{link_query()}"
        return message_page(
            "stopped",
            status=200,
            onward=onward,
            onward_text=_("Rate the service anyway"),
            call=False,
        )
    return render_page(
        "survey/citizen/stop.html", {"title": _("No more messages"), "action": f"/s/{token}/stop"}
    )


@citizen_page("POST")
def tell_step(request: HttpRequest, code: str) -> HttpResponseBase:
    """The page tells that a person has opened the link, or begun to answer: a sum per agency,
    nothing of the link.
    """
    token, what = normalise_code(code), request.POST.get("step", "")
    link = find_link(token, timezone.now())
    if (
        link is not None
        and what in STEPS
        and not link.expired
        and _TOLD.is_first(f"{what}/{token}")
    ):
        count_step(agency_id=link.agency_id, step=what, now=timezone.now())
    return HttpResponse(status=204)
