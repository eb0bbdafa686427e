"""Staff addresses of frameworks."""

from __future__ import annotations

from django.urls import path, re_path

from survey.console import framework_lines, frameworks

urlpatterns = [
    path("frameworks", frameworks.frameworks, name="frameworks"),
    path("frameworks/new", frameworks.framework_new, name="framework-new"),
    path("frameworks/upload", frameworks.framework_upload, name="framework-upload"),
    re_path(
        r"^frameworks/shipped/(?P<name>[A-Za-z0-9-]{1,60})$",
        frameworks.shipped_framework,
        name="framework-shipped",
    ),
    re_path(
        r"^frameworks/shipped/(?P<name>[A-Za-z0-9-]{1,60})/file$",
        frameworks.shipped_file,
        name="framework-shipped-file",
    ),
    re_path(r"^frameworks/(?P<pk>\d{1,12})$", frameworks.framework, name="framework"),
    re_path(
        r"^frameworks/(?P<pk>\d{1,12})/file$", frameworks.framework_file, name="framework-file"
    ),
    re_path(
        r"^frameworks/(?P<pk>\d{1,12})/edit$", frameworks.framework_edit, name="framework-edit"
    ),
    re_path(
        r"^frameworks/(?P<pk>\d{1,12})/(?P<action>publish|retire|delete)$",
        frameworks.framework_act,
        name="framework-act",
    ),
    path("frameworks/begin", framework_lines.framework_begin, name="framework-begin"),
    path("frameworks/copy", framework_lines.framework_copy, name="framework-copy"),
    re_path(
        r"^frameworks/(?P<pk>\d{1,12})/head$", framework_lines.framework_head, name="framework-head"
    ),
    re_path(
        r"^frameworks/(?P<pk>\d{1,12})/lines/new$",
        framework_lines.framework_line,
        name="framework-line-new",
    ),
    re_path(
        r"^frameworks/(?P<pk>\d{1,12})/line/(?P<code>[^/]{1,40})$",
        framework_lines.framework_line,
        name="framework-line",
    ),
    re_path(
        r"^frameworks/(?P<pk>\d{1,12})/line/(?P<code>[^/]{1,40})/(?P<action>up|down|delete)$",
        framework_lines.framework_line_act,
        name="framework-line-act",
    ),
]
