"""Tables by schedules, of what their owner may see at that time; links that hand one out once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import AuditEvent, Role, User
from survey.reports.models import ExportLink, ExportSchedule, KeptExport
from survey.reports.table_exports import (
    KEPT_FOR,
    LINK_TTL,
    export_path,
    find_link,
    forget_exports,
    make_link,
    make_scheduled_exports,
    use_link,
)
from survey.scorecards.models import Edition
from survey.transactions.services import import_totals
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file

SCHEDULE = reverse("console:export-schedule")
PAGE = reverse("console:exports")


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def edition(cast: Cast, tmp_path: Path) -> Edition:
    fill(cast, good=50, bad=10)
    totals = csv_file("2026-07,H20.01,land,counter,600,500", "2026-07,28261,land,counter,40,40")
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    return release(snapshot(tmp_path))


def plan(owner: User, kind: str = "csv") -> ExportSchedule:
    return ExportSchedule.objects.create(
        owner=owner,
        interval="quarter",
        kind=kind,
        made_at=timezone.now() - timedelta(days=900),
    )


@pytest.fixture
def kept(cast: Cast, edition: Edition) -> KeptExport:
    plan(cast.analyst)
    make_scheduled_exports(timezone.now())
    return KeptExport.objects.get()


def test_a_schedule_by_a_page_makes_each_table_once(cast: Cast, edition: Edition) -> None:
    client = signed_in(cast.analyst)
    told = client.post(SCHEDULE, {"interval": "quarter", "kind": "csv"}, follow=True)
    assert "Bảng sẽ được lập sau mỗi lần công bố" in flat(told)
    client.post(SCHEDULE, {"interval": "quarter", "kind": "csv"})
    assert ExportSchedule.objects.count() == 1
    assert make_scheduled_exports(timezone.now()) == 0, "released before it was asked for"
    ExportSchedule.objects.update(made_at=timezone.now() - timedelta(days=900))
    assert make_scheduled_exports(timezone.now()) == 1
    assert make_scheduled_exports(timezone.now()) == 0
    row = KeptExport.objects.get()
    file = client.get(reverse("console:kept-export", args=[row.pk]))
    download = client.get(
        reverse("console:download", args=["csv"]), {"edition": edition.pk}
    ).content
    assert file.content == download, "the same as by hand"


@pytest.mark.parametrize("sent", [{}, {"interval": "day", "kind": "csv"}, {"kind": "exe"}])
def test_what_is_not_on_the_list_is_not_scheduled(cast: Cast, sent: dict[str, str]) -> None:
    client = signed_in(cast.analyst)
    assert "trong danh sách" in flat(client.post(SCHEDULE, sent, follow=True))
    assert not ExportSchedule.objects.exists()


def test_everybody_gets_what_they_may_see_at_that_time(cast: Cast, edition: Edition) -> None:
    plan(cast.head)
    plan(cast.analyst)
    gone = User.objects.create_user(username="gone", role=Role.ANALYST, is_active=False)
    plan(gone)
    assert make_scheduled_exports(timezone.now()) == 2
    own = KeptExport.objects.get(owner=cast.head)
    assert own.scope == cast.land
    text = export_path(own).read_text(encoding="utf-8-sig")
    assert "Sở Nông nghiệp và Môi trường" in text
    assert "Mỹ Tho" not in text
    assert "Mỹ Tho" in export_path(KeptExport.objects.get(owner=cast.analyst)).read_text(
        "utf-8-sig"
    )


def test_nobody_has_the_table_of_another_and_nobody_who_moved(cast: Cast, edition: Edition) -> None:
    plan(cast.head)
    make_scheduled_exports(timezone.now())
    row = KeptExport.objects.get()
    address = reverse("console:kept-export", args=[row.pk])
    assert signed_in(cast.analyst).get(address).status_code == 404
    assert signed_in(cast.head).get(address).status_code == 200
    User.objects.filter(pk=cast.head.pk).update(agency=cast.commune)
    cast.head.refresh_from_db()
    assert signed_in(cast.head).get(address).status_code == 404


def test_what_was_withdrawn_is_no_longer_handed_out(cast: Cast, kept: KeptExport) -> None:
    code = make_link(export=kept, now=timezone.now())
    Edition.objects.update(withdrawn_at=timezone.now())
    address = reverse("console:kept-export", args=[kept.pk])
    assert signed_in(cast.analyst).get(address).status_code == 404
    assert find_link(code, timezone.now()) is None


def test_a_link_hands_the_table_out_once_without_an_account(cast: Cast, kept: KeptExport) -> None:
    client = signed_in(cast.analyst)
    told = flat(client.post(reverse("console:export-link", args=[kept.pk]), follow=True))
    path = "/tables/" + told.partition("/tables/")[2].split("<")[0]
    stranger = Client()
    for _look in range(3):
        assert stranger.get(path).status_code == 200
    assert ExportLink.objects.get().used_at is None, "looking changes nothing"
    assert stranger.post(path).content == export_path(kept).read_bytes()
    assert stranger.post(path).status_code == 404
    assert path.rpartition("/")[2].strip() not in flat(client.get(PAGE)), "shown once"
    assert AuditEvent.objects.filter(action="export-by-link").count() == 1


@pytest.mark.parametrize("code", ["x", "0" * 24, "A" * 300, "%00"])
def test_a_link_nobody_made_is_not_found(db: None, code: str) -> None:
    assert Client().get(f"/tables/{code}").status_code == 404


def test_links_end_after_a_week_and_with_their_maker(cast: Cast, kept: KeptExport) -> None:
    now = timezone.now()
    code = make_link(export=kept, now=now)
    assert find_link(code, now + LINK_TTL - timedelta(minutes=1)) is not None
    assert find_link(code, now + LINK_TTL) is None
    User.objects.update(is_active=False)
    assert find_link(code, now) is None


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.APPROVER])
def test_who_lost_the_role_hands_nothing_out(cast: Cast, kept: KeptExport, role: Role) -> None:
    code = make_link(export=kept, now=timezone.now())
    User.objects.filter(pk=cast.analyst.pk).update(role=role)
    assert find_link(code, timezone.now()) is None
    cast.analyst.refresh_from_db()
    address = reverse("console:kept-export", args=[kept.pk])
    assert signed_in(cast.analyst).get(address).status_code == 403


def test_figures_that_were_corrected_are_made_anew_and_the_old_ones_kept_back(
    cast: Cast, kept: KeptExport, tmp_path: Path
) -> None:
    code = make_link(export=kept, now=timezone.now())
    fill(cast, good=90, bad=0, channel="online")
    release(snapshot(tmp_path, "b"))
    assert find_link(code, timezone.now()) is None, "they no longer stand"
    assert make_scheduled_exports(timezone.now()) == 1
    assert KeptExport.objects.count() == 2


def test_every_period_released_meanwhile_is_made(cast: Cast, edition: Edition) -> None:
    old = Edition.objects.get(pk=edition.pk)
    old.pk, old.period, old.public_number = None, "2026-Q2", 1
    old.save()
    plan(cast.analyst)
    assert make_scheduled_exports(timezone.now()) == 2


def test_a_file_that_is_another_or_gone_is_handed_to_nobody(cast: Cast, kept: KeptExport) -> None:
    client, address = signed_in(cast.analyst), reverse("console:kept-export", args=[kept.pk])
    code = make_link(export=kept, now=timezone.now())
    for change in (lambda: export_path(kept).write_text("x"), export_path(kept).unlink):
        change()
        assert client.get(address).status_code == 404
        assert find_link(code, timezone.now()) is None
        assert "Tạo đường dẫn một lần" not in flat(client.get(PAGE))


def test_two_at_once_get_it_once(kept: KeptExport) -> None:
    link = find_link(make_link(export=kept, now=timezone.now()), timezone.now())
    assert link is not None
    assert use_link(link=link, now=timezone.now())
    with pytest.raises(Exception, match="đã được dùng"):
        use_link(link=link, now=timezone.now())


def test_tables_are_forgotten_with_their_links(kept: KeptExport) -> None:
    make_link(export=kept, now=timezone.now())
    path = export_path(kept)
    assert path.stat().st_mode & 0o777 == 0o600
    assert forget_exports(timezone.now()) == 0
    assert forget_exports(timezone.now() + KEPT_FOR + timedelta(days=1)) == 1
    assert not path.exists()
    path.parent.joinpath("99").write_text("of a row that is gone")
    path.parent.joinpath("folder").mkdir()
    forget_exports(timezone.now())
    assert [one.name for one in path.parent.iterdir()] == ["folder"], "one fault keeps no other"
    assert not ExportLink.objects.exists()


def test_a_schedule_is_ended_by_its_owner_alone(cast: Cast) -> None:
    row = plan(cast.head)
    address = reverse("console:export-schedule-end", args=[row.pk])
    assert signed_in(cast.analyst).post(address).status_code == 404
    signed_in(cast.head).post(address)
    assert not ExportSchedule.objects.exists()
