"""Public addresses; the code on a poster is in capitals, so the path is read without regard to
case.
"""

from __future__ import annotations

from django.urls import path, re_path

from survey.responses import displays, kiosk, links, offices, receipt_comments, rights, views

CODE = r"(?P<code>[^/]{1,80})"
BARE = r"(?P<code>[0-9A-Za-z]{4}[ -]?[0-9A-Za-z]{4}[^/]{0,8})"
"""A poster's code without ``/s/`` before it; no other address has such a form."""
urlpatterns = [
    path("", views.front, name="front"),
    path("privacy", views.privacy, name="privacy"),
    path("offices", offices.offices, name="offices"),
    path("offices/<str:key>/<str:agency>", offices.office, name="office"),
    re_path(rf"^[sS]/{CODE}/?$", views.short, name="short"),
    re_path(rf"^[sS]/{CODE}/done$", views.done, name="done"),
    re_path(rf"^[sS]/{CODE}/stop$", links.stop, name="stop"),
    re_path(rf"^[sS]/{CODE}/step$", links.step, name="step"),
    re_path(rf"^[qQ]/{CODE}/?$", views.screen, name="screen"),
    path("screen/<str:display>", displays.screen_page, name="screen-page"),
    path("screen/<str:display>/code", displays.screen_code, name="screen-code"),
    path("kiosk/", kiosk.app, name="kiosk"),
    path("kiosk/worker.js", kiosk.worker, name="kiosk-worker"),
    path("kiosk/manifest.webmanifest", kiosk.manifest, name="kiosk-manifest"),
    path("kiosk/enrol", kiosk.enrolment, name="kiosk-enrol"),
    path("kiosk/sync", kiosk.sync, name="kiosk-sync"),
    re_path(rf"^[rR]/{CODE}/?$", rights.receipt, name="receipt"),
    re_path(rf"^[rR]/{CODE}/full$", rights.full, name="full"),
    re_path(rf"^[rR]/{CODE}/change$", rights.change, name="change"),
    re_path(rf"^[rR]/{CODE}/comment$", receipt_comments.comment, name="comment"),
    re_path(rf"^[rR]/{CODE}/erase$", receipt_comments.erase, name="erase"),
    re_path(rf"^[rR]/{CODE}/handover$", rights.handover, name="handover"),
    re_path(rf"^{BARE}/?$", views.bare, name="bare"),
]
