"""Staff addresses of scoring."""

from __future__ import annotations

from django.urls import path, re_path

from survey.console import group_survey, line_owners, losses, owned, scorecard, scoring

urlpatterns = [
    path("scoring", scoring.scoring, name="scoring"),
    re_path(r"^scoring/(?P<pk>\d{1,12})$", scoring.scoring_round, name="scoring-round"),
    re_path(
        r"^scoring/(?P<pk>\d{1,12})/(?P<action>deadlines|count|publish)$",
        scoring.round_act,
        name="scoring-act",
    ),
    re_path(r"^scoring/(?P<pk>\d{1,12})/owners$", line_owners.line_owners, name="line-owners"),
    re_path(r"^scoring/(?P<pk>\d{1,12})/groups$", group_survey.group_survey, name="group-survey"),
    re_path(
        r"^scoring/(?P<pk>\d{1,12})/groups/end$",
        group_survey.group_survey_end,
        name="group-survey-end",
    ),
    re_path(r"^scoring/(?P<pk>\d{1,12})/owned$", owned.owned, name="owned"),
    re_path(
        r"^scoring/(?P<pk>\d{1,12})/owned/(?P<code>[^/]{1,40})$",
        owned.owned_line,
        name="owned-line",
    ),
    re_path(r"^scorecards/(?P<pk>\d{1,12})$", scorecard.scorecard, name="scorecard"),
    re_path(r"^evidence/(?P<pk>\d{1,12})$", scorecard.evidence, name="evidence"),
    re_path(r"^scoring/(?P<pk>\d{1,12})/losses$", losses.losses, name="losses"),
    re_path(
        r"^scoring/editions/(?P<pk>\d{1,12})\.(?P<kind>json|csv|xlsx)$",
        losses.score_edition,
        name="score-edition",
    ),
    re_path(
        r"^scorecards/(?P<pk>\d{1,12})/correct/(?P<code>[^/]{1,40})$",
        losses.correct,
        name="scorecard-correct",
    ),
]
