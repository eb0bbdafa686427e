"""Addresses: staff pages, admin, and everything citizens open."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.urls import include, path, re_path

from survey.console.kept_exports import export_by_link
from survey.public.ledger import ledger_file
from survey.refusals import refuse, tell_busy

handler400, handler403, handler404, handler500 = (refuse(status) for status in (400, 403, 404, 500))
handler503 = tell_busy
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
