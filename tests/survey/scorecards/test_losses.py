"""Lost points, zeros, falls and years, and editions with their corrections."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import Role, User
from survey.scorecards.bridge.frameworks import Framework, read_framework
from survey.scorecards.rounds.editions import Correction, correct_scores
from survey.scorecards.rounds.losses import (
    find_falls,
    find_low_years,
    find_zeros,
    lost_by_criterion,
    lost_by_owner,
    lost_by_served,
)
from survey.scorecards.rounds.models import (
    AgencyScoring,
    ScoreEdition,
    ScoreEntry,
    ScoringRound,
    Stage,
)
from survey.scorecards.rounds.queries import rounds_before
from survey.scorecards.rounds.results import Row, edition_rows, round_rows
from survey.scorecards.rounds.score_files import FORMATS, write_scores
from survey.scorecards.rounds.services import publish_round
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.scorecards.builders import FRAMEWORK, opened_scoring

OWNED = FRAMEWORK.replace('code = "1"\n', 'code = "1"\nowner = "Sở Tư pháp"\n')


@pytest.fixture
def framework() -> Framework:
    return read_framework(OWNED)


def row(agency: int, **points: tuple[str, str]) -> Row:
    """A row of points and maximum by the criterion's code."""
    lines = [
        {
            "code": code.removeprefix("c"),
            "state": "scored",
            "points": got,
            "own": got,
            "maximum": most,
            "lost": str(Decimal(most) - Decimal(got)),
        }
        for code, (got, most) in points.items()
    ]
    return {"agency": agency, "name": f"Đơn vị {agency}", "lines": lines}


def test_losses_add_up_by_criterion_and_by_who_answers_for_it(framework: Framework) -> None:
    rows = [
        row(1, c1=("3.00", "4.00"), c2=("0.00", "2.00")),
        row(2, c1=("0.00", "4.00"), c2=("2.00", "2.00")),
    ]
    losses = lost_by_criterion(framework, rows)
    assert [(x.code, x.owner, x.lost, x.agencies, x.zeros) for x in losses] == [
        ("1", "Sở Tư pháp", Decimal("5.00"), 2, 1),
        ("2", "", Decimal("2.00"), 1, 1),
    ]
    assert lost_by_owner(losses) == [
        ("Sở Tư pháp", Decimal("5.00"), 1),
        ("", Decimal("2.00"), 1),
    ]
    zeros = find_zeros(framework, rows)
    assert [(x.agency, x.code) for x in zeros] == [(1, "2"), (2, "1")]


def test_losses_are_told_by_the_criterion_of_the_province_they_serve() -> None:
    text = OWNED.replace('code = "2"\n', 'code = "2"\nserves = "8"\n')
    served = read_framework(text)
    losses = lost_by_criterion(served, [row(1, c1=("3", "4"), c2=("0.5", "2"))])
    assert lost_by_served(served, losses) == [("8", Decimal("1.5"))]


def test_what_is_missing_or_does_not_apply_is_no_loss(framework: Framework) -> None:
    one = row(1, c1=("4.00", "4.00"))
    one["lines"] += [
        {
            "code": "2",
            "state": "missing",
            "points": None,
            "own": None,
            "maximum": "2",
            "lost": None,
        },
        {
            "code": "3",
            "state": "not_applicable",
            "points": None,
            "own": None,
            "maximum": "0",
            "lost": None,
        },
    ]
    assert lost_by_criterion(framework, [one]) == []
    assert find_zeros(framework, [one]) == []


@pytest.mark.parametrize(("now", "told"), [("3.20", True), ("3.21", False), ("4.00", False)])
def test_a_sharp_fall_is_a_fifth_of_the_maximum(framework: Framework, now: str, told: bool) -> None:
    falls = find_falls(framework, [row(1, c1=(now, "4.00"))], [row(1, c1=("4.00", "4.00"))])
    assert bool(falls) is told
    if told:
        assert (falls[0].before, falls[0].points) == (Decimal("4.00"), Decimal("3.20"))


def test_low_for_years_ends_at_the_first_good_round(framework: Framework) -> None:
    low, half = [row(1, c1=("1.99", "4.00"))], [row(1, c1=("2.00", "4.00"))]
    assert [x.years for x in find_low_years(framework, low, [low, low])] == [3]
    assert [x.years for x in find_low_years(framework, low, [low, half, low])] == [2]
    assert find_low_years(framework, low, [half, low]) == []
    assert find_low_years(framework, half, [low, low]) == []
    assert find_low_years(framework, low, [[]]) == []


@pytest.fixture
def published(cast: Cast) -> AgencyScoring:
    """The land department, closed and published, with 9 of 10 at the first line."""
    scoring = opened_scoring(cast, NOW, OWNED)
    by: dict[str, Any] = {"made_by": cast.head, "made_at": NOW, "stage": Stage.SELF}
    figures = {
        "1": {"part": "9", "whole": "10"},
        "2": {"number": "0"},
        "5": {"number": "1"},
    }
    for code, declared in figures.items():
        ScoreEntry.objects.create(scoring=scoring, criterion=code, declared=declared, **by)
    for code in ("3", "4"):
        ScoreEntry.objects.create(
            scoring=scoring,
            criterion=code,
            declared={"number": "100"},
            stage=Stage.COUNTED,
            made_at=NOW,
        )
    AgencyScoring.objects.update(stage=Stage.CLOSED)
    publish_round(
        scoring_round=scoring.scoring_round,
        decision="1/QĐ",
        decided_on=NOW.date(),
        minutes="x",
        now=NOW,
    )
    scoring.refresh_from_db()
    return scoring


def test_publication_keeps_the_points_and_where_they_come_from(published: AgencyScoring) -> None:
    edition = ScoreEdition.objects.get()
    (kept,) = edition_rows(edition)
    assert (edition.number, kept["total"], kept["maximum"]) == (1, "7.60", "10.00")
    assert edition.about["framework_sha256"] == published.scoring_round.framework.sha256
    assert edition.about["software"] == "0.1.0"
    # Whatever is written beside the services afterwards, the edition stays.
    ScoreEntry.objects.update(declared={"number": "0"})
    assert round_rows(published.scoring_round) == [kept]


def test_a_correction_is_the_next_edition_with_the_size_of_the_change(
    cast: Cast, published: AgencyScoring
) -> None:
    correction = Correction(published, "2", {"number": "2"}, "Văn bản bị bỏ sót")
    made = correct_scores(correction=correction, by=None, now=NOW + timedelta(days=3))
    assert (made.number, made.reason) == (2, "Văn bản bị bỏ sót")
    change = {"agency": cast.land.pk, "name": published.name, "before": "7.60", "after": "9.60"}
    assert made.changes == [change]
    first = ScoreEdition.objects.get(number=1)
    assert edition_rows(first)[0]["total"] == "7.60"
    assert round_rows(published.scoring_round)[0]["total"] == "9.60"


@pytest.mark.parametrize(
    ("criterion", "declared", "reason"),
    [
        ("2", {"number": "0"}, "Không đổi gì"),
        ("2", {"number": "hai"}, "Sai"),
        ("1", {}, "Trống"),
        ("1", {"part": "5"}, "Thiếu một nửa"),
        ("3", {"number": "99"}, "Hệ thống tự tính"),
        ("99", {"number": "1"}, "Không có"),
        ("2", {"number": "2"}, " "),
    ],
)
def test_what_cannot_be_corrected_leaves_no_trace(
    published: AgencyScoring, criterion: str, declared: dict[str, str], reason: str
) -> None:
    before = ScoreEntry.objects.count()
    with pytest.raises(ValidationError):
        correct_scores(
            correction=Correction(published, criterion, declared, reason), by=None, now=NOW
        )
    assert (ScoreEdition.objects.count(), ScoreEntry.objects.count()) == (1, before)


def test_a_round_under_way_is_not_corrected(cast: Cast) -> None:
    scoring = opened_scoring(cast, NOW, OWNED)
    correction = Correction(scoring, "2", {"number": "2"}, "Sớm quá")
    with pytest.raises(ValidationError, match="chưa được công bố"):
        correct_scores(correction=correction, by=None, now=NOW)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_edition_gives_the_same_bytes(published: AgencyScoring, kind: str) -> None:
    edition = ScoreEdition.objects.get()
    with override("en"):
        english = write_scores(edition, edition_rows(edition), kind)
    again = ScoreEdition.objects.get()
    with override("vi"):
        assert write_scores(again, edition_rows(again), kind) == english


def test_a_correction_of_others_is_told_to_nobody_else(
    cast: Cast, published: AgencyScoring
) -> None:
    other = AgencyScoring.objects.create(
        scoring_round=published.scoring_round,
        agency=cast.commune,
        name="Phường Mỹ Tho",
        kind="department",
        stage=Stage.CLOSED,
    )
    correction = Correction(other, "2", {"number": "2"}, "Lý do của phường")
    correct_scores(correction=correction, by=None, now=NOW)
    edition = ScoreEdition.objects.get(number=2)
    head = signed_in(cast.head)
    page = flat(head.get(reverse("console:scoring-round", args=[published.scoring_round_id])))
    file = head.get(reverse("console:score-edition", args=[edition.pk, "json"])).content.decode()
    for text in (page, file):
        assert "Phường Mỹ Tho" not in text
        assert "Lý do của phường" not in text
    assert "Lý do của phường" in flat(
        signed_in(cast.analyst).get(
            reverse("console:scoring-round", args=[published.scoring_round_id])
        )
    )


def test_the_list_of_a_published_round_shows_what_was_published(
    cast: Cast, published: AgencyScoring
) -> None:
    ScoreEntry.objects.filter(criterion="2").update(declared={"number": "2"})
    page = flat(
        signed_in(cast.analyst).get(
            reverse("console:scoring-round", args=[published.scoring_round_id])
        )
    )
    assert ">7,60<" in page
    assert ">9,60<" not in page


def test_files_hold_the_points(published: AgencyScoring) -> None:
    edition = ScoreEdition.objects.get()
    rows = edition_rows(edition)
    record = json.loads(write_scores(edition, rows, "json"))
    assert record["agencies"][0]["total"] == "7.60"
    text = write_scores(edition, rows, "csv").decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert lines[-1]["Điểm thẩm định"] == "7,60"
    book = openpyxl.load_workbook(io.BytesIO(write_scores(edition, rows, "xlsx")))
    assert book["Điểm"].cell(2, 8).value == 3.6
    assert not any(cell.data_type == "f" for line in book["Điểm"].iter_rows() for cell in line)


def test_pages_show_losses_and_a_correction_by_two(cast: Cast, published: AgencyScoring) -> None:
    losses = reverse("console:losses", args=[published.scoring_round_id])
    client = signed_in(cast.analyst)
    page = flat(client.get(losses))
    for words in ("Sở Tư pháp", "0,40", "2,00", "Chưa nêu cơ quan chủ trì"):
        assert words in page
    assert "Hồ sơ có thư xin lỗi" in flat(signed_in(cast.head).get(losses))
    correct = reverse("console:scorecard-correct", args=[published.pk, "2"])
    assert correct in flat(client.get(reverse("console:scorecard", args=[published.pk])))
    assert client.get(correct).status_code == 200
    assert client.post(correct, {"2:number": "x", "reason": "y"}).status_code == 422
    client.post(correct, {"2:number": "2", "reason": "Bỏ sót"})
    request = ApprovalRequest.objects.get()
    assert request.subject.endswith("number 0 → number 2")
    # Another line may be corrected meanwhile: this request still stands.
    line = Correction(published, "1", {"part": "10", "whole": "10"}, "Đếm sót")
    correct_scores(correction=line, by=None, now=timezone.now())
    assert ScoreEdition.objects.count() == 2
    approver = User.objects.create_user(username="approver", role=Role.APPROVER)
    decide = reverse("console:approval-decide", args=[request.pk])
    signed_in(approver).post(decide, {"decision": "approve"})
    assert ScoreEdition.objects.count() == 3
    assert ScoreEntry.objects.order_by("pk").last().made_by == cast.analyst  # type: ignore[union-attr]
    page = flat(client.get(reverse("console:scoring-round", args=[published.scoring_round_id])))
    assert "8,00 → 10,00" in page
    assert "Bỏ sót" in page


def test_files_hold_the_own_agency_only(cast: Cast, published: AgencyScoring) -> None:
    edition = ScoreEdition.objects.get()
    address = reverse("console:score-edition", args=[edition.pk, "json"])
    own = json.loads(signed_in(cast.head).get(address).content)
    assert [one["key"] for one in own["agencies"]] == [cast.land.key]
    other = User.objects.create_user(username="x", role=Role.AGENCY_HEAD, agency=cast.commune)
    assert signed_in(other).get(address).status_code == 404
    assert (
        signed_in(other)
        .get(reverse("console:losses", args=[published.scoring_round_id]))
        .status_code
        == 404
    )
    denied = reverse("console:scorecard-correct", args=[published.pk, "2"])
    assert signed_in(cast.head).get(denied).status_code == 403


def test_rounds_before_are_of_the_same_framework_and_length(published: AgencyScoring) -> None:
    now = timezone.now()
    own = published.scoring_round
    same = {"framework": own.framework, "opened_by": own.opened_by, "opened_at": now}
    same |= {name: now.date() for name in ("self_due", "appraisal_due", "answer_due", "second_due")}
    earlier = ScoringRound.objects.create(period="2025", published_at=now, **same)
    ScoringRound.objects.create(period="2024", **same)
    ScoringRound.objects.create(period="2025-H2", published_at=now, **same)
    ScoringRound.objects.create(period="2025-Q4", published_at=now, **same)
    assert rounds_before(own) == [earlier]
