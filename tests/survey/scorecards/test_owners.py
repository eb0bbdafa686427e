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
not_applicable = true
rule = { kind = "proportional" }

[[criterion]]
code = "2"
title = "Văn bản"
maximum = 4
input = "number"
owner = "Sở khác"
co_owners = ["Sở phối hợp"]
rule = { kind = "per_unit", each = 1 }
"""


@pytest.fixture
def scoring_round(cast: Cast) -> ScoringRound:
    now = timezone.now()
    row = save_framework(text=TEXT, by=cast.analyst, now=now)
    today = timezone.localdate(now)
    days = (date.fromordinal(today.toordinal() + ahead) for ahead in (5, 10, 15, 20))
    made = open_round(
        framework=publish_framework(framework=row, now=now),
        period=parse_period(str(today.year)),
        deadlines=Deadlines(*days),
        by=cast.analyst,
        now=now,
    )
    LineOwner.objects.create(scoring_round=made, name="Sở phối hợp", agency=cast.land)
    return made


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
    found = scoring_round.owners.exclude(name="Sở phối hợp")
    assert [(row.name, row.agency) for row in found] == [
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


def test_an_owner_says_that_a_line_does_not_apply(cast: Cast, commune: AgencyScoring) -> None:
    address = line_address(commune.scoring_round, "1.1")
    name = f'name="{commune.pk}:1.1:not_applicable"'
    assert name in flat(signed_in(cast.head).get(address))
    assert check(cast.head, commune, "1.1", not_applicable="yes", note="Không có dự án") == 302
    entry = ScoreEntry.objects.get(stage=Stage.APPRAISAL)
    assert entry.declared == {"not_applicable": "yes"}
    page = flat(signed_in(cast.head).get(address))
    assert "không áp dụng" in page.lower()


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
    lines = {"1.1": Line({"part": "83417", "whole": "97000"}, "Bí mật")}
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
    assert "83417" not in page
    assert "83.417" not in page
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
    assert [*LineOwner.objects.values_list("name", flat=True)] == ["Sở khác", "Sở phối hợp"]
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


def appraise_own(cast: Cast, scoring_round: ScoringRound) -> AgencyScoring:
    """The owner's own scorecard, and an appraisal of it that is not signed off."""
    row = scoring_round.scorings.get(agency=cast.land)
    now = timezone.now()
    lines = {"1.1": Line({"part": "8", "whole": "10"}), "2": Line({"number": "4"})}
    save_lines(scoring=row, stage="self", lines=lines, by=cast.head, now=now)
    row = hand_over(scoring=row, stage="self", by=cast.head, now=now)
    line = {"1.1": Line({"part": "3", "whole": "10"}, "Chưa đủ căn cứ")}
    save_lines(scoring=row, stage="appraisal", lines=line, by=cast.analyst, now=now)
    return row


def test_nobody_reads_the_running_appraisal_of_itself(
    cast: Cast, scoring_round: ScoringRound
) -> None:
    appraise_own(cast, scoring_round)
    client = signed_in(cast.head)
    page = flat(client.get(line_address(scoring_round, "1.1")))
    assert "Chưa đủ căn cứ" not in page
    assert "4,80" in page, "eight of ten, as declared"
    listed = flat(client.get(reverse("console:owned", args=[scoring_round.pk])))
    assert "1,20" in listed
    assert "4,20" not in listed


def test_co_owners_read_signed_appraisals_alone(cast: Cast, commune: AgencyScoring) -> None:
    now = timezone.now()
    line = {"2": Line({"number": "1"}, "Trùng lặp")}
    save_lines(scoring=commune, stage="appraisal", lines=line, by=cast.analyst, now=now)
    address = line_address(commune.scoring_round, "2")
    assert "Trùng lặp" not in flat(signed_in(cast.head).get(address))
    full = {"1.1": Line({"part": "8", "whole": "10"}, "Đúng")}
    save_lines(scoring=commune, stage="appraisal", lines=full, by=cast.analyst, now=now)
    hand_over(scoring=commune, stage="appraisal", by=cast.analyst, now=now)
    assert "Trùng lặp" in flat(signed_in(cast.head).get(address))


def test_after_somebody_else_saved_the_page_shows_what_stands_and_no_tick(
    cast: Cast, commune: AgencyScoring
) -> None:
    pk, address = commune.pk, line_address(commune.scoring_round, "1.1")
    seen = commune.entries.order_by("pk").last()
    assert seen is not None
    line = {"1.1": Line({"part": "5", "whole": "10"}, "Kiểm tra hồ sơ")}
    save_lines(scoring=commune, stage="appraisal", lines=line, by=cast.analyst, now=timezone.now())
    sent = {
        f"{pk}:stage": "appraisal",
        f"{pk}:seen": str(seen.pk),
        f"{pk}:checked": "yes",
        f"{pk}:1.1:part": "9",
        f"{pk}:1.1:whole": "10",
        f"{pk}:1.1:note": "Của tôi",
    }
    answer = signed_in(cast.head).post(address, sent)
    page = flat(answer)
    assert answer.status_code == 422
    assert "Người khác đã lưu" in page
    assert f'name="{pk}:1.1:part" id="{pk}:1.1:part" value="5"' in page
    assert f'name="{pk}:checked" value="yes" >' in page


def test_a_line_explained_before_is_confirmed_without_another_word(
    cast: Cast, commune: AgencyScoring
) -> None:
    assert check(cast.head, commune, "1.1", part="7", whole="10", note="Sai một việc") == 302
    now = timezone.now()
    hand_over(scoring=commune, stage="appraisal", by=cast.analyst, now=now)
    commune.refresh_from_db()
    hand_over(scoring=commune, stage="answer", by=cast.analyst, now=now)
    commune.refresh_from_db()
    assert check(cast.head, commune, "1.1", part="7", whole="10") == 302
    assert check(cast.head, commune, "1.1", part="6", whole="10") == 422


def test_an_answer_is_never_confirmed_without_a_word(cast: Cast, commune: AgencyScoring) -> None:
    assert check(cast.head, commune, "1.1", part="7", whole="10", note="Sai một việc") == 302
    now = timezone.now()
    hand_over(scoring=commune, stage="appraisal", by=cast.analyst, now=now)
    line = {"1.1": Line({"part": "10", "whole": "10"}, "Đã bổ sung")}
    save_lines(scoring=commune, stage="answer", lines=line, by=cast.analyst, now=now)
    commune.refresh_from_db()
    hand_over(scoring=commune, stage="answer", by=cast.analyst, now=now)
    commune.refresh_from_db()
    assert check(cast.head, commune, "1.1", part="10", whole="10") == 422
    assert check(cast.head, commune, "1.1", part="10", whole="10", note="Đồng ý") == 302


def test_an_owner_of_another_kind_stays_offered(cast: Cast, commune: AgencyScoring) -> None:
    row = commune.scoring_round
    LineOwner.objects.create(scoring_round=row, name="Sở khác", agency=cast.commune)
    address = reverse("console:line-owners", args=[row.pk])
    client = signed_in(cast.analyst)
    page = flat(client.get(address))
    assert f'<option value="{cast.commune.pk}" selected>' in page
    sent = {"owner0": str(cast.land.pk), "owner1": str(cast.commune.pk)}
    assert client.post(address, sent).status_code == 302
    assert row.owners.count() == 3
    client.post(address, {"owner0": str(cast.land.pk)})
    assert row.owners.count() == 3, "what was not sent stays"


def test_today_asks_owners_and_no_co_owner(cast: Cast, scoring_round: ScoringRound) -> None:
    words = "thẩm định các tiêu chí được giao chủ trì"
    today = reverse("console:today")
    assert words in flat(signed_in(cast.head).get(today))
    LineOwner.objects.exclude(name="Sở phối hợp").delete()
    assert words not in flat(signed_in(cast.head).get(today))
