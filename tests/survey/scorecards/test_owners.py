"""Owners of criteria appraise their lines of every agency but their own; co-owners read along."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import Role, User
from survey.common.periods import parse_period
from survey.scorecards.frameworks.services import publish_framework, save_framework
from survey.scorecards.rounds.declaring import Line, hand_over, save_lines
from survey.scorecards.rounds.models import (
    AgencyScoring,
    Evidence,
    LineOwner,
    ScoreEntry,
    ScoringRound,
    Stage,
)
from survey.scorecards.rounds.services import Deadlines, open_round
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat

TEXT = """
id = "so-va-xa"
version = 1
source = "1/QĐ-UBND"
applies_to = ["department", "commune"]
valid_from = 2026-01-01
total = 10

[title]
vi = "Bộ tiêu chí thử"

[[criterion]]
code = "1"
title = "Tài chính công"
maximum = 6
owner = "Sở Nông nghiệp và Môi trường"

[[criterion]]
code = "1.1"
title = "Giải ngân"
maximum = 6
parent = "1"
input = "ratio"
rule = { kind = "proportional" }

[[criterion]]
code = "2"
title = "Văn bản"
maximum = 4
input = "number"
owner = "Sở khác"
co_owners = ["Sở Nông nghiệp và Môi trường"]
rule = { kind = "per_unit", each = 1 }
"""


@pytest.fixture
def scoring_round(cast: Cast) -> ScoringRound:
    now = timezone.now()
    row = save_framework(text=TEXT, by=cast.analyst, now=now)
    today = timezone.localdate(now)
    days = (date.fromordinal(today.toordinal() + ahead) for ahead in (5, 10, 15, 20))
    return open_round(
        framework=publish_framework(framework=row, now=now),
        period=parse_period(str(today.year)),
        deadlines=Deadlines(*days),
        by=cast.analyst,
        now=now,
    )


@pytest.fixture
def commune(cast: Cast, scoring_round: ScoringRound) -> AgencyScoring:
    """The commune's scorecard, signed off by itself with 8 of 10 and three documents."""
    row = scoring_round.scorings.get(agency=cast.commune)
    lines = {"1.1": Line({"part": "8", "whole": "10"}), "2": Line({"number": "4"})}
    now = timezone.now()
    save_lines(scoring=row, stage="self", lines=lines, by=cast.analyst, now=now)
    return hand_over(scoring=row, stage="self", by=cast.analyst, now=now)


def line_address(row: ScoringRound, code: str) -> str:
    return reverse("console:owned-line", args=[row.pk, code])


def check(user: User, commune: AgencyScoring, code: str, **figures: str) -> int:
    pk = commune.pk
    newest = commune.entries.order_by("pk").last()
    sent = {
        f"{pk}:stage": commune.stage,
        f"{pk}:seen": str(newest.pk if newest else 0),
        f"{pk}:checked": "yes",
        f"{pk}:{code}:note": figures.pop("note", ""),
        **{f"{pk}:{code}:{name}": value for name, value in figures.items()},
    }
    address = line_address(commune.scoring_round, code)
    return int(signed_in(user).post(address, sent).status_code)


def test_owners_are_found_by_name_when_a_round_is_opened(
    cast: Cast, scoring_round: ScoringRound
) -> None:
    assert [(row.name, row.agency) for row in scoring_round.owners.all()] == [
        ("Sở Nông nghiệp và Môi trường", cast.land)
    ]


def test_an_owner_corrects_the_figure_of_another_agency_with_a_reason(
    cast: Cast, commune: AgencyScoring
) -> None:
    assert check(cast.head, commune, "1.1", part="7", whole="10") == 422, "7 of 10 needs a reason"
    assert not ScoreEntry.objects.filter(stage=Stage.APPRAISAL).exists()
    assert check(cast.head, commune, "1.1", part="7", whole="10", note="Sai một việc") == 302
    entry = ScoreEntry.objects.get(stage=Stage.APPRAISAL)
    assert (entry.criterion, entry.made_by) == ("1.1", cast.head)
    assert entry.declared == {"part": "7", "whole": "10"}
    page = flat(signed_in(cast.head).get(line_address(commune.scoring_round, "1.1")))
    assert "4,20" in page
    assert "UBND phường Mỹ Tho" in page


def test_a_figure_that_stays_is_kept_as_checked_and_needs_no_reason(
    cast: Cast, commune: AgencyScoring
) -> None:
    ScoreEntry.objects.filter(criterion="1.1").update(declared={"part": "10", "whole": "10"})
    assert check(cast.head, commune, "1.1", part="10", whole="10") == 302
    assert ScoreEntry.objects.get(stage=Stage.APPRAISAL).note == ""
    commune.refresh_from_db()
    passed = hand_over(scoring=commune, stage="appraisal", by=cast.analyst, now=timezone.now())
    assert passed.stage == Stage.ANSWER
    page = flat(
        signed_in(cast.analyst).get(reverse("console:line-owners", args=[commune.scoring_round_id]))
    )
    assert "Sở Nông nghiệp và Môi trường" in page


def test_a_co_owner_reads_and_does_not_write(cast: Cast, commune: AgencyScoring) -> None:
    page = flat(signed_in(cast.head).get(line_address(commune.scoring_round, "2")))
    assert "UBND phường Mỹ Tho" in page
    assert "<textarea" not in page
    assert check(cast.head, commune, "2", number="1", note="x") == 422
    assert not ScoreEntry.objects.filter(stage=Stage.APPRAISAL).exists()


def test_nobody_appraises_itself(cast: Cast, scoring_round: ScoringRound) -> None:
    own = scoring_round.scorings.get(agency=cast.land)
    own.stage = Stage.APPRAISAL
    own.save()
    assert check(cast.head, own, "1.1", part="1", whole="1", note="x") == 422
    assert not ScoreEntry.objects.exists()


def test_what_is_not_signed_off_is_not_shown(cast: Cast, scoring_round: ScoringRound) -> None:
    row = scoring_round.scorings.get(agency=cast.commune)
    lines = {"1.1": Line({"part": "83", "whole": "97"}, "Bí mật")}
    save_lines(scoring=row, stage="self", lines=lines, by=cast.analyst, now=timezone.now())
    file = Evidence.objects.create(
        scoring=row,
        criterion="1.1",
        stage="self",
        name="a.pdf",
        suffix="pdf",
        size=1,
        sha256="0" * 64,
        made_by=cast.analyst,
        made_at=timezone.now(),
    )
    client = signed_in(cast.head)
    page = flat(client.get(line_address(scoring_round, "1.1")))
    assert "83" not in page
    assert "Bí mật" not in page
    assert client.get(reverse("console:evidence", args=[file.pk])).status_code == 404


def test_an_owner_saves_the_evidence_of_its_lines_alone(
    cast: Cast, commune: AgencyScoring, settings: object, tmp_path: object
) -> None:
    from survey.scorecards.rounds.evidence import locate_evidence

    found = {}
    for number, code in enumerate(("1.1", "3")):
        row = Evidence.objects.create(
            scoring=commune,
            criterion=code,
            stage="self",
            name="a.pdf",
            suffix="pdf",
            size=4,
            sha256=f"{number}" * 64,
            made_by=cast.analyst,
            made_at=timezone.now(),
        )
        path = locate_evidence(row.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF")
        found[code] = reverse("console:evidence", args=[row.pk])
    client = signed_in(cast.head)
    assert client.get(found["1.1"]).status_code == 200
    assert client.get(found["3"]).status_code == 404


def test_others_have_no_such_lines(cast: Cast, commune: AgencyScoring) -> None:
    stranger = User.objects.create_user(
        username="other", password=None, role=Role.AGENCY_HEAD, agency=cast.commune
    )
    row = commune.scoring_round
    for address in (line_address(row, "1.1"), reverse("console:owned", args=[row.pk])):
        assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(cast.head).get(line_address(row, "9")).status_code == 404


def test_the_province_says_which_agency_is_meant(cast: Cast, commune: AgencyScoring) -> None:
    row = commune.scoring_round
    address = reverse("console:line-owners", args=[row.pk])
    client = signed_in(cast.analyst)
    assert "chưa chọn cơ quan" in flat(client.get(address))
    assert client.post(address, {"owner0": "x"}).status_code == 422
    assert client.post(address, {"owner0": "", "owner1": str(cast.land.pk)}).status_code == 302
    assert [*LineOwner.objects.values_list("name", "agency")] == [("Sở khác", cast.land.pk)]
    assert signed_in(cast.head).get(line_address(row, "2")).status_code == 200


def test_a_line_somebody_else_saved_is_not_written_over(cast: Cast, commune: AgencyScoring) -> None:
    stale = commune.entries.order_by("pk").last()
    assert stale is not None
    now = timezone.now()
    line = {"1.1": Line({"part": "5", "whole": "10"}, "Kiểm tra hồ sơ")}
    save_lines(scoring=commune, stage="appraisal", lines=line, by=cast.analyst, now=now)
    with pytest.raises(ValidationError, match="Người khác"):
        save_lines(
            scoring=commune,
            stage="appraisal",
            lines={"1.1": Line({"part": "6", "whole": "10"}, "x")},
            by=cast.head,
            now=now,
            seen=stale.pk,
            confirmed=True,
        )
