"""Staff addresses of data protection: requests, documents, incidents, retention."""

from __future__ import annotations

from django.urls import path, re_path

from survey.console import incidents, privacy, retention

urlpatterns = [
    path("retention", retention.retention, name="retention"),
    path("privacy", privacy.privacy_requests, name="privacy"),
    re_path(r"^privacy/(?P<pk>\d{1,12})$", privacy.privacy_request, name="privacy-request"),
    re_path(
        r"^privacy/documents/(?P<name>processing|impact)\.(?P<kind>pdf|docx)$",
        privacy.document,
        name="privacy-document",
    ),
    re_path(r"^privacy/texts/(?P<pk>\d{1,12})$", privacy.consent_text, name="consent-text"),
    path("incidents", incidents.incidents, name="incidents"),
    re_path(r"^incidents/(?P<pk>\d{1,12})$", incidents.incident, name="incident"),
]
