"""The main job: a slip is scanned, a citizen answers, the right agency's index moves in the
analyst's file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
import requests
import zxingcpp
from django.urls import reverse
from playwright.sync_api import Browser, Page

from survey.console.sections import SECTIONS
from tests.flows.browsing import press, violations
from tests.servers.conftest import (
    Server,
    copy_installation,
    environment_for,
    free_port,
    manage,
    migrate,
    serve,
)
from tests.survey.factories import PASSWORD

pytestmark = pytest.mark.browser

FILL = """
from pathlib import Path
from tests.survey.factories import make_cast, NOW
from tests.survey.scorecards.builders import (fill)
from tests.survey.transactions.builders import (csv_file)
from survey.transactions.services import import_totals
from survey.access.print.slips import slips_pdf
from survey.access.print.posters import poster_pdf
from survey.access.slips import Batch, issue_slips
from django.utils import timezone
cast = make_cast()
fill(cast, good=18, bad=6, channel="counter", now=timezone.now())
fill(cast, good=20, bad=0, channel="online", now=timezone.now())
month = timezone.localtime().strftime("%Y-%m")
import_totals(content=csv_file(f"{month},H20.01,land,counter,240,240",
    f"{month},H20.01,land,online,60,60",
    f"{month},28261,civil-status,counter,50,50"), file_name="t.csv", by=None, now=timezone.now())
Path(OUT).write_bytes(poster_pdf([cast.code], paper="A5"))
batch = Batch(agency_id=cast.land.pk, channel="counter", domain_id=cast.land_counter.domain_id)
codes = issue_slips(batch=batch, count=1, now=timezone.now())
Path(OUT).with_name("slips.pdf").write_bytes(slips_pdf(codes,
    name="Sở Nông nghiệp và Môi trường", notice=""))
print(timezone.localtime().strftime("%Y"), cast.commune_code.code)
"""


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """Folder of a filled installation with its printed poster, the port its posters name, and the
    year.
    """
    folder, port = tmp_path_factory.mktemp("filled"), free_port()
    environment = {**environment_for(folder, None), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    migrate(environment)
    code = FILL.replace("OUT", repr(str(folder / "poster.pdf")))
    return folder, port, manage(environment, "shell", "--no-imports", "-c", code).split()[-2]


@pytest.fixture
def server(filled: tuple[Path, int, str], tmp_path: Path) -> Any:
    """A server on a copy: one agency's answers and totals, and a printed poster."""
    source, port, year = filled
    copy_installation(source, tmp_path)
    with serve(environment_for(tmp_path, None), tmp_path, port=port) as running:
        running.environment["YEAR"] = year
        yield running


COUNTS = """
from survey.models import Response as R
print(R.objects.filter(answers__has_key='A1').values('response').distinct().count(),
    R.objects.count())
"""


def scan(poster: Path) -> str:
    """What a phone's camera reads from the printed poster."""
    image = pypdfium2.PdfDocument(poster)[0].render(scale=150 / 72).to_pil()
    return zxingcpp.read_barcodes(image)[0].text


def figures(server: Server, tmp_path: Path, name: str) -> dict[str, dict[str, Any]]:
    """Snapshot, index and the row of the land department, read back from the XLSX as an analyst
    would.
    """
    snapshot, target = tmp_path / name, tmp_path / f"{name}.xlsx"
    server.manage(
        "take_snapshot", "--period", server.environment["YEAR"], "--out", str(snapshot), "-v0"
    )
    import subprocess
    import sys

    command = [
        sys.executable,
        "-m",
        "analysis",
        "index",
        str(snapshot),
        "--method",
        "sipas-service",
        "--out",
        str(target),
    ]
    subprocess.run(command, check=True)
    rows = list(openpyxl.load_workbook(target)["data"].iter_rows(values_only=True))
    records: list[dict[Any, Any]] = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    found = {str(r["code"]): r for r in records if r["agency"] == "h20.01"}
    return {**found, "other": next(r for r in records if r["agency"] == "28261")}


def answer_everything(page: Page, address: str, *, audit: bool = False) -> int:
    """Short form, then the full form; returns the taps from the opened page to the sent short form.

    ``audit`` runs axe on every page; it needs JavaScript.
    """

    def look() -> None:
        assert not audit or violations(page) == []

    page.goto(address)
    look()
    page.locator("label[for=overall-4]").click()
    press(page, "button[type=submit]")
    taps = 2
    assert page.locator(".code").inner_text()
    look()
    press(page, "#answer button[type=submit]")
    look()
    press(page, "a[href*='/full']")
    for _ in range(5):
        look()
        for group in page.locator("fieldset").all():
            group.locator("label").nth(3).click()
        press(page, "button[type=submit]")
    assert page.locator(".receipt").inner_text()
    return taps


@pytest.mark.parametrize("script", [False, True], ids=["without JavaScript", "with JavaScript"])
def test_from_the_scan_to_the_spreadsheet(
    browser: Browser, server: Server, tmp_path: Path, script: bool
) -> None:
    before = figures(server, tmp_path, "before")
    address = scan(tmp_path / "slips.pdf")
    assert address == address.upper()
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=script
    )
    page = context.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    taps = answer_everything(page, address, audit=script)
    assert taps <= 3
    assert context.cookies() == []
    assert {url.split("/")[2].lower() for url in requested if url.startswith("http")} == {
        server.url.split("/")[2]
    }
    after = figures(server, tmp_path, "after")
    # By hand: counter 18 of 24 satisfied on every item, now 19 of 25; online 20 of 20; 240 and 60
    # dossiers.
    by_hand = [
        round((Decimal(240) * good / n + 60) / 300 * 100, 2) for good, n in ((18, 24), (19, 25))
    ]
    for row, n, index in ((before, 44, by_hand[0]), (after, 45, by_hand[1])):
        assert row["overall"]["n"] == n
        assert Decimal(str(row["overall"]["weighted_index"])) == index
        assert {row[item]["n"] for item in ("A1", "E3")} == {n}
    assert before["other"] == after["other"], "the other agency did not move"
    log = server.log.read_text(encoding="utf-8")
    assert "Traceback" not in log


def test_an_answer_from_a_poster_stands_beside_the_index(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    before = figures(server, tmp_path, "before")
    page = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    answer_everything(page, scan(tmp_path / "poster.pdf"))
    after = figures(server, tmp_path, "after")
    index = ("n", "weighted_index", "ci_low", "ci_high")
    assert [before["overall"][name] for name in index] == [after["overall"][name] for name in index]
    assert server.python(COUNTS) == "45 50", "it is stored all the same"


def test_the_first_page_is_one_small_request(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    address = scan(tmp_path / "poster.pdf")
    page = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address, wait_until="networkidle")
    assert len([url for url in requested if url.startswith("http")]) == 1
    sent = requests.get(address, headers={"Accept-Encoding": "gzip"}, timeout=30)
    assert sent.headers["Content-Encoding"] == "gzip"
    assert len(gzip.compress(sent.content, 6)) <= 14 * 1024
    box = page.locator("label[for=overall-1]").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 740, "the first answer is visible without scrolling"
    assert box["height"] >= 48


def test_back_after_sending_shows_the_same_receipt(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    page = browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False
    ).new_page()
    page.goto(scan(tmp_path / "poster.pdf"))
    page.locator("label[for=overall-5]").click()
    press(page, "button[type=submit]")
    receipt = page.locator(".code").inner_text()
    page.reload()
    assert page.locator(".code").inner_text() == receipt
    page.go_back()
    page.locator("label[for=overall-1]").click()
    press(page, "button[type=submit]")
    assert page.locator(".code").inner_text() == receipt
    assert server.python(COUNTS) == "44 45"


def test_what_is_asked_next_follows_the_rating_without_script(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    page = browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False
    ).new_page()
    for level, asked, other in ((2, "#q-reasons", "#q-good"), (5, "#q-good", "#q-reasons")):
        page.goto(scan(tmp_path / "poster.pdf"))
        assert not page.locator("#q-reasons").is_visible()
        page.locator(f"label[for=overall-{level}]").click()
        press(page, "button[type=submit]")
        assert page.locator(asked).is_visible()
        assert not page.locator(other).is_visible()


def test_an_error_takes_the_focus_and_links_to_the_answer(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(scan(tmp_path / "poster.pdf"))
    press(page, "button[type=submit]")
    assert page.title().startswith("Lỗi:")
    assert page.evaluate("document.activeElement.id") == "problem"
    assert violations(page) == []
    page.locator("#problem a").click()
    assert page.evaluate("document.activeElement.id") == "overall-1"


STAFF_PAGES = [reverse(section.name) for sections in SECTIONS.values() for section in sections]


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        pytest.param("dark", 360, marks=pytest.mark.slow),
        pytest.param("light", 1280, marks=pytest.mark.slow),
        pytest.param("dark", 1280, marks=pytest.mark.slow),
        pytest.param("light", 360, marks=pytest.mark.slow),
    ],
)
def test_no_page_breaks_an_accessibility_rule_or_scrolls_sideways(
    browser: Browser, server: Server, tmp_path: Path, width: int, scheme: str
) -> None:
    figures(server, tmp_path, "all")
    server.manage("make_edition", str(tmp_path / "all"))
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    faults: list[str] = []

    def look(path: str) -> None:
        page.goto(server.url + path)
        faults.extend(f"{path} {item}" for item in violations(page))
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{path} is wider than the window")

    for path in ("/staff/sign-in", "/staff/sign-in?lang=en"):
        look(path)
    if scheme == "dark":
        answer_everything(page, scan(tmp_path / "poster.pdf"), audit=True)
    page.goto(f"{server.url}/staff/sign-in")
    page.fill("#id_username", "operator")
    page.fill("#id_password", "not the password")
    press(page, "button[type=submit]")
    faults.extend(violations(page))
    page.fill("#id_username", "operator")
    page.fill("#id_password", PASSWORD)
    press(page, "button[type=submit]")
    assert page.url.endswith("/staff/today")
    page.goto(f"{server.url}/staff/")
    detail = page.locator("tbody th a").first.get_attribute("href")
    assert detail
    for path in [*STAFF_PAGES, detail]:
        look(path)
    page.goto(f"{server.url}/staff/imports/totals")
    press(page, "main button[type=submit]")
    faults.extend(violations(page))
    assert faults == []


def test_the_switch_keeps_the_answers_with_and_without_script(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    address = scan(tmp_path / "poster.pdf")
    for scripted in (True, False):
        page = browser.new_context(
            viewport={"width": 360, "height": 740}, java_script_enabled=scripted
        ).new_page()
        page.goto(address)
        switch = "nav a[lang=%s]" if scripted else "button[name=switch][value=%s]"
        page.locator("label[for=overall-2]").click()
        page.locator(switch % "km").click()
        page.wait_for_selector("html[lang=km]")
        assert page.locator("#overall-2").is_checked()
        press(page, "#answer button[type=submit]")
        page.locator("label[for=reasons-late]").click()
        page.fill("textarea", "Chờ lâu")
        page.locator(switch % "en").click()
        page.wait_for_selector("html[lang=en]")
        assert page.locator("#reasons-late").is_checked()
        assert page.input_value("textarea") == "Chờ lâu"
        page.context.close()


@pytest.mark.slow
def test_a_period_is_computed_beside_the_server_and_what_was_begun_is_taken_up_again(
    browser: Browser, server: Server
) -> None:
    """On SQLite a thread of the server does it; stopped at it, the next one does it again."""
    year = server.environment["YEAR"]
    page = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{server.url}/staff/periods?period={year}")
    page.fill("#id_username", "analyst")
    page.fill("#id_password", PASSWORD)
    press(page, "main button[type=submit]")
    assert violations(page) == []
    press(page, "main button.primary")
    for _look in range(60):
        if page.locator("text=đã xong").count() == 2:
            break
        page.wait_for_timeout(500)
        page.goto(f"{server.url}/staff/periods?period={year}")
    assert page.locator("text=đã xong").count() == 2, server.log.read_text()
    page.click("main tbody th a >> nth=-1")
    page.wait_for_load_state()
    assert "Tạm tính" in page.inner_text("main")
    assert violations(page) == []
    server.manage("shell", "--no-imports", "-c", BEGUN)
    server.process.terminate()
    server.process.wait(20)
    with serve(server.environment, server.log.parent, port=free_port()) as again:
        for _look in range(60):
            if again.manage("shell", "--no-imports", "-c", STATES).split()[-1] == "done":
                break
            page.wait_for_timeout(500)
        assert again.manage("shell", "--no-imports", "-c", STATES).split()[-1] == "done"


BEGUN = """
from django_tasks_db.models import DBTaskResult
from survey.scorecards.models import Computation
Computation.objects.update(state="counting", edition=None)
DBTaskResult.objects.update(status="RUNNING")
"""
STATES = """
from survey.scorecards.models import Computation
print(*sorted(set(Computation.objects.values_list("state", flat=True))))
"""


def test_the_analyst_downloads_what_the_page_shows(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    figures(server, tmp_path, "all")
    server.manage("make_edition", str(tmp_path / "all"))
    page = browser.new_context(
        viewport={"width": 1280, "height": 900}, accept_downloads=True
    ).new_page()
    page.goto(f"{server.url}/staff/")
    page.fill("#id_username", "analyst")
    page.fill("#id_password", PASSWORD)
    press(page, "button[type=submit]")
    shown = page.locator("tbody tr", has_text="Sở Nông nghiệp").locator(".value").inner_text()
    with page.expect_download() as download:
        page.click("text=Tải XLSX")
    download.value.save_as(tmp_path / "index.xlsx")
    book = openpyxl.load_workbook(tmp_path / "index.xlsx")
    rows = list(book["Chỉ số"].iter_rows(values_only=True))
    line = next(row for row in rows if row[1] == "Sở Nông nghiệp và Môi trường")
    assert f"{line[7]:.2f}".replace(".", ",") == shown == "80,00"
    with page.expect_download() as download:
        page.click("text=JSON")
    document = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert document["about"]["method"] == "sipas-service"


@pytest.mark.slow
def test_the_journey_works_on_postgresql_too(
    browser: Browser, tmp_path: Path, scratch_database: Callable[[], str]
) -> None:
    environment = environment_for(tmp_path, scratch_database())
    migrate(environment)
    with serve(environment, tmp_path, workers=2) as running:
        code = FILL.replace("OUT", repr(str(tmp_path / "poster.pdf")))
        running.environment["YEAR"] = running.python(code).split()[-2]
        before = figures(running, tmp_path, "before")
        page = browser.new_context(
            viewport={"width": 360, "height": 740}, java_script_enabled=False
        ).new_page()
        answer_everything(page, scan(tmp_path / "slips.pdf"))
        after = figures(running, tmp_path, "after")
        assert after["overall"]["n"] == before["overall"]["n"] + 1
        assert (before["overall"]["weighted_index"], after["overall"]["weighted_index"]) == (
            80.0,
            80.8,
        )
