"""Public addresses; the code on a poster is in capitals, so the path is read without regard to
case.
"""

from __future__ import annotations

from django.urls import path, re_path

from survey.citizen import displays, group_ballots, kiosk, link_pages, office_list, previews, views
from survey.citizen.receipts import comments, handover, proof
from survey.citizen.receipts import views as receipts
from survey.citizen.receipts.second_page import second_page

app_name = "citizen"
CODE = r"(?P<code>[^/]{1,80})"
BARE = r"(?!.*\.\w{2,5}/?$)(?P<code>[^/]{8,64})"
"""A code without ``/s/`` before it, with whatever sticks to it; no other address is as long, and no
file is meant.
"""
urlpatterns = [
    path("", views.front, name="front"),
    path("privacy", views.privacy, name="privacy"),
    path("preview/phone/<str:token>", previews.preview_phone, name="preview-phone"),
    path("preview/kiosk/<str:token>", previews.preview_kiosk, name="preview-kiosk"),
    path("groups/<str:code>", group_ballots.group_ballot, name="group-ballot"),
    path("offices", office_list.find_office, name="offices"),
    path("offices/<str:key>/<str:agency>", views.office_form, name="office-form"),
    re_path(rf"^[sS]/{CODE}/?$", views.short_form, name="short-form"),
    re_path(rf"^[sS]/{CODE}/done$", views.improvements, name="improvements"),
    re_path(rf"^[sS]/{CODE}/stop$", link_pages.stop_messages, name="opt-out"),
    re_path(rf"^[sS]/{CODE}/step$", link_pages.tell_step, name="funnel-step"),
    re_path(rf"^[qQ]/{CODE}/?$", views.screen_form, name="screen-form"),
    path("screen/<str:display>", displays.screen_page, name="screen-page"),
    path("screen/<str:display>/code", displays.screen_code, name="screen-code"),
    path("kiosk/", kiosk.kiosk_page, name="kiosk"),
    path("kiosk/program.js", kiosk.program, name="kiosk-program"),
    path("kiosk/worker.js", kiosk.service_worker, name="kiosk-worker"),
    path("kiosk/manifest.webmanifest", kiosk.manifest, name="kiosk-manifest"),
    path("kiosk/enrol", kiosk.enrol_kiosk, name="kiosk-enrol"),
    path("kiosk/sync", kiosk.sync_queue, name="kiosk-sync"),
    re_path(rf"^[rR]/{CODE}/?$", receipts.thanks, name="receipt"),
    re_path(rf"^[rR]/{CODE}/more$", second_page, name="second-page"),
    re_path(rf"^[rR]/{CODE}/full$", receipts.full_form, name="full-form"),
    re_path(rf"^[rR]/{CODE}/change$", receipts.change, name="change"),
    re_path(rf"^[rR]/{CODE}/comment$", comments.add_comment, name="comment"),
    re_path(rf"^[rR]/{CODE}/erase$", comments.erase_comments_page, name="erase"),
    re_path(rf"^[rR]/{CODE}/handover$", handover.escalate, name="escalate"),
    re_path(rf"^[rR]/{CODE}/proof$", proof.proof_page, name="proof"),
    re_path(rf"^[rR]/{CODE}/proof/file$", proof.proof_file, name="proof-file"),
    re_path(rf"^[rR]/{CODE}/case$", handover.case_page, name="case"),
    re_path(rf"^{BARE}/?$", views.bare_code, name="bare-code"),
]
