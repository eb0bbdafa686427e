"""Frameworks by forms: begun, every line changed, moved and taken out, without writing a file."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from survey.accounts.models import AuditEvent
from survey.scorecards.bridge.frameworks import (
    Framework,
    framework_text,
    read_framework,
    shipped_frameworks,
)
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import publish_framework, save_framework
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, Cast, flat

HEAD = {
    "id": "so-thu-2026",
    "title_vi": "Bộ tiêu chí thử",
    "source": "1/QĐ-UBND",
    "applies_to": ["department"],
    "valid_from": "01/01/2026",
    "bands": "90 | Tốt\n0 | Yếu",
}
LINE = {
    "code": "1.2",
    "title": "Hồ sơ đúng hạn",
    "parent": "1",
    "effect": "base",
    "maximum": "4,5",
    "input": "on_time_rate",
    "rule": "bands",
    "bands": ">= 95 | 100\n> 90 | 50",
    "zero": "not_applicable",
    "decimals": "2",
    "owner": "Văn phòng UBND tỉnh",
    "co_owners": "Sở Nội vụ\nSở Tư pháp",
}


@pytest.fixture
def client(cast: Cast) -> Client:
    return signed_in(cast.analyst)


@pytest.fixture
def draft(client: Client) -> FrameworkFile:
    client.post(reverse("console:framework-begin"), HEAD)
    return FrameworkFile.objects.get(code="so-thu-2026")


def now_read(draft: FrameworkFile) -> Framework:
    draft.refresh_from_db()
    return read_framework(draft.text)


def send_line(client: Client, draft: FrameworkFile, sent: dict[str, Any], code: str = "") -> Any:
    draft.refresh_from_db()
    name, more = ("framework-line", [code]) if code else ("framework-line-new", [])
    address = reverse(f"console:{name}", args=[draft.pk, *more])
    return client.post(address, {"seen": draft.sha256, **sent})


def fields_of(answer: Any) -> dict[str, Any]:
    """What a page's forms would send as they stand."""
    sent: dict[str, Any] = {}
    for form in (answer.context["form"], answer.context["more"]):
        for field in form:
            value = field.value()
            if value not in (None, False, "", []):
                sent[field.html_name] = value
    return sent


def test_a_framework_is_begun_by_a_form(draft: FrameworkFile) -> None:
    found = now_read(draft)
    assert (found.titles, found.source) == ({"vi": "Bộ tiêu chí thử"}, "1/QĐ-UBND")
    assert found.bands == ((Fraction(90), "Tốt"), (Fraction(0), "Yếu"))
    assert [c.code for c in found.criteria] == ["1", "1.1"]
    assert AuditEvent.objects.filter(action="framework-begin").exists()


def test_a_line_is_added_and_the_sums_follow(client: Client, draft: FrameworkFile) -> None:
    assert send_line(client, draft, LINE).status_code == 302
    found = now_read(draft)
    line = found.by_code["1.2"]
    assert found.total == Decimal("5.5")
    assert line.rule is not None
    assert [(b.comparison, b.edge, b.share) for b in line.rule.bands] == [
        (">=", Fraction(95), Fraction(1)),
        (">", Fraction(90), Fraction(1, 2)),
    ]
    assert (line.owner, line.co_owners) == ("Văn phòng UBND tỉnh", ("Sở Nội vụ", "Sở Tư pháp"))
    assert (line.zero, line.self_scored) == ("not_applicable", False)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_numbers_stay_what_they_are_in_every_language(
    client: Client, draft: FrameworkFile, language: str
) -> None:
    """Opened and saved in a browser: 12,125 and 1234,5 are no thousands."""
    bands = ">= 1234,5 | 33,3333333"
    send_line(client, draft, {**LINE, "maximum": "1000", "bands": bands, "floor": "12,125"})
    before = now_read(draft).by_code["1.2"]
    assert before.rule is not None
    assert before.rule.floor == Fraction(97, 8)
    address = reverse("console:framework-line", args=[draft.pk, "1.2"])
    page = client.get(address, {"lang": language}).content.decode()
    fields = re.findall(r'<input type="text" name="(\w+)" value="([^"]*)"', page)
    areas = re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>', page)
    shown = {name: html.unescape(value).strip() for name, value in [*fields, *areas]}
    sent = {**LINE, **{name: shown[name] for name in ("maximum", "floor", "bands")}}
    assert send_line(client, draft, sent, "1.2").status_code == 302
    assert now_read(draft).by_code["1.2"] == before


def test_an_area_is_added_with_a_first_criterion(client: Client, draft: FrameworkFile) -> None:
    area = {**LINE, "code": "2", "parent": "", "input": "", "rule": "", "bands": "", "owner": ""}
    assert send_line(client, draft, area).status_code == 302
    found = now_read(draft)
    assert [line.code for line in found.parts["2"]] == ["2.1"]
    assert found.total == Decimal("5.5")


def test_who_adds_a_part_to_a_scored_line_is_told_what_becomes_of_its_rule(
    client: Client, draft: FrameworkFile
) -> None:
    address = reverse("console:framework-line-new", args=[draft.pk])
    assert "quy tắc riêng bị bỏ" in flat(client.get(address, {"in": "1.1"}))
    assert "quy tắc riêng bị bỏ" not in flat(client.get(address, {"in": "1"}))


def test_a_code_that_is_taken_begins_nothing(client: Client, draft: FrameworkFile) -> None:
    told = client.post(reverse("console:framework-begin"), HEAD)
    assert told.status_code == 422
    assert "Đã có bộ tiêu chí dùng mã này" in flat(told)


def test_languages_the_form_does_not_ask_for_stay(client: Client, draft: FrameworkFile) -> None:
    text = draft.text.replace("[title]", '[title]\nkm = "ក"')
    save_framework(text=text, by=draft.brought_by, now=NOW, replaces=draft.sha256)
    draft.refresh_from_db()
    assert "Ghi chú trong tệp" not in flat(
        client.get(reverse("console:framework", args=[draft.pk]))
    )
    address = reverse("console:framework-head", args=[draft.pk])
    client.post(address, {**HEAD, "seen": draft.sha256, "title_en": "Trial"})
    assert now_read(draft).titles == {"vi": "Bộ tiêu chí thử", "km": "ក", "en": "Trial"}


def test_a_move_that_moves_nothing_writes_nothing(client: Client, draft: FrameworkFile) -> None:
    text = "# nhận xét\n" + draft.text
    save_framework(text=text, by=draft.brought_by, now=NOW, replaces=draft.sha256)
    draft.refresh_from_db()
    address = reverse("console:framework-line-act", args=[draft.pk, "1", "up"])
    client.post(address, {"seen": draft.sha256})
    draft.refresh_from_db()
    assert draft.text == text
    assert "Ghi chú trong tệp" in flat(client.get(reverse("console:framework", args=[draft.pk])))


@pytest.mark.parametrize("name", list(shipped_frameworks()))
def test_every_line_of_every_shipped_framework_survives_its_form(client: Client, name: str) -> None:
    """Opened and saved as it stands, no line changes."""
    client.post(reverse("console:framework-copy"), {"from": name})
    draft = FrameworkFile.objects.get(code=name)
    before = now_read(draft)
    for criterion in before.criteria:
        address = reverse("console:framework-line", args=[draft.pk, criterion.code])
        sent = fields_of(client.get(address))
        assert client.post(address, sent).status_code == 302, criterion.code
    assert now_read(draft).criteria == before.criteria


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"code": "1.1"}, "code", "Mã này đã dùng cho dòng khác"),
        ({"bands": ""}, "bands", "Quy tắc này cần có"),
        ({"bands": "95 | 100"}, "bands", "Xin ghi ≥ hoặc &gt; trước mốc"),
        ({"bands": ">= chín mươi | 100"}, "bands", "không phải là số"),
        ({"rule": ""}, "rule", "Xin chọn cách quy ra điểm"),
        ({"input": "choice", "options": "a | A | 100\nb | B | 0"}, "rule", "không chọn quy tắc"),
        ({"maximum": ""}, "maximum", "phải có điểm tối đa"),
        ({"maximum": "x"}, "maximum", "không phải là số"),
        ({"parent": "9"}, "parent", "9"),
        ({"options": "Có, 100"}, "options", "chưa đúng dạng"),
        ({"code": "a/b"}, "", "không dùng được"),
        ({"bands": ">= 95 | 200"}, "", "không nằm trong khoảng từ 0 đến 1"),
        ({"decimals": "9"}, "decimals", "4"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_is_saved(
    client: Client, draft: FrameworkFile, change: dict[str, str], field: str, told: str
) -> None:
    before = draft.sha256
    answer = send_line(client, draft, {**LINE, **change})
    assert answer.status_code == 422
    assert told in flat(answer)
    if field:
        forms = (answer.context["form"], answer.context["more"])
        assert any(field in form.errors for form in forms)
    draft.refresh_from_db()
    assert draft.sha256 == before
    assert "Hồ sơ đúng hạn" in flat(answer), "what was written stays"


def test_lines_are_moved_and_taken_out_by_buttons(client: Client, draft: FrameworkFile) -> None:
    def act(action: str, code: str = "1.2") -> list[str]:
        draft.refresh_from_db()
        address = reverse("console:framework-line-act", args=[draft.pk, code, action])
        client.post(address, {"seen": draft.sha256})
        return [c.code for c in now_read(draft).criteria]

    send_line(client, draft, LINE)
    assert act("up") == ["1", "1.2", "1.1"]
    assert act("down") == ["1", "1.1", "1.2"]
    assert act("delete") == ["1", "1.1"]
    assert act("delete", "1") == ["1", "1.1"], "a framework without a line is refused"


def test_nobody_writes_over_what_they_have_not_seen(client: Client, draft: FrameworkFile) -> None:
    seen = draft.sha256
    send_line(client, draft, LINE)
    for sent in ({**LINE, "code": "1.3", "seen": seen}, {**LINE, "code": "1.3", "seen": ""}):
        answer = client.post(reverse("console:framework-line-new", args=[draft.pk]), sent)
        assert answer.status_code == 422
        assert "bản nháp khác" in flat(answer)
    assert "1.3" not in now_read(draft).by_code


def test_the_head_is_changed_and_the_lines_stay(client: Client, draft: FrameworkFile) -> None:
    address = reverse("console:framework-head", args=[draft.pk])
    answer = client.post(
        address,
        {**HEAD, "seen": draft.sha256, "title_en": "Trial", "bands": "", "id": "another"},
    )
    assert answer.status_code == 302
    found = now_read(draft)
    assert found.titles == {"vi": "Bộ tiêu chí thử", "en": "Trial"}
    assert (found.bands, found.id) == ((), "so-thu-2026")
    late = {**HEAD, "seen": found.sha256, "valid_to": "01/01/2020"}
    told = client.post(address, late)
    assert told.status_code == 422
    assert "trước ngày" in flat(told)


def test_a_published_one_is_not_changed_and_its_next_version_is_begun(
    cast: Cast, client: Client, draft: FrameworkFile
) -> None:
    publish_framework(framework=draft, now=NOW)
    assert send_line(client, draft, LINE).status_code == 404
    assert client.get(reverse("console:framework-head", args=[draft.pk])).status_code == 404
    client.post(reverse("console:framework-copy"), {"from": str(draft.pk)})
    made = FrameworkFile.objects.get(code="so-thu-2026", version=2)
    assert (made.text, made.published_at) == (draft.text, None)
    assert "Thêm dòng" in flat(client.get(reverse("console:framework", args=[made.pk])))


@pytest.mark.parametrize("begin", ["", "nothing", "0", "999999", "١", "-1"])
def test_what_is_not_there_is_not_copied(client: Client, begin: str) -> None:
    assert client.post(reverse("console:framework-copy"), {"from": begin}).status_code == 404


def test_a_draft_of_another_person_is_not_written_over_by_a_copy(
    cast: Cast, client: Client
) -> None:
    changed = framework_text("hai-cap-xa").replace("maximum", "maximum", 1) + "\n# khác\n"
    save_framework(text=changed, by=cast.operator, now=NOW)
    told = flat(client.post(reverse("console:framework-copy"), {"from": "hai-cap-xa"}, follow=True))
    assert "bản nháp khác" in told
    assert FrameworkFile.objects.get(code="hai-cap-xa").text == changed
