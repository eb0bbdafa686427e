"""Published results: released editions alone, rounded, at addresses that never change."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from survey.agencies.improvements import Improvement
from survey.public import open_data
from survey.public.editions import path_of_part, public_editions
from survey.public.pages import list_paths
from survey.public.words import period_title
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
    for path in list_paths():
        page = read(HOME + path)
        assert f">{exact['n']}<" not in page
        assert str(exact["response_rate"]).replace(".", ",") not in page


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
    assert f'href="{HOME}2026/q3/2/"' in read(EDITION), "the old one names its successor"
    page = read("/ket-qua/dinh-chinh/")
    assert 'href="/ket-qua/2026/q3/2/"' in page
    assert "chỉ số chung của tỉnh thay đổi (điểm): +" in page
    assert "Đã rút" in page


def test_open_data_never_changes_once_released(
    cast: Cast, edition: Edition, tmp_path: Path
) -> None:
    names = list(open_data.open_data_folder(public_editions()[0]))
    first = {name: Client().get(EDITION + name).content for name in names}
    make_second(cast, tmp_path)
    open_data._folder.cache_clear()
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
