"""The sociological survey: anonymous single-use links, and counts that become figures."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.common.periods import parse_period
from survey.responses.models import Response
from survey.scorecards.rounds.declaring import Line, save_lines
from survey.scorecards.rounds.group_survey import (
    MAX_CHOICES,
    MIN_BALLOTS,
    GroupBallot,
    GroupCount,
    find_ballot,
    group_figures,
    issue_links,
    record_choices,
    withdraw_ballots,
)
from survey.scorecards.rounds.models import AgencyScoring, ScoreEntry, ScoringRound, Stage
from survey.scorecards.rounds.queries import framework_scored_by, scorecard_at
from survey.scorecards.rounds.services import count_ended_surveys, enter_counted
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat
from tests.survey.scorecards.builders import surveyed_round


@pytest.fixture
def asked(cast: Cast) -> ScoringRound:
    return surveyed_round(cast, timezone.now())


@pytest.fixture
def scoring(asked: ScoringRound) -> AgencyScoring:
    return AgencyScoring.objects.get(scoring_round=asked)


def issue(
    asked: ScoringRound, group: str = "heads", count: int = MIN_BALLOTS, **more: Any
) -> list[str]:
    values = {"agencies": list(asked.scorings.all()), "now": timezone.now(), **more}
    framework = framework_scored_by(asked)
    return issue_links(scoring_round=asked, framework=framework, group=group, count=count, **values)


def choose(asked: ScoringRound, token: str, option: str, scoring: AgencyScoring) -> None:
    ballot = find_ballot(token)
    assert ballot is not None
    record_choices(
        ballot=ballot,
        framework=framework_scored_by(asked),
        choices={str(scoring.pk): {"V.1": option}},
        now=timezone.now(),
    )


def counted() -> dict[tuple[str, str], int]:
    rows = GroupCount.objects.values_list("group", "option", "count")
    return {(group, option): n for group, option, n in rows}


def test_a_form_is_shown_sent_once_and_only_added_to_sums(
    asked: ScoringRound, scoring: AgencyScoring, citizen: Client
) -> None:
    token, *others = issue(asked)
    page = flat(citizen.get(f"/groups/{token}"))
    assert "Lãnh đạo xã" in page
    assert "Sở Nông nghiệp và Môi trường" in page
    assert "Set-Cookie" not in citizen.get(f"/groups/{token}").headers
    field = f"a-{scoring.pk}-V.1"
    told = citizen.post(f"/groups/{token}", {field: "fair"})
    assert "đã được cộng vào, không ghi tên" in flat(told)
    again = citizen.post(f"/groups/{token}", {field: "poor"})
    assert again.status_code == 410
    assert citizen.get(f"/groups/{token}").status_code == 410
    assert counted() == {("heads", "fair"): 1}
    citizen.post(f"/groups/{others[0]}", {field: "fair"})
    assert counted() == {("heads", "fair"): 2}
    kept = {field.name for field in GroupCount._meta.concrete_fields}
    assert kept == {"id", "scoring", "criterion", "group", "option", "count"}
    assert not Response.objects.exists(), "never among the answers of citizens"


@pytest.mark.parametrize("sent", [{}, {"a-1-V.1": ""}, {"a-x-V.1": "good"}, {"a-1": "good"}])
def test_an_empty_form_stays_open(
    asked: ScoringRound, citizen: Client, sent: dict[str, str]
) -> None:
    token = issue(asked)[0]
    answer = citizen.post(f"/groups/{token}", sent)
    assert answer.status_code == 422
    assert "ít nhất một câu trả lời" in flat(answer)
    assert set(GroupBallot.objects.values_list("state", flat=True)) == {"open"}


def test_an_answer_nobody_offered_is_refused_and_the_others_stay_chosen(
    asked: ScoringRound, scoring: AgencyScoring, citizen: Client
) -> None:
    token = issue(asked)[0]
    answer = citizen.post(f"/groups/{token}", {f"a-{scoring.pk}-V.1": "best\x00"})
    assert answer.status_code in (400, 422)
    assert not GroupCount.objects.exists()


@pytest.mark.parametrize("token", ["x", "0" * 16, "0" * 80, "ABCDEFGHJKMNPQRS"])
def test_a_link_nobody_made_is_not_found(asked: ScoringRound, citizen: Client, token: str) -> None:
    assert citizen.get(f"/groups/{token}").status_code == 404
    assert citizen.post(f"/groups/{token}", {"a-1-V.1": "good"}).status_code == 404


def test_links_end_with_the_self_scoring_and_when_they_are_withdrawn(
    asked: ScoringRound, scoring: AgencyScoring, citizen: Client
) -> None:
    first, second, *_others = issue(asked)
    choose(asked, first, "good", scoring)
    assert withdraw_ballots(scoring_round=asked, group="heads") == MIN_BALLOTS - 1
    assert citizen.get(f"/groups/{second}").status_code == 410
    late = issue(asked, "deputies")[0]
    ScoringRound.objects.update(self_due=timezone.localdate() - timedelta(days=1))
    assert citizen.get(f"/groups/{late}").status_code == 410
    with pytest.raises(ValidationError, match="đã được dùng"):
        choose(asked, late, "good", scoring)
    asked.refresh_from_db()
    with pytest.raises(ValidationError, match="hết hạn"):
        issue(asked)


def test_nothing_is_taken_once_the_round_is_published_however_early_the_page_was_opened(
    asked: ScoringRound, scoring: AgencyScoring
) -> None:
    token = issue(asked)[0]
    ballot = find_ballot(token)
    assert ballot is not None
    ScoringRound.objects.update(published_at=timezone.now())
    with pytest.raises(ValidationError, match="đã được dùng"):
        record_choices(
            ballot=ballot,
            framework=framework_scored_by(asked),
            choices={str(scoring.pk): {"V.1": "good"}},
            now=timezone.now(),
        )
    assert not GroupCount.objects.exists()


def everybody_answers(asked: ScoringRound, scoring: AgencyScoring) -> None:
    for group in ("heads", "deputies"):
        for number, token in enumerate(issue(asked, group)):
            choose(asked, token, "good" if number < 4 else "poor", scoring)


def test_counts_become_figures_once_nothing_more_can_come_in(
    asked: ScoringRound, scoring: AgencyScoring
) -> None:
    framework, now = framework_scored_by(asked), timezone.now()
    everybody_answers(asked, scoring)
    extra = issue(asked)
    assert group_figures(asked, framework, now) == {}, "two looks would tell what one person said"
    choose(asked, extra[0], "poor", scoring)
    assert count_ended_surveys(now) == 0
    ScoringRound.objects.update(self_due=timezone.localdate() - timedelta(days=1))
    assert count_ended_surveys(now) == 1
    entry = ScoreEntry.objects.get(criterion="V.1")
    assert entry.stage == Stage.COUNTED
    assert entry.declared == {
        **{f"deputies.{o}": n for o, n in (("good", "4"), ("fair", "0"), ("poor", "1"))},
        **{f"heads.{o}": n for o, n in (("good", "4"), ("fair", "0"), ("poor", "2"))},
    }
    card = scorecard_at(framework, scoring, [entry], Stage.SELF)
    assert str(card.total) == "7.47", "0.6 of 80 % and 0.4 of two thirds"
    assert count_ended_surveys(now) == 0


def test_a_group_with_too_few_forms_gives_no_figure(
    asked: ScoringRound, scoring: AgencyScoring
) -> None:
    everybody_answers(asked, scoring)
    GroupCount.objects.filter(group="heads", option="poor").delete()
    ScoringRound.objects.update(self_due=timezone.localdate() - timedelta(days=1))
    assert group_figures(asked, framework_scored_by(asked), timezone.now()) == {}


def test_what_appraisers_type_stands_over_what_was_counted(
    cast: Cast, asked: ScoringRound, scoring: AgencyScoring
) -> None:
    everybody_answers(asked, scoring)
    now = timezone.now()
    assert enter_counted(scoring_round=asked, period=parse_period(asked.period), now=now) == 0, (
        "all links are used, and more can be made"
    )
    asked.self_due = timezone.localdate() - timedelta(days=1)
    asked.save()
    assert enter_counted(scoring_round=asked, period=parse_period(asked.period), now=now) == 1
    AgencyScoring.objects.update(stage=Stage.APPRAISAL)
    scoring.refresh_from_db()
    declared = {
        f"{group}.{option}": "1"
        for group in ("deputies", "heads")
        for option in ("good", "fair", "poor")
    }
    line = Line(declared, "Theo phiếu giấy")
    save_lines(scoring=scoring, stage="appraisal", lines={"V.1": line}, by=cast.analyst, now=now)
    card = scorecard_at(
        framework_scored_by(asked), scoring, list(scoring.entries.all()), Stage.APPRAISAL
    )
    assert str(card.total) == "5.33"


@pytest.mark.parametrize(
    ("group", "count", "told"),
    [
        ("citizens", 9, "Không có nhóm này"),
        ("heads", MIN_BALLOTS - 1, "Mỗi lần tạo"),
        ("heads", 10_000, "Mỗi lần tạo"),
    ],
)
def test_links_that_cannot_be_made_are_told(
    asked: ScoringRound, group: str, count: int, told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        issue(asked, group, count)
    assert not GroupBallot.objects.exists()


def test_a_page_asks_for_no_more_than_it_can(asked: ScoringRound, scoring: AgencyScoring) -> None:
    with pytest.raises(ValidationError, match="chọn bớt cơ quan"):
        issue(asked, agencies=[scoring] * (MAX_CHOICES + 1))
    with pytest.raises(ValidationError):
        issue(asked, agencies=[])


def test_staff_make_links_as_a_file_see_sums_and_withdraw(
    cast: Cast, asked: ScoringRound, scoring: AgencyScoring, citizen: Client
) -> None:
    client, address = signed_in(cast.analyst), reverse("console:group-survey", args=[asked.pk])
    assert "Điều tra xã hội học" in flat(
        client.get(reverse("console:scoring-round", args=[asked.pk]))
    )
    for sent in (
        {"count": "1"},
        {"count": "5", "agencies": "9" * 50},
        {"count": "5", "group": "x"},
    ):
        assert client.post(address, {"group": "heads", **sent}).status_code == 422
    made = client.post(address, {"group": "heads", "count": "5"})
    rows = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["số", "1", "2", "3", "4", "5"]
    path = rows[1][1].partition("/groups/")[2]
    assert citizen.get(f"/groups/{path}").status_code == 200
    choose(asked, path, "good", scoring)
    page = flat(client.get(address))
    assert path not in page, "a link is shown once"
    end = reverse("console:group-survey-end", args=[asked.pk])
    assert client.post(end, {"group": "nobody"}).status_code == 404
    assert "Số đường dẫn đã thu hồi: 4." in flat(client.post(end, {"group": "heads"}, follow=True))
    states = sorted(GroupBallot.objects.values_list("state", flat=True))
    assert states == ["used", *["withdrawn"] * 4]
    assert signed_in(cast.head).get(address).status_code == 403
