"""Who asks, in which language and in which size: on every page, carried by links, without a
cookie.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from survey.checks import MAX_SOUND_BYTES, province_is_usable
from survey.citizen import assets
from survey.citizen.kept_pages import forget_pages
from survey.common import province
from survey.questionnaires.services import LIBRARY, load_questionnaire, publish_version
from tests.survey.factories import NOW, Cast, answer, flat, hidden

pytestmark = pytest.mark.django_db
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("km", "km"),
        ("km-KH,vi;q=0.8", "km"),
        ("en-GB,en;q=0.9,vi;q=0.8", "en"),
        ("vi-VN,en;q=0.9", "vi"),
        ("fr-FR,en;q=0.9", "vi"),
        ("", "vi"),
        ("*", "vi"),
        ("\x00;q=", "vi"),
    ],
)
def test_a_phone_set_to_a_language_of_ours_is_heard(
    citizen: Client, cast: Cast, wish: str, language: str
) -> None:
    page = citizen.get(f"/{cast.code.code}", headers={"accept-language": wish})
    assert f'<html lang="{language}">' in flat(page)
    assert "Accept-Language" in page.headers["Vary"]
    asked = citizen.get(f"/{cast.code.code}?lang=vi", headers={"accept-language": wish})
    assert '<html lang="vi">' in flat(asked)
    assert "Accept-Language" not in asked.headers.get("Vary", "")


def test_a_tablet_speaks_the_language_of_the_office(citizen: Client, cast: Cast) -> None:
    page = citizen.get("/kiosk/", headers={"accept-language": "en-US"})
    assert '<html lang="vi">' in flat(page)


def test_large_letters_stay_on_every_page_they_lead_to(citizen: Client, cast: Cast) -> None:
    page = flat(citizen.get(f"/{cast.code.code}?lang=vi"))
    assert 'href="?lang=vi&amp;big=1"' in page
    large = flat(citizen.get(f"/{cast.code.code}?lang=vi&big=1"))
    assert '<html lang="vi" class="large">' in large
    assert f'action="/s/{cast.code.code}?lang=vi&amp;big=1"' in large
    assert 'href="?lang=en&amp;big=1"' in large
    assert 'href="?lang=vi"' in large
    ticket = {"overall": "4", **hidden(large.encode())}
    sent = citizen.post(f"/s/{cast.code.code}?lang=vi&big=1", ticket)
    assert "big=1" in sent.headers["Location"]
    assert 'class="large"' in flat(citizen.get(sent.headers["Location"]))


def test_every_page_says_who_asks(citizen: Client, cast: Cast) -> None:
    sent = answer(citizen, cast, overall="2").headers["Location"]
    receipt = sent.partition("/more")[0]
    for path in ("/", "/privacy", "/offices", "/kiosk/", f"/{cast.code.code}", sent, receipt, "/x"):
        text = citizen.get(path).content.decode()
        assert "UBND tỉnh Đồng Tháp" in text
        assert "Hỏi ý kiến người dân" in text
        assert "<img" not in text, "an emblem that is not set costs nothing"
    assert "Đồng Tháp Province" in citizen.get("/?lang=en").content.decode()
    assert "ខេត្តដុងថាប" in citizen.get("/?lang=km").content.decode()


def test_emblem_and_motto_are_settings(
    citizen: Client, cast: Cast, tmp_path: Path, settings: object
) -> None:
    (tmp_path / "emblem.svg").write_text(SVG, encoding="utf-8")
    settings.PROVINCE_EMBLEM = str(tmp_path / "emblem.svg")  # type: ignore[attr-defined]
    settings.PROVINCE_MOTTO = "Vì Nhân dân phục vụ"  # type: ignore[attr-defined]
    settings.PROVINCE_NAMES = {"vi": "Thành phố Cần Thơ"}  # type: ignore[attr-defined]
    province.emblem_svg.cache_clear()
    province.emblem_address.cache_clear()
    try:
        text = flat(citizen.get("/"))
    finally:
        province.emblem_svg.cache_clear()
        province.emblem_address.cache_clear()
    assert '<img src="data:image/svg+xml;base64,' in text
    assert "UBND thành phố Cần Thơ" in text
    assert "Vì Nhân dân phục vụ" in text


def test_recordings_are_small_and_a_province_replaces_them(
    citizen: Client, cast: Cast, tmp_path: Path, settings: object
) -> None:
    for language in ("vi", "en"):
        found = assets.recording(language)
        assert found is not None
        assert found.by_machine
        path = finders.find(f"survey/sound/{language}.mp3")
        assert isinstance(path, str)
        assert Path(path).stat().st_size <= MAX_SOUND_BYTES
    assert assets.recording("km") is None
    assert "giọng máy" in citizen.get(f"/{cast.code.code}").content.decode()
    (tmp_path / "vi.mp3").write_bytes(b"a person")
    settings.SOUND_DIR = str(tmp_path)  # type: ignore[attr-defined]
    settings.STATICFILES_DIRS = [("survey/sound", str(tmp_path))]  # type: ignore[attr-defined]
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]
    assets.recording.cache_clear()
    forget_pages()
    try:
        own = assets.recording("vi")
        assert own is not None
        assert not own.by_machine
        assert "giọng máy" not in citizen.get(f"/{cast.code.code}").content.decode()
        assert province_is_usable(None) == []
        (tmp_path / "vi.mp3").write_bytes(b"x" * (MAX_SOUND_BYTES + 1))
        assert "vi.mp3" in str(province_is_usable(None))
    finally:
        finders.get_finder.cache_clear()  # type: ignore[attr-defined]
        assets.recording.cache_clear()
        forget_pages()


def test_our_recordings_read_no_other_question_than_their_own(
    citizen: Client, cast: Cast, tmp_path: Path
) -> None:
    assert 'class="listen"' in citizen.get(f"/{cast.code.code}").content.decode()
    text = (LIBRARY / "counter-short.toml").read_text(encoding="utf-8")
    for spoken in assets.SPOKEN.values():
        assert f'"{spoken}"' in text
    own = tmp_path / "own.toml"
    own.write_text(text.replace(assets.SPOKEN["vi"], "Thế nào?"), encoding="utf-8")
    publish_version(version=load_questionnaire(path=own), now=NOW)
    for path in (f"/{cast.code.code}", "/kiosk/"):
        assert 'class="listen"' not in citizen.get(path).content.decode()
        assert 'class="listen"' in citizen.get(f"{path}?lang=en").content.decode()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PROVINCE_EMBLEM", "/nowhere.svg", "cannot be read"),
        ("PROVINCE_EMBLEM", __file__, "SVG"),
        ("PUBLIC_HOLIDAYS", frozenset({"8/2/2027"}), "8/2/2027"),
    ],
)
def test_a_setting_of_the_province_that_cannot_be_is_refused(
    settings: object, name: str, value: object, told: str
) -> None:
    assert province_is_usable(None) == []
    setattr(settings, name, value)
    assert told in str(province_is_usable(None))


def test_the_promise_stands_on_every_form(citizen: Client, cast: Cast) -> None:
    for path in (f"/{cast.code.code}", "/kiosk/"):
        text = flat(citizen.get(path))
        assert "Cán bộ ở quầy <strong>không xem được</strong> câu trả lời của Ông/Bà." in text
        assert "Không ai được đòi xem." in text


@pytest.mark.parametrize("typed", ["ABCD", "ZZZZ 9999"])
def test_a_wrong_code_is_shown_in_the_field_it_can_be_mended_in(
    citizen: Client, cast: Cast, typed: str
) -> None:
    page = citizen.get("/", {"code": typed}, follow=True)
    assert page.status_code == 404
    assert f'name="code" value="{typed}"' in flat(page)
    assert "Thử lại" in page.content.decode()


def test_an_empty_field_is_said_to_be_empty(citizen: Client) -> None:
    for name in ("code", "receipt"):
        page = citizen.get("/", {name: "ưđ"})
        assert page.status_code == 422
        assert "Xin nhập mã." in page.content.decode()
        assert f'id="e-{name}"' in flat(page), "at the field that was left empty"
        assert f'name="{name}" value="ưđ"' in flat(page)
        assert "Lỗi:" in page.content.decode().split("</title>")[0]


def test_the_unknown_receipt_has_a_field_too(citizen: Client, cast: Cast) -> None:
    page = citizen.get("/r/ABCDE12345")
    assert page.status_code == 404
    assert 'value="ABCDE12345"' in flat(page)


def test_the_code_alone_is_an_address(citizen: Client, cast: Cast) -> None:
    code = cast.code.code
    for path in (f"/{code}", f"/{code.lower()}", f"/{code[:4]}-{code[4:]}", f"/{code}/"):
        page = citizen.get(path)
        assert page.status_code == 200
        assert f'action="/s/{code}?lang=vi"' in flat(page)
    for path in ("/apple-touch-icon.png", "/favicon-32x32.png", "/ABCDEFGHJ"):
        assert citizen.get(path).status_code == 404
