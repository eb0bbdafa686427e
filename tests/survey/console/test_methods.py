"""Methods by pages: what there is, what another would change, the choice by two, own files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import Role, User
from survey.common.periods import parse_period
from survey.console.methods import periods_ahead
from survey.scorecards.bridge.methods import method_text, summarise_method
from survey.scorecards.computing import compute_period, request_computation
from survey.scorecards.methods import (
    bring_method,
    check_current,
    choose_methods,
    find_chosen,
    keep_method,
)
from survey.scorecards.models import (
    Computation,
    ComputationState,
    Edition,
    MethodChoice,
    MethodComparison,
    MethodFile,
)
from survey.scorecards.queries import main_method
from survey.scorecards.services import make_edition
from survey.transactions.services import import_totals
from tests.survey.console.builders import AFTER, release, signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file

METHODS = reverse("console:methods")
OWN = method_text("overall").replace('id = "overall"', 'id = "overall-tinh"')


@pytest.fixture
def approver(cast: Cast) -> User:
    return User.objects.create_user(username="approver", role=Role.APPROVER)


@pytest.fixture
def edition(cast: Cast, tmp_path: Path) -> Edition:
    fill(cast, good=50, bad=10)
    content = csv_file("2026-07,H20.01,land,counter,600,500")
    import_totals(content=content, file_name="t.csv", by=None, now=NOW)
    return release(snapshot(tmp_path))


def sha(name: str) -> str:
    return summarise_method(name).sha256


def choice(**more: object) -> dict[str, object]:
    quarter = periods_ahead(timezone.localdate())[1]
    return {
        "first": quarter.first.isoformat(),
        "methods": [sha("overall"), sha("sipas-pooled")],
        "main": sha("sipas-pooled"),
        "operator": ">=",
        "value": "92.5",
        "reason": "Theo quyết định của UBND tỉnh",
        **more,
    }


def test_the_page_shows_every_method_and_its_file(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    page = flat(client.get(METHODS))
    for name in ("sipas-service", "sipas-pooled", "ikm", "nps"):
        assert name in page
    file = client.get(reverse("console:method-file", args=[sha("ikm")]))
    assert file.content.decode() == method_text("ikm")
    assert client.get(reverse("console:method-file", args=["0" * 64])).status_code == 404


def test_two_people_choose_and_the_next_quarter_is_computed_so(cast: Cast, approver: User) -> None:
    sent = choice()
    page = signed_in(cast.analyst).post(reverse("console:method-ask"), sent)
    request = ApprovalRequest.objects.get(action="change-methods")
    assert page["Location"] == reverse("console:approval", args=[request.pk])
    decide = reverse("console:approval-decide", args=[request.pk])
    signed_in(cast.analyst).post(decide, {"decision": "approve"})
    assert not MethodChoice.objects.exists(), "nobody approves their own"
    signed_in(approver).post(decide, {"decision": "approve"})
    first = date.fromisoformat(str(sent["first"]))
    quarter = next(p for p in periods_ahead(timezone.localdate()) if p.first == first)
    chosen = find_chosen(quarter)
    assert [name for name, _sha in chosen.methods] == ["sipas-pooled", "overall"]
    assert (chosen.target.operator, chosen.target.value) == (">=", Decimal("92.5"))
    usual = find_chosen(parse_period("2026-Q3"))
    assert [name for name, _sha in usual.methods] == ["sipas-service", "overall"]


def test_a_period_is_computed_under_what_was_chosen_and_beside_its_target(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    fill(cast, good=50, bad=10)
    import_totals(
        content=csv_file("2026-07,H20.01,land,counter,600,500"),
        file_name="t.csv",
        by=None,
        now=NOW,
    )
    own = bring_method(content=OWN.encode(), by=cast.analyst, now=NOW)
    choose_methods(
        first=date(2026, 7, 1),
        methods=[{"id": own.code, "sha256": own.sha256}],
        operator=">",
        value=Decimal(80),
        now=NOW,
    )
    with django_capture_on_commit_callbacks(execute=True):
        request_computation(period="2026-Q3", by=cast.analyst, now=timezone.now())
    made = Computation.objects.get()
    assert (made.state, made.problem) == (ComputationState.DONE, "")
    assert made.edition is not None
    assert (made.edition.method, made.edition.method_sha256) == ("overall-tinh", own.sha256)
    assert made.edition.about["target"] == {"operator": ">", "value": "80"}
    page = flat(signed_in(cast.analyst).get("/staff/", {"edition": made.edition.pk}))
    assert "Mục tiêu: trên 80%" in page


def test_a_method_whose_file_is_gone_is_not_computed_by_another(cast: Cast) -> None:
    own = bring_method(content=OWN.encode(), by=cast.analyst, now=NOW)
    choose_methods(
        first=date(2026, 7, 1),
        methods=[{"id": own.code, "sha256": own.sha256}],
        operator=">",
        value=Decimal(90),
        now=NOW,
    )
    MethodFile.objects.all().delete()
    rows = request_computation(period="2026-Q3", by=cast.analyst, now=timezone.now())
    compute_period.func([row.pk for row in rows], "vi")
    rows[0].refresh_from_db()
    assert rows[0].state == ComputationState.FAILED
    assert "không còn là phương pháp đã chọn" in rows[0].problem


def test_what_was_released_keeps_its_method(cast: Cast, edition: Edition, approver: User) -> None:
    with pytest.raises(ValidationError):
        choose_methods(
            first=date(2026, 7, 1),
            methods=[{"id": "overall", "sha256": sha("overall")}],
            operator=">",
            value=Decimal(90),
            now=NOW,
        )
    assert not MethodChoice.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"methods": []},
        {"methods": ["0" * 64]},
        {"value": "101"},
        {"value": "chín mươi"},
        {"value": "NaN"},
        {"operator": "<"},
        {"first": "2020-01-01"},
        {"first": "\x00"},
        {"reason": ""},
    ],
)
def test_a_choice_that_cannot_be_is_refused(cast: Cast, sent: dict[str, object]) -> None:
    answer = signed_in(cast.analyst).post(reverse("console:method-ask"), choice(**sent))
    assert answer.status_code == 422
    assert not ApprovalRequest.objects.exists()


def test_the_main_method_is_the_one_a_page_shows_first(cast: Cast, edition: Edition) -> None:
    choose_methods(
        first=date(2026, 10, 1),
        methods=[{"id": "overall", "sha256": sha("overall")}],
        operator=">",
        value=Decimal(90),
        now=NOW,
    )
    assert main_method("2026-Q3") == "sipas-service"
    assert main_method("2026-Q4") == "overall"


def test_figures_under_a_method_that_no_longer_holds_are_not_released(
    cast: Cast, tmp_path: Path
) -> None:
    fill(cast, good=50, bad=10)
    content = csv_file("2026-07,H20.01,land,counter,600,500")
    import_totals(content=content, file_name="t.csv", by=None, now=NOW)
    made = make_edition(folder=snapshot(tmp_path), method="overall", now=AFTER)
    check_current(made)
    MethodChoice.objects.create(
        valid_from=date(2026, 7, 1),
        methods=[{"id": "sipas-pooled", "version": 3, "sha256": sha("sipas-pooled")}],
        target_operator=">",
        target_value=Decimal(50),
        chosen_at=NOW,
    )
    with pytest.raises(ValidationError):
        check_current(made)


def test_a_shipped_method_that_was_used_is_kept(cast: Cast) -> None:
    keep_method(name="overall", sha256=sha("overall"), by=cast.analyst, now=NOW)
    keep_method(name="overall", sha256=sha("overall"), by=cast.analyst, now=NOW)
    row = MethodFile.objects.get()
    assert row.text == method_text("overall")
    page = flat(signed_in(cast.analyst).get(METHODS))
    assert page.count(sha("overall")) == page.count(sha("ikm")), "it is not offered twice"


def test_methods_that_count_other_answers_are_not_compared(cast: Cast, edition: Edition) -> None:
    text = OWN.replace('counted = ["E1", "E2", "E3"]', 'counted = ["E1", "E2"]')
    assert text != OWN
    own = bring_method(content=text.encode(), by=cast.analyst, now=NOW)
    answer = signed_in(cast.analyst).post(
        reverse("console:method-compare"), {"edition": edition.pk, "method": own.sha256}
    )
    assert answer.status_code == 422
    assert not MethodComparison.objects.exists()


def test_the_version_in_force_stays_on_the_page_when_a_newer_one_comes(cast: Cast) -> None:
    own = bring_method(content=OWN.encode(), by=cast.analyst, now=NOW)
    choose_methods(
        first=date(2026, 10, 1),
        methods=[{"id": own.code, "sha256": own.sha256}],
        operator=">",
        value=Decimal(90),
        now=NOW,
    )
    newer = OWN.replace("version = 3", "version = 4").encode()
    bring_method(content=newer, by=cast.analyst, now=NOW)
    client = signed_in(cast.analyst)
    assert own.sha256 in flat(client.get(METHODS))
    assert client.get(reverse("console:method-file", args=[own.sha256])).status_code == 200


def test_a_choice_made_meanwhile_makes_the_request_void(cast: Cast, approver: User) -> None:
    signed_in(cast.analyst).post(reverse("console:method-ask"), choice())
    request = ApprovalRequest.objects.get()
    choose_methods(
        first=date(2030, 1, 1),
        methods=[{"id": "overall", "sha256": sha("overall")}],
        operator=">",
        value=Decimal(90),
        now=NOW,
    )
    decide = reverse("console:approval-decide", args=[request.pk])
    signed_in(approver).post(decide, {"decision": "approve"})
    assert MethodChoice.objects.count() == 1


def test_another_method_is_computed_beside_and_nothing_released_changes(
    cast: Cast,
    edition: Edition,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    before = list(edition.results.values_list("pk", "rows"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in(cast.analyst).post(
            reverse("console:method-compare"),
            {"edition": edition.pk, "method": sha("mean-score")},
        )
    made = MethodComparison.objects.get()
    assert (made.state, made.problem) == (ComputationState.DONE, "")
    page = flat(signed_in(cast.analyst).get(answer["Location"]))
    assert "Sở Nông nghiệp và Môi trường" in page
    assert "83,33" in page
    line = next(row for row in made.rows if row["agency"] == "h20.01")
    assert line["after"]["weighted_index"] != line["before"]["weighted_index"]
    assert list(edition.results.values_list("pk", "rows")) == before
    assert Edition.objects.count() == 1


@pytest.mark.parametrize(
    ("edition_id", "method"),
    [(0, "overall"), (None, "nothing"), (None, "sipas-service")],
)
def test_a_comparison_that_cannot_be_is_refused(
    cast: Cast, edition: Edition, edition_id: int | None, method: str
) -> None:
    known = "0" * 64 if method == "nothing" else sha(method)
    sent = {"edition": edition.pk if edition_id is None else edition_id, "method": known}
    answer = signed_in(cast.analyst).post(reverse("console:method-compare"), sent)
    assert answer.status_code == 422
    assert not MethodComparison.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (method_text("overall").encode(), "đi kèm phần mềm"),
        (OWN.replace("min_n = 10", "min_n = 3").encode(), "min_n"),
        (OWN.replace("min_n_eff = 30", "min_n_eff = 5").encode(), "min_n_eff"),
        (OWN.replace("[scale]", "[scales]").encode(), "unknown key"),
        (b"\xff\xfe", "UTF-8"),
        (b"x = [", "TOML"),
        (OWN.encode() + b"\x00", "ký tự"),
        (b"a" * 70_000, "64 kB"),
        (OWN.replace('"overall-tinh"', '"a\\nb"').encode(), "id gồm chữ thường"),
        (OWN.replace('"overall-tinh"', '"a\\u0000b"').encode(), "id gồm chữ thường"),
    ],
)
def test_a_method_file_that_is_wrong_says_where(cast: Cast, content: bytes, words: str) -> None:
    file = SimpleUploadedFile("m.toml", content)
    page = signed_in(cast.analyst).post(
        reverse("console:method-upload"), {"file": file}, follow=True
    )
    assert words in flat(page)
    assert not MethodFile.objects.exists()


def test_a_method_of_the_province_is_brought_once(cast: Cast) -> None:
    address = reverse("console:method-upload")
    for _time in range(2):
        file = SimpleUploadedFile("m.toml", OWN.encode())
        page = signed_in(cast.analyst).post(address, {"file": file}, follow=True)
    assert MethodFile.objects.count() == 1
    assert "Đã có “overall-tinh”" in flat(page)
    newer = OWN.replace("version = 3", "version = 4")
    assert newer != OWN
    bring_method(content=newer.encode(), by=cast.analyst, now=NOW)
    page = signed_in(cast.analyst).get(METHODS)
    assert flat(page).count("overall-tinh v") == 1, "the newest version is offered"
