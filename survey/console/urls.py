"""Staff addresses."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path

from survey.console import (
    account,
    agencies,
    approvals,
    audit,
    ballots,
    calls,
    charts,
    counters,
    devices,
    dossier_events,
    invitation,
    messages,
    people,
    periods,
    places,
    questionnaires,
    second_factor,
    set_up,
    views,
    voices,
)

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("password", account.password, name="password"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("sessions", second_factor.sessions, name="sessions"),
    path("sessions/end", second_factor.end_sessions, name="sessions-end"),
    re_path(
        r"^invitation/(?P<token>[A-Za-z0-9_-]{10,60})$", invitation.invitation, name="invitation"
    ),
    path("set-up", set_up.set_up, name="set-up"),
    re_path(r"^set-up/(?P<what>units|library)$", set_up.load_data, name="set-up-load"),
    path("people", people.people, name="people"),
    path("people/invite", people.invite_person, name="invite"),
    re_path(
        r"^people/invitations/(?P<pk>\d{1,12})/withdraw$",
        people.withdraw_invitation,
        name="invitation-withdraw",
    ),
    re_path(r"^people/(?P<pk>\d{1,12})$", people.change_person, name="person"),
    re_path(
        r"^people/(?P<pk>\d{1,12})/(?P<action>close|open)$",
        people.close_person,
        name="person-close",
    ),
    path("approvals", approvals.approvals, name="approvals"),
    re_path(r"^approvals/(?P<pk>\d{1,12})$", approvals.approval, name="approval"),
    re_path(r"^approvals/(?P<pk>\d{1,12})/decide$", approvals.decide, name="approval-decide"),
    re_path(r"^approvals/(?P<pk>\d{1,12})/cancel$", approvals.cancel, name="approval-cancel"),
    path("questionnaires", questionnaires.questionnaires, name="questionnaires"),
    path("questionnaires/upload", questionnaires.upload, name="questionnaire-upload"),
    re_path(r"^versions/(?P<pk>\d{1,12})$", questionnaires.version, name="version"),
    re_path(r"^versions/(?P<pk>\d{1,12})\.toml$", questionnaires.version_file, name="version-file"),
    re_path(r"^versions/(?P<pk>\d{1,12})/words$", questionnaires.words, name="version-words"),
    re_path(
        r"^versions/(?P<pk>\d{1,12})/(?P<action>copy|delete)$",
        questionnaires.change_version,
        name="version-change",
    ),
    re_path(
        r"^versions/(?P<pk>\d{1,12})/ask/(?P<action>publish|retire)$",
        questionnaires.ask_version,
        name="version-ask",
    ),
    path("places", places.offices, name="offices"),
    path("places/new", places.new_office, name="office-new"),
    re_path(r"^places/(?P<pk>\d{1,12})$", places.office, name="office"),
    re_path(r"^places/(?P<pk>\d{1,12})/counters$", places.add_counter, name="counter-add"),
    re_path(r"^counters/(?P<pk>\d{1,12})/close$", places.end_counter, name="counter-close"),
    path("agencies", agencies.agencies, name="agencies"),
    path("agencies/new", agencies.new_agency, name="agency-new"),
    re_path(r"^agencies/(?P<pk>\d{1,12})$", agencies.unit, name="unit"),
    re_path(r"^agencies/(?P<pk>\d{1,12})/merge$", agencies.ask_merge, name="unit-merge"),
    re_path(r"^agencies/(?P<pk>\d{1,12})/dissolve$", agencies.ask_dissolve, name="unit-dissolve"),
    path("audit", audit.audit, name="audit"),
    path("audit.csv", audit.audit_file, name="audit-file"),
    path("agency/<int:pk>", views.agency, name="agency"),
    path("download/index.<str:kind>", views.download, name="download"),
    path("periods", periods.periods, name="periods"),
    path("periods/compute", periods.compute, name="period-compute"),
    re_path(r"^editions/(?P<pk>\d{1,12})$", periods.edition, name="edition"),
    re_path(
        r"^editions/(?P<pk>\d{1,12})/ask/(?P<action>release|withdraw)$",
        periods.ask_edition,
        name="edition-ask",
    ),
    path("pictures", charts.pictures, name="pictures"),
    re_path(
        r"^pictures/(?P<name>[a-z]{1,12})\.(?P<kind>svg|pdf|png)$", charts.picture, name="picture"
    ),
    re_path(
        r"^agency/(?P<pk>\d{1,12})/(?P<name>[a-z]{1,12})\.(?P<kind>svg|pdf|png)$",
        charts.agency_picture,
        name="agency-picture",
    ),
    path("codes", counters.codes, name="codes"),
    re_path(r"^codes/(?P<pk>\d{1,12})\.(?P<kind>png|svg)$", counters.code_image, name="code-image"),
    re_path(
        r"^codes/(?P<pk>\d{1,12})-(?P<paper>A[345]|tent)\.pdf$",
        counters.code_poster,
        name="code-poster",
    ),
    re_path(
        r"^offices/(?P<pk>\d{1,12})-(?P<paper>A[345]|tent)\.pdf$",
        counters.office_poster,
        name="office-poster",
    ),
    re_path(
        r"^codes/(?P<pk>\d{1,12})/(?P<action>reissue|revoke)$",
        counters.code_change,
        name="code-change",
    ),
    re_path(r"^counters/(?P<pk>\d{1,12})/issue$", counters.code_issue, name="code-issue"),
    re_path(r"^verify/(?P<code>[^/]{1,20})$", devices.verify, name="verify"),
    path("presence", devices.overview, name="presence"),
    re_path(
        r"^presence/(?P<pk>\d{1,12})/(?P<what>screen|kiosk|slips)$",
        devices.add,
        name="presence-add",
    ),
    re_path(
        r"^presence/(?P<what>screen|kiosk)/(?P<pk>\d{1,12})/withdraw$",
        devices.withdraw,
        name="presence-withdraw",
    ),
    path("ballots", ballots.ballots, name="ballots"),
    path("ballots/print", ballots.print_ballots, name="ballots-print"),
    re_path(r"^ballots/(?P<code>[0-9A-Za-z]{8})$", ballots.count_ballots, name="ballot-count"),
    path("calls", calls.calls, name="calls"),
    path("improvements", voices.improvements, name="improvements"),
    re_path(r"^improvements/(?P<pk>\d{1,12})/approve$", voices.approve, name="improvement-approve"),
    path("cases", voices.cases, name="cases"),
    re_path(r"^cases/(?P<pk>\d{1,12})/close$", voices.close, name="case-close"),
    path("languages", voices.languages, name="languages"),
    path("messages", messages.overview, name="messages"),
    re_path(
        r"^senders/(?P<pk>\d{1,12})/(?P<action>pause|resume)$",
        messages.change_sender,
        name="sender",
    ),
    path("dossiers", dossier_events.dossiers, name="dossiers"),
    re_path(
        r"^dossiers/template\.(?P<kind>xlsx|csv)$",
        dossier_events.dossiers_template,
        name="dossiers-template",
    ),
    re_path(r"^messages/(?P<action>again|give-up)$", messages.decide, name="messages-decide"),
    path("totals", counters.totals, name="totals"),
    re_path(
        r"^totals/template\.(?P<kind>xlsx|csv)$", counters.totals_template, name="totals-template"
    ),
]
