"""What a counter's screen shows: the changing code, in opening hours, to whoever has the screen's
secret address.
"""

from __future__ import annotations

import base64
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from survey.access.models import Screen
from survey.access.print import qr
from survey.access.screens import find_display, gives_codes, shown
from survey.citizen.pages import citizen_page, message_page, render_page
from survey.common.throttling import note_failure
from survey.questionnaires.queries import find_first_form, wordings


def _code(screen: Screen, now: datetime) -> dict[str, str | int]:
    """The code as a picture, an address and the seconds it stands; nothing outside opening
    hours.
    """
    if not (screen.is_open(now) and gives_codes(screen, now)):
        return {"seconds": 30}
    found = shown(screen, now)
    address = qr.screen_url(found.code)
    site, path = address.split("://", 1)[1].split("/", 1)
    image = base64.b64encode(qr.draw_svg(address)).decode()
    return {
        "image": f"data:image/svg+xml;base64,{image}",
        "site": site,
        "path": f"/{path}",
        "seconds": max(1, int((found.until - now).total_seconds())),
    }


def _instruction(language: str) -> str:
    with override(language):
        return _("Scan this code with Zalo or the camera. It takes half a minute.")


@citizen_page("GET", "HEAD", of_device=False)
def screen_page(request: HttpRequest, display: str) -> HttpResponseBase:
    """The page a tablet or television at the counter keeps open."""
    screen = find_display(display)
    if screen is None or screen.revoked_at is not None:
        note_failure(request)
        return message_page("unknown-screen", status=404, call=False)
    code = _code(screen, timezone.now())
    instructions = [(language, _instruction(language)) for language, _name in settings.LANGUAGES]
    version_id = find_first_form(
        office_id=screen.counter.office_id,
        domain_id=screen.counter.domain_id,
        today=timezone.localdate(),
    )
    texts = wordings(version_id, get_language() or "vi") if version_id else {}
    context = {
        "title": str(screen.counter),
        "office": screen.counter.office.name,
        "counter": str(screen.counter),
        "question": texts.get("question.overall", _("Rate how you were served")),
        "instructions": instructions,
        "code": code if "image" in code else None,
        "source": f"/screen/{display}/code",
    }
    return render_page("survey/citizen/screen.html", context)


@require_safe
def screen_code(request: HttpRequest, display: str) -> HttpResponse:
    """The code of this moment, for the page's script."""
    screen = find_display(display)
    if screen is None or screen.revoked_at is not None:
        return JsonResponse({"error": "unknown"}, status=404)
    response = JsonResponse(_code(screen, timezone.now()))
    response.headers["Cache-Control"] = "no-store"
    return response
