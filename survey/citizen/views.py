"""Citizen pages around the short form: the addresses of codes, the front page, and what is no
page.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.access.models import CodeStatus
from survey.access.posters import CODE_LENGTH
from survey.access.queries import find_landing
from survey.access.slips import find_slip, is_slip_code
from survey.citizen import entrances
from survey.citizen.entrances import link, office, poster, screen, slip
from survey.citizen.feedback import agency_feedback
from survey.citizen.form_context import FormContext
from survey.citizen.pages import MAX_TYPED, citizen_page, message_page, render_page, typed_code
from survey.citizen.short_form import serve_form
from survey.citizen.wishes import link_query
from survey.common.tokens import RECEIPT_LENGTH, normalise_code
from survey.messaging.queries import TOKEN_LENGTH
from survey.responses.queries import find_response


def _serve(
    request: HttpRequest, found: entrances.Found, *, cached: bool = True
) -> HttpResponseBase:
    if isinstance(found, FormContext):
        return serve_form(request, found, cached=cached)
    return found


@citizen_page("GET", "HEAD", "POST")
def short_form(request: HttpRequest, code: str) -> HttpResponseBase:
    """The short form behind a code: of a poster, a receipt slip or a message, by its length."""
    return _find_form(request, normalise_code(code))


def _find_form(request: HttpRequest, code: str) -> HttpResponseBase:
    if len(code) == TOKEN_LENGTH:
        # No cache keeps the page of a personal link.
        response = _serve(request, link.find(request, code), cached=False)
        response.headers["Cache-Control"] = "no-store"
        return response
    if is_slip_code(code):
        return _serve(request, slip.find(request, code), cached=False)
    return _serve(request, poster.find(request, code))


@citizen_page("GET", "HEAD", "POST")
def screen_form(request: HttpRequest, code: str) -> HttpResponseBase:
    """The short form behind the changing code of a screen."""
    return _serve(request, screen.find(request, normalise_code(code)))


@citizen_page("GET", "HEAD", "POST")
def office_form(request: HttpRequest, key: str, agency: str) -> HttpResponseBase:
    """The short form about an agency at an office, for who has no code that works."""
    return _serve(request, office.find(request, f"{key}/{agency}"))


@citizen_page("GET", "HEAD")
def bare_code(request: HttpRequest, code: str) -> HttpResponseBase:
    """An address that is only the code, as posters and messages print it: the form."""
    wanted = normalise_code(code)
    if len(wanted) not in (CODE_LENGTH, TOKEN_LENGTH) and not is_slip_code(wanted):
        # No code at all: nobody has guessed one.
        raise Http404
    return _find_form(request, wanted)


@citizen_page("GET", "HEAD")
def improvements(request: HttpRequest, code: str) -> HttpResponseBase:
    """You said, we did: what the agency behind a poster changed, and how many answer."""
    landing = find_landing(normalise_code(code), timezone.localdate())
    if landing is None:
        return message_page("unknown", status=404, ask=True, typed=typed_code(request))
    context = {
        "title": _("What was done after people gave their opinion"),
        "office": landing.office,
        "feedback": agency_feedback(landing.agency_id, timezone.now()),
        "form": f"/s/{landing.code}?{link_query()}" if landing.status == CodeStatus.ACTIVE else "",
    }
    return render_page("survey/citizen/improvements.html", context)


@citizen_page("GET", "HEAD")
def front(request: HttpRequest) -> HttpResponseBase:
    """The bare address: what this is, fields for a code and a receipt code, and where staff sign
    in.

    Either code may be typed into either field, and whole addresses too.
    """
    for name in ("receipt", "code"):
        typed = request.GET.get(name, "")[:MAX_TYPED]
        if not (code := normalise_code(typed)):
            continue
        slip_or_link = len(code) in (CODE_LENGTH, TOKEN_LENGTH) or code.isdigit()
        receipt = name == "receipt" and not slip_or_link
        if len(code) == RECEIPT_LENGTH:
            receipt = find_response(code) is not None or (
                name == "receipt" and find_slip(code) is None
            )
        # As it was typed, so that it can be mended where it is wrong; whole addresses are cut.
        shown = code if "/" in typed else quote(typed.strip()[:80], safe="")
        return HttpResponseRedirect(
            f"/{'r' if receipt else 's'}/{shown}?{link_query()}", status=303
        )
    asked = next((name for name in ("receipt", "code") if name in request.GET), "")
    context = {
        "title": _("Rate how you were served"),
        "errors": asked,
        "empty": _("Please type the code first.") if asked else "",
        "typed": request.GET.get("code", "")[:MAX_TYPED],
        "typed_receipt": request.GET.get("receipt", "")[:MAX_TYPED],
    }
    return render_page("survey/citizen/front.html", context, status=422 if asked else 200)


REASONS: Final = {400: "unreadable", 403: "unreadable", 404: "no-page", 503: "busy-unsent"}


@citizen_page("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
def citizen_error(request: HttpRequest, status: int) -> HttpResponseBase:
    """Any address that is none, a request that cannot be read, and what fails on our side."""
    reason = REASONS.get(status, "failed")
    asked = status == 404
    return message_page(
        reason, status=status, ask=asked, typed=typed_code(request) if asked else ""
    )


@citizen_page("GET", "HEAD")
def privacy(request: HttpRequest) -> HttpResponseBase:
    """What happens with an answer, in under 300 words."""
    return render_page("survey/citizen/privacy.html", {"title": _("How your answer is used")})
