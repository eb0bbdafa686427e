"""Staff addresses of vote integrity: flags, exclusions, call-back checks."""

from __future__ import annotations

from django.urls import path, re_path

from survey.console import back_checks, exclusions, integrity

urlpatterns = [
    path("integrity", integrity.flags, name="integrity"),
    path("integrity/run", integrity.run_month, name="integrity-run"),
    re_path(r"^integrity/(?P<pk>\d{1,12})$", integrity.flag, name="integrity-flag"),
    path("exclusions", exclusions.exclusions, name="exclusions"),
    re_path(r"^exclusions/(?P<pk>\d{1,12})/lift$", exclusions.ask_lift, name="exclusion-lift"),
    path("back-checks", back_checks.back_checks, name="back-checks"),
    re_path(r"^back-checks/(?P<pk>\d{1,12})$", back_checks.back_check, name="back-check"),
    re_path(r"^back-checks/calls/(?P<pk>\d{1,12})$", back_checks.call, name="back-check-call"),
]
