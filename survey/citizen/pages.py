"""How citizen pages are made: one decorator for all of them, plain data for the templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any, Final
from urllib.parse import quote

from csp.constants import HEADER as POLICY
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InternalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from survey.citizen.assets import csp_source, script, style
from survey.citizen.page_messages import message
from survey.citizen.wishes import link_query, use_wishes, wants_large
from survey.common import province
from survey.common.languages import is_supported_language
from survey.common.outage import (
    OUTAGES,
    ask_again_on_a_new_connection,
    note_outage,
)
from survey.common.throttling import CONFIRM_FIELD, issue_pass, lookup_allowed, note_failure
from survey.common.tokens import normalise_code

MAX_FIELDS: Final = 200
MAX_BODY_BYTES: Final = 64 * 1024
"""A citizen's answer is under 4 kB; what is larger is not an answer."""
MAX_TYPED: Final = 200
"""Characters looked at of what was typed into the field for a code."""
ADDRESS_TYPE: Final = "text/uri-list"
MIN_PERSONAL_CHARACTERS: Final = 10
"""Characters of receipts, slips and links, and of the passing codes of screens; codes of posters
are no secret.
"""
_RECEIPT: Final = re.compile(r"/r/(\w+)[/?]")
Data = dict[str, Any]
View = Callable[..., HttpResponseBase]


def citizen_page(
    *methods: str, policy: Mapping[str, list[str]] | None = None, of_device: bool = True
) -> Callable[[View], View]:
    """A public page: language from the address, no cookie, kind words for oversized and broken
    requests.

    ``of_device``: a phone set to another language of ours is heard; not so on what an office has
    set up.
    """

    def decorate(view: View) -> View:
        checked = require_http_methods(list(methods))(view)

        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                _refuse_large(request)
                with use_wishes(request, of_device=of_device):
                    _refuse_many(request)
                    response = _on_a_live_connection(
                        request, partial(_unless_guessing, checked, request, args, kwargs)
                    )
                    # Rendered here, inside the language of the page.
                    if hasattr(response, "render"):
                        response = response.render()
            except OUTAGES as error:
                # Nothing was stored, or the same ticket finds what was: sending again is always
                # right.
                response = _busy(request, error)
            except RequestDataTooBig:
                response = _refusal(request, "too-big", 413)
            except (SuspiciousOperation, MultiPartParserError, UnreadablePostError, BadRequest):
                response = _refusal(request, "unreadable", 400)
            if "lang" not in request.GET:
                patch_vary_headers(response, ["Accept-Language"])
            response.headers.setdefault(POLICY, told)
            return _finish(_address_only(request, response))

        inline = {
            "style-src": [csp_source(style())],
            "script-src": [csp_source(script())],
            **(policy or {}),
        }
        told = build_policy(update=inline)
        return csrf_exempt(inner)

    return decorate


def _on_a_live_connection(
    request: HttpRequest, view: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """A page that is only looked at may be asked for twice; for what is sent
    ``LiveConnectionMiddleware`` has looked at the connection.
    """
    is_looked_at = request.method in ("GET", "HEAD")
    return ask_again_on_a_new_connection(view) if is_looked_at else view()


def _unless_guessing(
    view: View, request: HttpRequest, args: tuple[Any, ...], kwargs: Data
) -> HttpResponseBase:
    """Codes long enough to open something of one person need a button pressed where many failed;
    posters never do.
    """
    code = normalise_code(str(kwargs.get("code", "")))
    personal = len(code) >= MIN_PERSONAL_CHARACTERS
    if personal and not lookup_allowed(request, code):
        return _button(request, code)
    response = view(request, *args, **kwargs)
    if response.status_code == 404 and "code" in kwargs:
        note_failure(request)
    elif request.method == "POST" and (to := _RECEIPT.match(response.get("Location", ""))):
        # The receipt of what was just stored needs no button, whichever process is asked for it and
        # whatever it has counted. By POST only: no GET may hand a pass to a guess.
        response.headers["Location"] += f"&{CONFIRM_FIELD}={issue_pass(to[1], shown=True)}"
    return response


def _button(request: HttpRequest, code: str) -> HttpResponse:
    """Nothing was looked up; the same request again, with all that was sent, at the press of a
    button.
    """
    title, text = message("too-often")
    posted = request.method == "POST"
    lists = (request.POST if posted else request.GET).lists()
    sent = [(name, value) for name, values in lists for value in values if name != CONFIRM_FIELD]
    context = {
        "title": title,
        "text": text,
        "method": "post" if posted else "get",
        "action": request.path,
        "switch": posted,
        "sent": [*sent, (CONFIRM_FIELD, issue_pass(code))],
        "button": _("Continue"),
    }
    response = render_page("survey/citizen/busy.html", context, status=429)
    response.headers["Retry-After"] = "2"
    return response


def _refusal(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    """A message in the language of the address; the body cannot be asked for it."""
    asked = request.GET.get("lang", "")
    language = asked if is_supported_language(asked) else settings.LANGUAGE_CODE
    with override(language):
        return message_page(reason, status=status, again=f"{quote(request.path)}?{link_query()}")


def _busy(request: HttpRequest, error: Exception) -> HttpResponse:
    """The database cannot be reached: what was sent stays on the page, with a button to send it
    again.
    """
    if not note_outage(error) and isinstance(error, InternalError):
        raise error
    if not connection.in_atomic_block:
        connection.close()
    sent = [(name, value) for name, values in request.POST.lists() for value in values]
    with use_wishes(request, of_device=True):
        title, text = message("busy" if sent else "busy-unsent")
        context = {
            "title": title,
            "text": text,
            "method": "post",
            "action": request.path if sent else "",
            "switch": bool(sent),
            "sent": sent,
            "button": _("Send again"),
        }
        response = render_page("survey/citizen/busy.html", context, status=503)
    response.headers["Retry-After"] = "5"
    return response


def _refuse_many(request: HttpRequest) -> None:
    """The short form has under 20 fields; the general limit is wider, for the admin pages."""
    if sum(len(values) for _name, values in request.POST.lists()) > MAX_FIELDS:
        raise SuspiciousOperation("too many fields")


def _refuse_large(request: HttpRequest) -> None:
    """Refuse by the announced length, before any of the body is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise RequestDataTooBig


def _address_only(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The page's script asks where to go on, and goes there itself: followed by it, the next page
    would come twice.
    """
    if response.status_code != 303 or request.headers.get("Accept") != ADDRESS_TYPE:
        return response
    told = HttpResponse(response.headers["Location"], content_type=ADDRESS_TYPE)
    told.headers["Cache-Control"] = "no-store"
    return told


def _finish(response: HttpResponseBase) -> HttpResponseBase:
    # no-cache, not no-store: the back button must show the page with the same ticket, not fetch a
    # new one.
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
    return response


def base_context(**more: Any) -> Data:
    """What every citizen page shows."""
    language = get_language() or settings.LANGUAGE_CODE
    return {
        "style": style(),
        "script": script(),
        "language": language,
        "languages": [(code, name, link_query(language=code)) for code, name in settings.LANGUAGES],
        "wishes": link_query(),
        "large": wants_large(),
        "other_size": link_query(large=not wants_large()),
        "province": province.province_name(),
        "motto": province.motto(),
        "emblem": province.emblem_address(),
        "demo": settings.DEMO,
        **more,
    }


def render_page(template: str, context: Data, *, status: int = 200) -> HttpResponse:
    """A citizen page."""
    return HttpResponse(render_to_string(template, base_context(**context)), status=status)


def typed_code(request: HttpRequest) -> str:
    """The code of an address as it was typed, to be shown in the field it can be mended in."""
    match = request.resolver_match
    return str(match.kwargs.get("code", "")) if match else ""


def message_page(
    reason: str,
    *,
    status: int,
    again: str = "",
    onward: str = "",
    ask: bool = False,
    call: bool = True,
    onward_text: str = "",
    typed: str = "",
) -> HttpResponse:
    """A plain sentence and a way on, never a dead end.

    ``again``: address to start again at, ``onward``: to go on at; ``ask``: offer a field for the
    right code, with what was ``typed`` in it, and the list of offices; ``call``: offer the hotline.
    """
    title, text = message(reason)
    context = {
        "title": title,
        "text": text,
        "again": again,
        "onward": onward,
        "ask": ask,
        "call": call,
        "typed": typed[:MAX_TYPED],
    }
    context["onward_text"] = onward_text or _("Continue")
    return render_page("survey/citizen/message.html", context, status=status)
