"""Staff pages: who may see what, and what it looks like in words."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from survey.access.models import CodeStatus
from survey.accounts.models import User
from survey.scorecards.models import AgencyResult, Edition
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import NOW, PASSWORD, Cast
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file


@pytest.fixture
def edition(cast: Cast, tmp_path: Path) -> Edition:
    fill(cast, good=50, bad=10)
    from survey.transactions.services import import_totals

    content = csv_file(
        "2026-07,H20.01,land,counter,600,500", "2026-07,28261,civil-status,counter,40,40"
    )
    import_totals(content=content, file_name="t.csv", by=None, now=NOW)
    return release(snapshot(tmp_path))


def test_signing_in_and_out(cast: Cast) -> None:
    client = Client()
    assert client.get("/staff/").headers["Location"].startswith("/staff/sign-in")
    bad = client.post("/staff/sign-in", {"username": "head", "password": "wrong"})
    unknown = client.post("/staff/sign-in", {"username": "nobody", "password": "wrong"})
    assert "chưa đúng" in bad.content.decode()
    assert [part in unknown.content.decode() for part in ("chưa đúng", "Đăng nhập")] == [True, True]
    good = client.post("/staff/sign-in", {"username": "head", "password": PASSWORD})
    assert good.headers["Location"] == "/staff/today"
    assert client.post("/staff/sign-out").status_code == 302
    assert client.get("/staff/").status_code == 302


def test_the_page_shows_the_index_with_its_interval(cast: Cast, edition: Edition) -> None:
    page = signed_in(cast.analyst).get("/staff/").content.decode()
    assert "83,33" in page
    assert "giữa" in page
    assert "quý III năm 2026" in page
    assert "Chưa có phiếu" in page
    assert "UBND phường Mỹ Tho" in page


def test_an_agency_head_sees_the_own_agency_only(cast: Cast, edition: Edition) -> None:
    client = signed_in(cast.head)
    page = client.get("/staff/").content.decode()
    assert "Sở Nông nghiệp và Môi trường" in page
    assert "UBND phường Mỹ Tho" not in page
    own = AgencyResult.objects.get(agency=cast.land)
    other = AgencyResult.objects.get(agency=cast.commune)
    whole = AgencyResult.objects.get(agency=None)
    assert client.get(f"/staff/agency/{own.pk}").status_code == 200
    for result in (other, whole):
        assert client.get(f"/staff/agency/{result.pk}").status_code == 404
    assert client.get("/staff/agency/999999").status_code == 404


def test_downloads_hold_the_scope_and_the_digits(cast: Cast, edition: Edition) -> None:
    for user, agencies in ((cast.head, {"*", "h20.01"}), (cast.analyst, {"*", "h20.01", "28261"})):
        client = signed_in(user)
        rows = json.loads(client.get("/staff/download/index.json").content)["rows"]
        assert {row["agency"] for row in rows} == agencies
        book = openpyxl.load_workbook(io.BytesIO(client.get("/staff/download/index.xlsx").content))
        assert book.sheetnames == ["Chỉ số", "data", "Phương pháp"]
        csv = client.get("/staff/download/index.csv")
        assert csv.content.startswith(b"\xef\xbb\xbf")
        assert ";83,33;" in csv.content.decode()
        assert "attachment" in csv.headers["Content-Disposition"]
        assert csv.headers["Cache-Control"] == "private, no-store"
    assert client.get("/staff/download/index.exe").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["?edition=0", "?edition=x", "?edition=99999999999999", "?sort=zzz", "?kind=%00", "?lang=xx"],
)
def test_odd_addresses_never_break_a_page(cast: Cast, edition: Edition, query: str) -> None:
    assert signed_in(cast.analyst).get(f"/staff/{query}").status_code in (200, 404)


def test_codes_and_posters_stay_in_scope(cast: Cast) -> None:
    client = signed_in(cast.head)
    page = client.get("/staff/codes").content.decode()
    assert cast.code.code in page
    assert cast.commune_code.code not in page
    assert "/reissue" not in page
    for kind, magic in (("-A5.pdf", b"%PDF"), (".png", b"\x89PNG"), (".svg", b"<?xml")):
        own = client.get(f"/staff/codes/{cast.code.pk}{kind}")
        assert own.content.startswith(magic)
        assert client.get(f"/staff/codes/{cast.commune_code.pk}{kind}").status_code == 404
    assert client.get(f"/staff/offices/{cast.land_counter.office_id}-A4.pdf").status_code == 200
    assert client.get(f"/staff/offices/{cast.commune_counter.office_id}-A4.pdf").status_code == 404
    assert client.post(f"/staff/codes/{cast.code.pk}/revoke").status_code == 403


def test_an_operator_reissues_and_withdraws(cast: Cast) -> None:
    client = signed_in(cast.operator)
    assert client.get(f"/staff/codes/{cast.code.pk}/revoke").status_code == 405
    client.post(f"/staff/codes/{cast.code.pk}/reissue")
    cast.code.refresh_from_db()
    assert cast.code.status == CodeStatus.RETIRED
    client.post(f"/staff/codes/{cast.commune_code.pk}/revoke")
    cast.commune_code.refresh_from_db()
    assert cast.commune_code.status == CodeStatus.REVOKED
    assert "Cấp mã" in client.get("/staff/codes").content.decode()
    assert (
        signed_in(cast.head).post(f"/staff/counters/{cast.commune_counter.pk}/issue").status_code
        == 403
    )
    client.post(f"/staff/counters/{cast.commune_counter.pk}/issue")
    assert cast.commune_counter.codes.filter(status=CodeStatus.ACTIVE).get().issue == 2
    assert client.post(f"/staff/counters/{cast.land_counter.pk}/issue").status_code == 404


WHAT = {"set-up-load": "library", "message-setting-delete": "rule"}
WHAT |= dict.fromkeys(("message-setting", "message-setting-new"), "sender")
OPEN_TO_ALL = {"account_login", "mfa_authenticate", "mfa_login_webauthn", "sign-out", "invitation"}
OPEN_TO_ALL |= {"sso_login", "openid_connect_callback"}
ACTIONS = {"sender": "pause", "messages-decide": "again", "person-close": "close"}
ACTIONS |= {"version-change": "copy", "version-ask": "publish", "edition-ask": "release"}
ACTIONS |= {"import-decide": "take", "case-act": "note", "question-act": "up"}
KINDS_OF = {
    "privacy-document": "pdf",
    "follow-up-new": "task",
    "score-edition": "json",
    "report-file": "pdf",
}
ACTIONS |= {"framework-act": "publish", "scoring-act": "deadlines", "framework-line-act": "up"}


def test_no_page_without_sign_in_and_no_page_unlisted(cast: Cast) -> None:
    """Every staff address is closed to strangers; a new one that is not is found here."""
    client = Client()
    resolvers: list[Any] = [
        item for item in get_resolver().url_patterns if str(item.pattern) == "staff/"
    ]
    arguments = {"pk": "1", "kind": "png", "paper": "A4", "action": "revoke", "name": "index"}
    arguments |= {"code": "ABCD1234", "what": "screen", "token": "x" * 20, "sha256": "0" * 64}
    for resolver, pattern in [(r, pattern) for r in resolvers for pattern in r.url_patterns]:
        if pattern.name in OPEN_TO_ALL:
            continue
        wanted = pattern.pattern.converters or pattern.pattern.regex.groupindex
        kind = {"kind": "totals", "form": "xlsx"} if "import" in str(pattern.name) else {}
        kind |= {"kind": KINDS_OF[pattern.name]} if pattern.name in KINDS_OF else {}
        kind |= {"name": "impact"} if pattern.name == "privacy-document" else {}
        kind |= {"what": WHAT.get(str(pattern.name), "screen")}
        kind |= {"action": ACTIONS.get(str(pattern.name), "revoke")}
        name = f"{resolver.app_name}:{pattern.name}" if resolver.app_name else pattern.name
        path = reverse(name, kwargs={k: {**arguments, **kind}[k] for k in wanted})
        for method in (client.get, client.post):
            response = method(path)
            assert response.status_code in (302, 405), path
            if response.status_code == 302:
                assert response.headers["Location"].startswith("/staff/sign-in"), path


def test_the_admin_is_for_staff_accounts_and_shows_no_answers(cast: Cast, edition: Edition) -> None:
    client = signed_in(cast.operator)
    for path in (
        "",
        "survey/agency/",
        "survey/user/",
        "survey/version/",
        "survey/monthlytotal/",
        "survey/edition/",
    ):
        assert client.get(f"/admin/{path}").status_code == 200
    assert client.get(f"/admin/survey/agency/{cast.land.pk}/change/").status_code == 200
    assert client.get("/admin/survey/response/").status_code == 404
    assert client.get("/admin/survey/comment/").status_code == 404
    assert signed_in(cast.head).get("/admin/").status_code == 302
    User.objects.filter(pk=cast.operator.pk).update(is_superuser=False)
    assert client.get("/admin/").status_code == 302, "who is demoted is out at the next request"
    client = signed_in(User.objects.get(pk=cast.operator.pk))
    assert client.get("/admin/survey/office/").status_code == 200
    assert client.get("/admin/survey/user/").status_code == 403
    User.objects.filter(pk=cast.head.pk).update(is_staff=True)
    assert signed_in(cast.head).get("/admin/survey/office/").status_code in (302, 403)
    policy = client.get("/admin/").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in client.get("/staff/").headers["Content-Security-Policy"]


def test_without_figures_the_page_says_so(cast: Cast) -> None:
    assert "Chưa có số liệu" in signed_in(cast.analyst).get("/staff/").content.decode()


def test_operators_pause_senders_and_everybody_sees_the_funnel_of_their_scope(cast: Cast) -> None:
    from survey.messaging.invitations import queue_invitation
    from survey.messaging.models import Sender
    from tests.survey.messaging.messages import event, sender

    by = sender()
    for agency, code, phone in (
        (cast.land, "0001", "+84912345671"),
        (cast.commune, "0002", "+84912345672"),
    ):
        made = event(cast, code=f"H20.01.05-261110-{code}", agency=agency)
        queue_invitation(event=made, phone=phone, sender=by, now=timezone.now())
    operator, head = signed_in(cast.operator), signed_in(cast.head)
    page = operator.get("/staff/messages").content.decode()
    assert "Sở Nông nghiệp" in page
    assert "phường Mỹ Tho" in page
    assert operator.post(f"/staff/senders/{by.pk}/pause").status_code == 302
    assert Sender.objects.get().paused_because == "operator"
    assert "Tạm dừng từ" in operator.get("/staff/messages").content.decode()
    assert operator.post(f"/staff/senders/{by.pk}/resume").status_code == 302
    assert Sender.objects.get().paused_at is None
    assert operator.post("/staff/senders/999/pause").status_code == 404
    assert head.post(f"/staff/senders/{by.pk}/pause").status_code == 403
    own = head.get("/staff/messages").content.decode()
    assert "đồng" not in own
    assert ("Sở Nông nghiệp" in own.partition("<table")[2]) != (
        "phường Mỹ Tho" in own.partition("<table")[2]
    )


@pytest.mark.long
def test_pictures_are_drawn_in_the_scope_of_the_account(cast: Cast, edition: Edition) -> None:
    analyst = signed_in(cast.analyst)
    page = analyst.get("/staff/pictures")
    assert page.status_code == 200
    result = edition.results.get(agency=cast.land)
    profile = analyst.get(f"/staff/agency/{result.pk}/profile.svg")
    assert profile.status_code in (200, 404)
    if profile.status_code == 200:
        assert profile.content.startswith(b"<svg")
    assert analyst.get("/staff/pictures/nothing.svg").status_code == 404
    assert analyst.get("/staff/pictures?kind=nonsense").status_code == 200


def test_everybody_changes_the_own_password_and_other_devices_are_signed_out(cast: Cast) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        client.post("/staff/sign-in", {"username": "head", "password": PASSWORD})
    fresh = "mot mat khau dai va khac"
    wrong = here.post(
        "/staff/password", {"old_password": "no", "new_password1": fresh, "new_password2": fresh}
    ).content.decode()
    assert "error-text" in wrong
    done = {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
    assert here.post("/staff/password", done).status_code == 302
    cast.head.refresh_from_db()
    assert cast.head.check_password(fresh)
    assert here.get("/staff/password").status_code == 200
    assert there.get("/staff/").status_code == 302
