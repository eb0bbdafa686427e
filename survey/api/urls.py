"""Addresses of the API."""

from __future__ import annotations

from django.urls import path

from survey.api import views
from survey.api.boundary import guard_patterns, unknown
from survey.api.v1 import api

_patterns, _app, _namespace = api.urls

urlpatterns = [
    path("v1/events", views.events, name="api-events"),
    path("v1/slips", views.slips, name="api-slips"),
    path("v1/", (guard_patterns(_patterns), _app, _namespace)),
    path("v1/<path:path>", unknown),
]
