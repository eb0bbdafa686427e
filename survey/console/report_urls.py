"""Staff addresses of reports."""

from __future__ import annotations

from django.urls import path, re_path

from survey.console import exports, kept_exports, reports

urlpatterns = [
    path("reports", reports.reports, name="reports"),
    re_path(
        r"^reports/(?P<pk>\d{1,12})\.(?P<kind>pdf|docx|xlsx)$",
        reports.report_file,
        name="report-file",
    ),
    path("reports/schedule", reports.schedule, name="report-schedule"),
    re_path(
        r"^reports/schedules/(?P<pk>\d{1,12})/end$",
        reports.end_schedule,
        name="report-schedule-end",
    ),
    path("reports/template", reports.template, name="report-template"),
    path("exports", exports.exports, name="exports"),
    path("exports/schedules", kept_exports.schedule_export, name="export-schedule"),
    re_path(
        r"^exports/schedules/(?P<pk>\d{1,12})/end$",
        kept_exports.end_schedule,
        name="export-schedule-end",
    ),
    re_path(r"^exports/kept/(?P<pk>\d{1,12})$", kept_exports.kept_export, name="kept-export"),
    re_path(r"^exports/kept/(?P<pk>\d{1,12})/link$", kept_exports.link_export, name="export-link"),
    re_path(r"^exports/(?P<pk>\d{1,12})\.zip$", exports.bundle_file, name="bundle-file"),
    path("packs", reports.packs, name="packs"),
    re_path(r"^packs/(?P<pk>\d{1,12})\.zip$", reports.pack_file, name="pack-file"),
]
