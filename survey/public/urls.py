"""Addresses of the results."""

from __future__ import annotations

from django.urls import path, re_path

from survey.public import views

app_name = "public"
urlpatterns = [
    path("", views.results, name="home"),
    re_path(r"^(?P<path>.{1,300})$", views.results, name="results"),
]
