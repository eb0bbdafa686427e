"""Published results: released editions alone, rounded, at addresses that never change."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from survey import checks
from survey.agencies.improvements import Improvement
from survey.public import figures, open_data
from survey.public.editions import path_of_part, public_editions
from survey.public.pages import list_paths
from survey.public.words import period_title
from survey.scorecards.bridge.open_data import LICENCES
from survey.scorecards.models import Edition
from survey.scorecards.services import make_edition, release_edition
from survey.transactions.services import import_totals
from tests.survey.citizen.builders import dump
from tests.survey.console.builders import AFTER, release
from tests.survey.factories import NOW, Cast, flat
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file

HOME = "/ket-qua/"
EDITION = "/ket-qua/2026/q3/1/"
LINK = re.compile(r'(?:href|src)="(/ket-qua/[^"]*)"')
LINE = re.compile(r'<tr[^>]* ?data-cell="([^"]+)"[^>]*>(.*?)</tr>')


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    """What is kept of an edition lies among nobody else's."""
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def filled(cast: Cast) -> Cast:
    fill(cast, good=203, bad=40)
    totals = csv_file(
        "2026-07,H20.01,land,counter,600,570", "2026-07,28261,civil-status,counter,8,2"
    )
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    return cast


@pytest.fixture
def edition(filled: Cast, tmp_path: Path) -> Edition:
    return release(snapshot(tmp_path))


def read(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return flat(answer)


def make_second(cast: Cast, tmp_path: Path) -> Edition:
    fill(cast, good=90, bad=0, channel="online")
    second = make_edition(folder=snapshot(tmp_path, "b"), method="sipas-service", now=AFTER)
    return release_edition(edition=second, now=AFTER + timedelta(days=1))


def test_before_anything_is_released_the_page_says_so_and_when(
    filled: Cast, tmp_path: Path
) -> None:
    make_edition(folder=snapshot(tmp_path), method="sipas-service", now=AFTER)
    page = read(HOME)
    assert "Chưa có số liệu được công bố." in page
    assert "Kỳ tiếp theo" in page
    assert Client().get(EDITION).status_code == 404


def test_a_released_edition_stands_at_its_address(cast: Cast, edition: Edition) -> None:
    whole = open_data.stored_rows(public_editions()[0])[0]
    page = read(EDITION)
    assert f"<strong>{whole['index']} %</strong>".replace(".", ",") in page
    assert "quý III năm 2026" in page
    assert f'href="{EDITION}loai/department/1/"' in page
    listed = read(f"{EDITION}loai/department/1/")
    assert "Sở Nông nghiệp và Môi trường" in listed
    own = read(f"{EDITION}don-vi/h20.01/")
    assert "Công chức giải quyết công việc" in own
    assert 'data-cell="h20.01/overall/overall"' in own


def test_exact_counts_and_rates_are_on_no_page(cast: Cast, edition: Edition) -> None:
    exact = edition.results.get(agency=cast.land).rows[0]
    assert exact["n"] % 5, "the test needs a count that rounding changes"
    whole = edition.results.get(agency=None).rows[0]
    inside = [exact, whole]
    names = ("response_rate", "se", "deff", "n_eff")
    for path in [*list_paths(), "2026/q3/1/method-note.html", "2026/q3/1/method-note.json"]:
        page = read(HOME + path)
        assert f">{exact['n']}<" not in page
        for row in inside:
            for name in names:
                text = str(row[name]).replace(".", ",")
                assert f" {text}" not in page or text in ("1,00", "0,00"), (path, name)
        assert str(whole["n"]) not in re.sub(r"[0-9a-f]{12,}", "", page)


def test_every_figure_of_every_page_is_a_public_row(cast: Cast, edition: Edition) -> None:
    rows = {row["cell"]: row for row in open_data.stored_rows(public_editions()[0])}
    seen = set()
    for path in list_paths():
        for cell, rest in LINE.findall(read(HOME + path)):
            row = rows[unescape(cell)]
            found = re.findall(r"<strong>([0-9,]+)</strong>", rest)
            shown = [] if row["index"] is None else [str(row["index"]).replace(".", ",")]
            assert found == shown, (path, cell)
            seen.add(unescape(cell))
    assert {row["cell"] for row in rows.values() if row["level"] == "factor"} <= seen


def test_a_correction_is_a_new_number_and_the_old_one_stays(
    cast: Cast, edition: Edition, tmp_path: Path
) -> None:
    edition.withdrawn_at = timezone.now()
    edition.save()
    assert "đã được rút ngày" in read(EDITION)
    assert "Chưa có số liệu được công bố." in read(HOME)
    make_second(cast, tmp_path)
    assert "bản công bố số 2" in read("/ket-qua/2026/q3/2/")
    assert f'href="{HOME}2026/q3/2/"' in read(EDITION), "the old one names the one that stands"
    assert "bản công bố số 2 đang có hiệu lực" in read(EDITION)
    page = read("/ket-qua/dinh-chinh/")
    assert 'href="/ket-qua/2026/q3/2/"' in page
    assert "chỉ số chung của tỉnh thay đổi (điểm): +" in page
    assert "Đã rút" in page


def test_open_data_never_change_once_made(
    cast: Cast, edition: Edition, tmp_path: Path, settings: Any
) -> None:
    names = [name for name, _size in open_data.list_open_data(public_editions()[0])]
    assert names == list(open_data.NAMES)
    first = {name: Client().get(EDITION + name).content for name in names}
    make_second(cast, tmp_path)
    settings.REPORT_ISSUER, settings.PUBLIC_URL = "Văn phòng khác", "https://other.example"
    settings.OPEN_DATA_LICENCE = "ODbL-1.0"
    assert {name: Client().get(EDITION + name).content for name in names} == first
    rows = list(csv.DictReader(io.StringIO(first["data.csv"].decode())))
    assert {row["agency"] for row in rows} == {"*", "h20.01", "28261"}
    assert all(int(row["n"]) % 5 == 0 for row in rows if row["n"])


def test_the_static_site_is_what_the_server_shows_and_no_link_is_broken(
    cast: Cast, edition: Edition, tmp_path: Path
) -> None:
    Improvement.objects.create(
        agency=cast.land,
        said="Chờ lâu <b>",
        did="Thêm quầy",
        author=cast.analyst,
        approved_by=cast.operator,
        approved_at=timezone.now(),
        done_on=timezone.localdate(),
    )
    site = tmp_path / "site"
    call_command("build_public_site", str(site))
    pages = [p for p in sorted(site.rglob("*.html")) if p.name == "index.html"]
    assert len(pages) > 30
    for file in pages:
        address = "/" + str(file.relative_to(site)).removesuffix("index.html")
        content = file.read_bytes()
        assert content == Client().get(address).content, address
        assert len(content) <= 15_000, address
        assert b"<script" not in content
        for link in LINK.findall(content.decode()):
            place = site / unquote(unescape(link)).lstrip("/")
            assert (place / "index.html" if link.endswith("/") else place).is_file(), link
    times = {file: file.stat().st_mtime_ns for file in pages}
    call_command("build_public_site", str(site))
    assert times == {file: file.stat().st_mtime_ns for file in pages}, "what is the same stays"
    assert "Chờ lâu &lt;b&gt;" in read("/ket-qua/gop-y/1/")


def test_a_feed_tells_of_every_release_and_of_what_was_taken_back(
    cast: Cast, edition: Edition
) -> None:
    def read_feed() -> Element:
        found: Element = fromstring(Client().get(f"{HOME}tin-moi.xml").content)
        return found

    atom = {"a": "http://www.w3.org/2005/Atom"}
    entry = read_feed().find("a:entry", atom)
    assert entry is not None
    assert entry.findtext("a:title", namespaces=atom) == "Quý III năm 2026, bản công bố số 1"
    assert entry.findtext("a:id", namespaces=atom) == f"http://127.0.0.1:8000{EDITION}"
    edition.withdrawn_at = timezone.now()
    edition.save()
    assert "đã rút" in str(read_feed().findtext("a:entry/a:title", namespaces=atom))


@pytest.mark.parametrize(
    ("prefix", "words", "mark"),
    [
        ("", "Theo yếu tố phục vụ", ","),
        ("en/", "By part of service", "."),
        ("km/", "តាមផ្នែកនៃសេវា", "."),
    ],
)
def test_pages_stand_in_three_languages(
    cast: Cast, edition: Edition, prefix: str, words: str, mark: str
) -> None:
    page = read(f"/ket-qua/{prefix}2026/q3/1/")
    assert words in page
    assert f'href="/ket-qua/{prefix}2026/q3/1/du-lieu/"' in page
    assert re.search(rf"<strong>\d\d\{mark}\d\d %</strong>", page)


def test_looking_changes_nothing_and_nothing_else_is_allowed(cast: Cast, edition: Edition) -> None:
    before = dump()
    client = Client()
    answer = client.get(EDITION)
    assert not answer.cookies
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    same = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(EDITION, headers=same).status_code == 304
    assert client.head(EDITION).status_code == 200
    for method in (client.post, client.put, client.delete):
        assert method(EDITION).status_code == 405
    assert dump() == before


@pytest.mark.parametrize(
    "path",
    [
        "2026/q3/2/",
        "2026/q5/1/",
        "2026/q3/0/",
        "2026/q3/1/don-vi/*/",
        "2026/q3/1/don-vi/nobody/",
        "2026/q3/1/loai/department/9/",
        "2026/q3/1/loai/x/1/",
        "2026/q3/1/linh-vuc/%27/1/",
        "2026/q3/1/secret.csv",
        "2026/q3/1/../../../etc/passwd",
        "en/2026/q3/1/data.csv",
        "gop-y/99/",
        "fr/",
        "x" * 400,
    ],
)
def test_what_is_not_there_is_not_found(cast: Cast, edition: Edition, path: str) -> None:
    assert Client().get(HOME + path).status_code == 404


@pytest.mark.parametrize(
    ("part", "path", "title"),
    [
        ("Q3", "q3", "quý III năm 2026"),
        ("H2", "h2", "6 tháng cuối năm 2026"),
        ("9M", "9t", "9 tháng đầu năm 2026"),
        ("07", "t07", "tháng 7 năm 2026"),
        ("", "nam", "năm 2026"),
    ],
)
def test_periods_have_an_address_and_a_title(part: str, path: str, title: str) -> None:
    assert path_of_part(part) == path
    assert period_title("2026" + (f"-{part}" if part else "")) == title


def change_row(edition: Edition, agency: Any, **more: Any) -> None:
    """What is stored of an agency's overall figure, changed for a test."""
    result = edition.results.get(agency=agency)
    result.rows[0] |= more
    result.save()
    figures._lines.cache_clear()


def test_a_figure_that_is_not_shown_is_not_compared_either(cast: Cast, edition: Edition) -> None:
    edition.about["standing"] = {"h20.01": {"verdict_mean": -1}}
    edition.save()
    own, listed = f"{EDITION}don-vi/h20.01/", f"{EDITION}loai/department/1/"
    words = "thấp hơn rõ rệt trung bình nhóm"
    assert words in read(own)
    assert words in read(listed)
    change_row(edition, cast.land, ci_low="50.00", ci_high="80.00")
    assert "số liệu chưa đủ chính xác" in read(own)
    assert words not in read(own)
    assert words not in read(listed)


def test_the_target_is_decided_by_exact_limits_and_of_compared_figures(
    cast: Cast, edition: Edition
) -> None:
    own = f"{EDITION}don-vi/h20.01/"
    change_row(edition, cast.land, n=60, weighted_index="88.00", ci_low="80.00", ci_high="90.04")
    assert "chưa kết luận được" in read(own), "90.04 is shown as 90.0 and lies above 90"
    change_row(edition, cast.land, ci_high="90.00")
    assert "chưa đạt" in read(own)
    change_row(edition, cast.land, status="few", ci_low="95.00", ci_high="99.00")
    assert "đạt, chắc chắn" not in read(own)


def test_the_change_of_a_hidden_figure_is_not_told(
    cast: Cast, edition: Edition, tmp_path: Path
) -> None:
    second = make_second(cast, tmp_path)
    assert "thay đổi (điểm)" in read("/ket-qua/dinh-chinh/")
    change_row(second, None, ci_low="50.00", ci_high="85.00")
    assert "thay đổi (điểm)" not in read("/ket-qua/dinh-chinh/")
    note = read("/ket-qua/2026/q3/2/phuong-phap/")
    assert "bản này trừ các bản đó" not in note


def test_the_edition_that_stands_may_be_an_earlier_one(
    cast: Cast, edition: Edition, tmp_path: Path
) -> None:
    second = make_second(cast, tmp_path)
    second.withdrawn_at = timezone.now()
    second.save()
    assert "bản công bố số 1 đang có hiệu lực" in read("/ket-qua/2026/q3/2/")
    assert "đang có hiệu lực" not in read(EDITION)


def test_a_domain_called_like_an_applicant_keeps_its_words(cast: Cast, edition: Edition) -> None:
    result = edition.results.get(agency=cast.land)
    like = {**result.rows[0], "level": "domain", "code": "business", "label": "Lĩnh vực A/B"}
    part = {**like, "level": "applicant", "label": "Doanh nghiệp", "weighted_index": "70.00"}
    result.rows = [result.rows[0], part, like, {**like, "code": "đất/đai"}]
    result.save()
    figures._lines.cache_clear()
    assert "Lĩnh vực A/B" in read(f"{EDITION}linh-vuc/business/1/")
    assert "Lĩnh vực A/B" in read(f"{EDITION}linh-vuc/dat_dai/1/")
    assert all(Client().get(HOME + path).status_code == 200 for path in list_paths())
    text = Client().get(f"{EDITION}structure.xml").content.decode()
    assert 'id="domain_business"' in text
    assert 'id="applicant_business"' in text


def test_unknown_files_cost_nothing(cast: Cast, edition: Edition, settings: Any) -> None:
    assert Client().get(f"{EDITION}nope.txt").status_code == 404
    assert not (settings.VAR_DIR / "open-data").exists()


def test_pages_do_not_ask_once_an_edition(
    cast: Cast, edition: Edition, django_assert_max_num_queries: Any
) -> None:
    for number in range(2, 12):
        Edition.objects.create(
            period=f"2025-{number:02d}",
            method="sipas-service",
            method_version=3,
            method_sha256="m" * 64,
            snapshot_sha256=f"{number:064d}",
            responses=1,
            about=edition.about,
            made_at=AFTER,
            released_at=AFTER,
            public_number=1,
        )
    Client().get(HOME)
    with django_assert_max_num_queries(4 + 11):
        Client().get(HOME)
    with django_assert_max_num_queries(8):
        Client().get(EDITION)


def test_the_site_forgets_what_no_longer_belongs_to_it(
    cast: Cast, edition: Edition, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    call_command("build_public_site", str(site))
    stale = site / "ket-qua" / "gop-y" / "9" / "index.html"
    stale.parent.mkdir(parents=True)
    stale.write_text("x", encoding="utf-8")
    call_command("build_public_site", str(site))
    assert not stale.exists()
    assert (site / "ket-qua" / "index.html").exists()


def test_only_known_licences_can_be_set(settings: Any) -> None:
    assert set(checks.LICENCES) == set(LICENCES)
    settings.OPEN_DATA_LICENCE = "CC0"
    assert [found.id for found in checks.licence_is_known(None)] == ["survey.E014"]
