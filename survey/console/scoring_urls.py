"""Staff addresses of scoring."""

from __future__ import annotations

from django.urls import path, re_path

from survey.console import losses, scorecard, scoring

urlpatterns = [
    path("scoring", scoring.scoring, name="scoring"),
    re_path(r"^scoring/(?P<pk>\d{1,12})$", scoring.scoring_round, name="scoring-round"),
    re_path(
        r"^scoring/(?P<pk>\d{1,12})/(?P<action>deadlines|count|publish)$",
        scoring.round_act,
        name="scoring-act",
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
