"""Public addresses; the code on a poster is in capitals, so the path is read without regard to case."""

from __future__ import annotations

from django.urls import path, re_path

from survey.responses import links, views

urlpatterns = [
    path("", views.front, name="front"),
    path("privacy", views.privacy, name="privacy"),
    re_path(r"^[sS]/(?P<code>[^/]{1,40})/?$", views.short, name="short"),
    re_path(r"^[sS]/(?P<code>[^/]{1,40})/stop$", links.stop, name="stop"),
    re_path(r"^[sS]/(?P<code>[^/]{1,40})/step$", links.step, name="step"),
    re_path(r"^[rR]/(?P<code>[^/]{1,40})/?$", views.receipt, name="receipt"),
    re_path(r"^[rR]/(?P<code>[^/]{1,40})/full$", views.full, name="full"),
]
