"""Staff addresses of what is followed up."""

from __future__ import annotations

from django.urls import path, re_path

from survey.console import follow_up, follow_up_item, inspections, national

urlpatterns = [
    path("follow-up", follow_up.follow_up, name="follow-up"),
    re_path(
        r"^follow-up/new/(?P<kind>[a-z-]{4,12})$", follow_up.follow_up_new, name="follow-up-new"
    ),
    re_path(r"^follow-up/(?P<pk>\d{1,12})$", follow_up_item.follow_up_item, name="follow-up-item"),
    re_path(
        r"^follow-up/(?P<pk>\d{1,12})/step$", follow_up_item.follow_up_step, name="follow-up-step"
    ),
    re_path(
        r"^follow-up/files/(?P<pk>\d{1,12})$", follow_up_item.follow_up_file, name="follow-up-file"
    ),
    path("national", national.national, name="national"),
    path("inspections", inspections.inspections, name="inspections"),
]
