"""Addresses: staff pages, admin, and everything citizens open."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import include, path, re_path

from survey.citizen.views import citizen_error
from survey.common.outage import note_outage
from survey.console.errors import error_page
from survey.console.kept_exports import export_by_link
from survey.public.ledger import ledger_file

UNAVAILABLE: Final = 503


def _refused(status: int) -> Callable[..., HttpResponseBase]:
    """Staff are told inside the console, everybody else on a citizen's page."""

    def view(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
        staff = request.path.startswith(("/staff/", "/admin/"))
        told = UNAVAILABLE if status == 500 and _is_gone() else status
        page = error_page(request, told) if staff else citizen_error(request, told)
        if told == UNAVAILABLE:
            page.headers["Retry-After"] = "5"
        return page

    return view


def _is_gone() -> bool:
    """Whether a page failed because the database cannot be reached."""
    error = sys.exception()
    return isinstance(error, Exception) and note_outage(error)


handler400, handler403, handler404, handler500 = (
    _refused(status) for status in (400, 403, 404, 500)
)
admin.site.login = lambda request, extra_context=None: redirect_to_login(request.get_full_path())  # type: ignore[method-assign]
urlpatterns = [
    path("admin/", admin.site.urls),
    path("staff/", include("survey.console.sign_in_urls")),
    path("staff/", include("survey.console.urls")),
    path("api/", include("survey.api.urls")),
    path("sms/", include("survey.messaging.urls")),
    re_path(r"^so-cai/(?P<path>[a-z0-9./-]{1,80})$", ledger_file, name="ledger-file"),
    path("ket-qua/", include("survey.public.urls")),
    path("tables/<str:code>", export_by_link, name="table-by-link"),
    path("", include("survey.citizen.urls")),
]
