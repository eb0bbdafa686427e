"""Addresses providers call."""

from __future__ import annotations

from django.urls import path

from survey.messaging import views

urlpatterns = [
    path("status", views.status, name="sms-status"),
    path("inbound", views.inbound, name="sms-inbound"),
]
