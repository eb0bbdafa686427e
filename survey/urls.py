"""Addresses: staff pages, admin, and everything citizens open."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler404 = "survey.responses.views.lost"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("staff/", include("survey.console.urls")),
    path("api/", include("survey.api.urls")),
    path("sms/", include("survey.dispatch.urls")),
    path("", include("survey.responses.urls")),
]
