"""The leaders' page: nine things, of the province or of the own agency alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import Role, User
from survey.scorecards.rounds.declaring import Line, save_lines
from survey.scorecards.rounds.models import Evidence
from survey.scorecards.rounds.progress import read_progress
from survey.transactions.services import import_totals
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.followup.builders import opened
from tests.survey.scorecards.builders import FRAMEWORK, fill, opened_scoring, snapshot
from tests.survey.transactions.builders import csv_file

OVERVIEW = reverse("console:overview")
NINE = (
    "1. Tiến độ công việc",
    "2. Quá hạn",
    "3. Kết quả",
    "4. Vị trí so sánh",
    "5. Tài liệu kiểm chứng",
    "6. Tiêu chí đã hoàn thành",
    "7. So sánh giữa các năm",
    "8. Xu hướng",
    "9. Cảnh báo rủi ro",
)


def show(user: User) -> str:
    return flat(signed_in(user).get(OVERVIEW)).split("<main")[1]


def test_nine_things_in_their_order_even_when_nothing_is_known(cast: Cast) -> None:
    page = show(cast.analyst)
    places = [page.index(title) for title in NINE]
    assert places == sorted(places)
    assert "Chưa có kỳ số liệu nào được công bố." in page


def test_it_shows_released_figures_of_the_scope(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=50, bad=10)
    totals = csv_file(
        "2026-07,H20.01,land,counter,600,570", "2026-07,28261,civil-status,counter,8,2"
    )
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    edition = release(snapshot(tmp_path))
    index = f"{edition.results.get(agency=cast.land).rows[0]['weighted_index']}".replace(".", ",")
    whole = show(cast.analyst)
    assert index in whole
    assert "94,08" in whole, "572 of 608 dossiers"
    own = show(cast.head)
    assert "95,00" in own, "570 of 600: the commune's are not among them"
    assert "quý III năm 2026" in own
    edition.withdrawn_at = timezone.now()
    edition.save()
    assert index not in show(cast.analyst)


def test_work_is_counted_and_others_work_is_not_shown(cast: Cast) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    opened(cast, "task", due_on=yesterday)
    opened(cast, "task", agency=cast.commune, due_on=yesterday)
    whole = show(cast.analyst)
    assert "đã hoàn thành: 0/2" in whole
    assert "UBND phường Mỹ Tho: 1" in whole
    own = show(cast.head)
    assert "đã hoàn thành: 0/1" in own
    assert "UBND phường Mỹ Tho" not in own


def test_lines_and_evidence_of_running_rounds(cast: Cast) -> None:
    text = FRAMEWORK.replace('input = "number"', 'input = "number"\nevidence = "Văn bản"')
    scoring = opened_scoring(cast, timezone.now(), text)
    rows = type(scoring).objects.all()
    (before,) = read_progress(rows)
    assert (before.filled, before.lines, before.unbegun) == (0, 2, (scoring.name,))
    now = timezone.now()
    lines = {"2": Line({"number": "2"}, "Hai văn bản")}
    save_lines(scoring=scoring, stage="self", lines=lines, by=cast.head, now=now)
    (after,) = read_progress(rows)
    assert (after.filled, after.demanded, after.proven, after.unbegun) == (1, 1, 0, ())
    for number in range(2):
        Evidence.objects.create(
            scoring=scoring,
            criterion="2",
            stage="self",
            name=f"{number}.pdf",
            suffix="pdf",
            size=1,
            sha256=f"{number}" * 64,
            made_by=cast.head,
            made_at=now,
        )
    (proven,) = read_progress(rows)
    assert proven.proven == 1, "two files of one line prove one line"
    page = show(cast.analyst)
    assert "<strong>50,00 %</strong> tiêu chí tự chấm đã có số liệu (1/2)" in page
    assert "<strong>100,00 %</strong> tiêu chí yêu cầu" in page


@pytest.mark.parametrize("role", [Role.HOTLINE, Role.OFFICE_MANAGER, Role.AUTHOR])
def test_it_is_not_for_everybody(cast: Cast, role: str) -> None:
    user = User.objects.create_user(username="x", password=None, role=role, agency=cast.land)
    assert signed_in(user).get(OVERVIEW).status_code == 403
