"""The kiosk in a real browser with the server away: nothing lost, gaps told. KIOSK_FULL=1 gives
2,000 answers.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.flows.browsing import FLAGS, until
from tests.servers.conftest import environment_for, free_port, migrate, serve

pytestmark = pytest.mark.browser
FULL = os.environ.get("KIOSK_FULL") == "1"
ANSWERS, RESTARTS, CRASHES = (2000, 30, 10) if FULL else (200, 6, 2)
HOUR = 3_600_000
SET_UP = """
from django.utils import timezone
from tests.survey.factories import make_cast
from survey.access.kiosks import Kiosk, add_kiosk
code = add_kiosk(counter=make_cast().land_counter, name="A", now=timezone.now())[1]
# The tests run at night too.
Kiosk.objects.update(opens="00:00", closes="23:59:59", days="1234567")
print(code)
"""
COUNTS = """
from survey.access.kiosks import Kiosk, count_gaps
from survey.responses.models import Response
rows = Response.objects.all()
print(rows.count(), *count_gaps(Kiosk.objects.get()))
"""


@contextmanager
def tablet(browser: Browser, profile: Path, shift: int = 0) -> Iterator[BrowserContext]:
    """The tablet's browser with its stored data; ``shift`` moves its clock, in milliseconds."""
    context = browser.browser_type.launch_persistent_context(
        str(profile), executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
    )
    context.add_init_script(
        f"""{{ const real = Date; const now = () => real.now() + {shift};
        Date = class extends real {{ constructor(...a) {{ a.length ? super(...a) : super(now()); }}
        static now() {{ return now(); }} }}; }}"""
    )
    try:
        yield context
    finally:
        with suppress(Error):
            context.close()


def kiosk_page(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(f"{url}/kiosk/")
    until(page, "typeof kiosk === 'object'")
    return page


def keep(page: Page, count: int) -> None:
    page.evaluate(
        "async (n) => { for (let k = 0; k < n; k++) await kiosk.keep([['overall', String(1 + k % "
        "5)]]); }",
        count,
    )


def kept(page: Page) -> int:
    return int(page.evaluate("async () => (await kiosk.fact('sequence')) || 0"))


def crash(profile: Path) -> None:
    """The battery is pulled out while answers are written."""
    for process in psutil.process_iter(["cmdline"]):
        if any(str(profile) in part for part in process.info["cmdline"] or []):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)


def crash_while_writing(browser: Browser, profile: Path, url: str) -> int:
    """Returns how many writes had been acknowledged to the page."""
    acknowledged = 0

    def note() -> None:
        nonlocal acknowledged
        acknowledged += 1

    with tablet(browser, profile) as context:
        page = kiosk_page(context, url)
        before = kept(page)
        page.expose_function("note", note)
        page.evaluate(
            "void (async () => { for (;;) { await kiosk.keep([['overall', '4']]); await note(); } "
            "})()"
        )
        page.wait_for_timeout(150)
        crash(profile)
        time.sleep(0.3)
    return before + acknowledged


@pytest.mark.slow
def test_days_without_network_restarts_and_crashes(browser: Browser, tmp_path: Path) -> None:
    profile, port = tmp_path / "profile", free_port()
    environment = environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path, port=port) as server:
        url = server.url
        code = server.python(SET_UP)
        with tablet(browser, profile) as context:
            page = kiosk_page(context, url)
            page.fill("#code", code.lower())
            page.click("#enrol button")
            page.wait_for_selector("[data-part=form]:not([hidden])")
            page.evaluate("async () => { await navigator.serviceWorker.ready; }")
            page.reload()
            until(page, "navigator.serviceWorker.controller !== null")
    # The server is away: the network is pulled.
    each = ANSWERS // (RESTARTS + 2)
    for restart in range(RESTARTS):
        shift = -24 * HOUR if restart == RESTARTS // 2 else restart * 72 * HOUR // RESTARTS
        with tablet(browser, profile, shift) as context:
            keep(kiosk_page(context, url), each)
    with tablet(browser, profile, 72 * HOUR) as context:
        page, other = (kiosk_page(context, url) for _tab in range(2))
        assert page.locator("#unsent").is_visible()
        for tab in (page, other):
            tab.evaluate(
                """(n) => { self.work = (async () => {
                for (let k = 0; k < n; k++) await kiosk.keep([["overall", "3"]]); })(); }""",
                each // 2,
            )
        for tab in (page, other):
            tab.evaluate("() => self.work")
        touch(page, 5)
        finish(page)
    for _crash in range(CRASHES):
        acknowledged = crash_while_writing(browser, profile, url)
        with tablet(browser, profile) as context:
            assert kept(kiosk_page(context, url)) >= acknowledged
    with tablet(browser, profile) as context:
        page = kiosk_page(context, url)
        keep(page, max(0, ANSWERS - kept(page)))
        total = kept(page)
        with serve(environment, tmp_path, port=port) as server:
            page.evaluate("() => kiosk.sync()")
            until(page, "async () => (await kiosk.waiting(1)).length === 0", 240)
            assert server.python(COUNTS) == f"{total} 0 []"
            assert total >= ANSWERS
            # Somebody deletes three bad answers on the tablet: the server knows which numbers are
            # missing.
            server.process.send_signal(signal.SIGSTOP)
            keep(page, 5)
            page.evaluate(
                """async (first) => { const db = await new Promise((good) => {
                    const r = indexedDB.open("kiosk", 1);
                r.onsuccess = () => good(r.result); }); const t = db.transaction("queue",
                    "readwrite");
                for (let k = 0; k < 3; k++) t.objectStore("queue").delete(first + k);
                await new Promise((good) => { t.oncomplete = good; }); }""",
                total + 1,
            )
            server.process.send_signal(signal.SIGCONT)
            page.evaluate("() => kiosk.sync()")
            until(page, "async () => (await kiosk.waiting(1)).length === 0")
            assert server.python(COUNTS) == f"{total + 2} 3 [{total + 1}, {total + 2}, {total + 3}]"


NEW_CODE = """
from django.utils import timezone
from survey.agencies.models import Counter
from survey.access.kiosks import add_kiosk
print(add_kiosk(counter=Counter.objects.first(), name="B", now=timezone.now())[1])
"""
ROW = (
    "from survey.models import Response as R; r = R.objects.get(); print(r.language, r.answers, "
    "r.marks)"
)
WITHDRAW = (
    "from survey.access.kiosks import Kiosk; "
    "Kiosk.objects.update(revoked_at='2026-01-01T00:00:00Z')"
)
TARGETS = """() => [...document.querySelectorAll("button, a, summary, .field")]
    .filter((e) => e.checkVisibility()).map((e) => [e.getBoundingClientRect().height,
        e.outerHTML.slice(0, 60)])"""


def set_up(page: Page, code: str) -> None:
    page.fill("#code", code)
    page.click("#enrol button")
    page.wait_for_selector("[data-part=form]:not([hidden])")


def touch(page: Page, level: int) -> None:
    """Touch a face, and see that it was kept."""
    face = f"[data-field=overall][data-value='{level}']"
    page.click(face)
    page.wait_for_selector(f"{face}[aria-pressed=true]")


def finish(page: Page) -> None:
    """Wait for the tiles and say that this was all."""
    page.wait_for_selector("[data-part=more]:not([hidden])", timeout=15_000)
    page.click("#finish")
    page.wait_for_selector("[data-part=thanks]:not([hidden])")


SENT = "async () => !(await kiosk.waiting(1)).length"
ALL = (
    "from survey.models import Response as R; "
    "print(*((r.answers, r.marks) for r in R.objects.order_by('answers')), sep='; ')"
)
SIZES = [(1024, 600), (1280, 800), (800, 1280)]
OUTSIDE = """() => [...document.querySelectorAll(".faces button, .faces span, h1, .promise")]
    .concat(document.getElementById("touch")).filter((e) => e.checkVisibility())
    .filter((e) => { const r = e.getBoundingClientRect();
        return r.top < 0 || r.left < 0 || r.bottom > innerHeight || r.right > innerWidth; })
    .map((e) => e.outerHTML.slice(0, 60))"""
SMALL = """() => [...document.querySelectorAll(".faces svg")]
    .map((e) => e.getBoundingClientRect()).filter((r) => r.width < 100 || r.height < 100).length"""


@pytest.mark.slow
def test_the_touch_is_the_answer_also_for_who_leaves(browser: Browser, tmp_path: Path) -> None:
    port, environment = free_port(), environment_for(tmp_path, None)
    migrate(environment)
    with tablet(browser, tmp_path / "profile") as context:
        with serve(environment, tmp_path, port=port) as server:
            code = server.python(SET_UP)
            page = kiosk_page(context, server.url)
            set_up(page, code)
            page.evaluate("async () => { await navigator.serviceWorker.ready; }")
            assert page.text_content("#counter") == "Quầy 1"
            assert "Phục vụ hành chính công" in str(page.text_content("#office"))
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate(OUTSIDE) == []
                assert page.evaluate(SMALL) == 0
                assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
            # Touched, another touched within five seconds, and gone.
            touch(page, 1)
            assert "Rất không hài lòng" in str(page.text_content("#state"))
            touch(page, 2)
            assert page.locator(".faces [aria-pressed=true]").count() == 1
            page.wait_for_selector("[data-part=more]:not([hidden])", timeout=15_000)
            page.set_viewport_size({"width": 1024, "height": 600})
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
            assert page.locator("textarea").count() == 0, "nobody writes at a stand"
            page.wait_for_selector("[data-part=ask]:not([hidden])", timeout=30_000)
            assert not page.locator(".tiles [data-field]:visible").count(), "nothing tells a level"
            page.click("#next")
            page.wait_for_selector("[data-part=form]:not([hidden])")
            assert page.locator(".faces [aria-pressed=true]").count() == 0
            until(page, SENT)
            assert server.python(ALL) == "({'overall': 2}, {'flag': 'unsent'})"
        # Without a network, and the tablet switched off in the middle of it.
        touch(page, 5)
    crash(tmp_path / "profile")
    with (
        tablet(browser, tmp_path / "profile") as context,
        serve(environment, tmp_path, port=port) as server,
    ):
        page = kiosk_page(context, server.url)
        page.evaluate("() => kiosk.sync()")
        until(page, SENT)
        assert server.python(ALL) == (
            "({'overall': 2}, {'flag': 'unsent'}); ({'overall': 5}, {'flag': 'unsent'})"
        )


@pytest.mark.slow
def test_the_page_forgets_the_citizen_and_a_withdrawn_tablet_can_be_set_up_anew(
    browser: Browser, tmp_path: Path
) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path) as server, tablet(browser, tmp_path / "profile") as context:
        code = server.python(SET_UP)
        page = kiosk_page(context, server.url)
        page.fill("#code", "WRONG123")
        page.click("#enrol button")
        until(page, "document.getElementById('enrol-state').textContent !== ''")
        set_up(page, code)
        assert [target for target in page.evaluate(TARGETS) if target[0] < 72] == []
        touch(page, 2)
        page.wait_for_selector("[data-part=more]:not([hidden])", timeout=15_000)
        assert [target for target in page.evaluate(TARGETS) if target[0] < 72] == []
        page.click("[data-field=reasons][data-value=late]")
        finish(page)
        until(
            page,
            "async () => (await kiosk.fact('sequence')) === 1 && !(await kiosk.waiting(1)).length",
        )
        assert server.python(ALL) == "({'overall': 2, 'reasons': ['late']}, None)"
        page.wait_for_selector("[data-part=form]:not([hidden])", timeout=15_000)
        assert page.locator("[aria-pressed=true]").count() == 0
        server.python(WITHDRAW)
        touch(page, 2)
        page.wait_for_selector("[data-part=more]:not([hidden])", timeout=15_000)
        page.click("#finish")
        page.wait_for_selector("[data-part=withdrawn]:not([hidden])")
        page.wait_for_timeout(7000)
        assert page.locator("[data-part=withdrawn]").is_visible(), (
            "it does not go back to a form nobody receives"
        )
        assert page.evaluate("async () => (await kiosk.waiting(9)).length") == 1
        page.reload()
        page.wait_for_selector("[data-part=withdrawn]:not([hidden])", timeout=15_000)
        page.click("#anew")
        set_up(page, server.python(NEW_CODE))
        until(page, SENT)
        # The answer that waited is the first of the new sequence: nothing is lost and no gap
        # invented. It was given at another tablet's counter under a key that no longer counts: kept
        # as an open answer, marked.
        assert (
            server.python(COUNTS.replace("Kiosk.objects.get()", "Kiosk.objects.get(name='B')"))
            == "2 0 []"
        )
        last = (
            "from survey.models import Response as R; r = R.objects.get(evidence='E0'); "
            "print(r.marks, "
            "r.counter.name)"
        )
        assert server.python(last) == "{'flag': 'withdrawn'} Quầy 1"


def test_nobody_there_resets_the_page_and_a_double_tap_is_one_answer(
    browser: Browser, tmp_path: Path
) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path) as server, tablet(browser, tmp_path / "profile") as context:
        code = server.python(SET_UP)
        page = kiosk_page(context, server.url)
        set_up(page, code)
        page.clock.install()
        touch(page, 1)
        page.clock.run_for(5_100)
        page.wait_for_selector("[data-part=more]:not([hidden])")
        page.click("[data-field=reasons][data-value=waiting]")
        page.wait_for_selector("[data-value=waiting][aria-pressed=true]")
        page.clock.run_for(16_000)
        assert page.locator("[data-part=ask]").is_visible()
        assert page.evaluate("document.activeElement.id") == "ask-title", "a screen reader is told"
        page.clock.run_for(10_000)
        page.click("#stay")
        assert page.locator("[data-value=waiting][aria-pressed=true]").is_visible(), (
            "who needs more time loses nothing"
        )
        page.clock.run_for(16_000)
        page.wait_for_timeout(100)
        page.clock.run_for(21_000)
        page.wait_for_selector("[data-part=form]:not([hidden])")
        assert page.locator("[aria-pressed=true]").count() == 0
        page.locator("[data-field=overall][data-value='4']").dblclick()
        page.wait_for_selector(".faces [aria-pressed=true]")
        page.clock.run_for(5_100)
        finish(page)
        until(page, SENT)
        # The first was touched and left: it is kept, marked; the double tap is one answer.
        assert server.python(COUNTS) == "2 0 []"


@pytest.mark.slow
def test_a_change_of_language_keeps_the_answers_and_leaves_nothing_behind(
    browser: Browser, tmp_path: Path
) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    port = free_port()
    with tablet(browser, tmp_path / "profile") as context:
        with serve(environment, tmp_path, port=port) as server:
            code = server.python(SET_UP)
            page = kiosk_page(context, server.url)
            set_up(page, code)
            page.evaluate("async () => { await navigator.serviceWorker.ready; }")
            page.reload()
            until(page, "navigator.serviceWorker.controller !== null")
            errors = context.new_cdp_session(page).send("Page.getInstallabilityErrors")[
                "installabilityErrors"
            ]
            assert [error for error in errors if error["errorId"] != "in-incognito"] == []
            # A server that answers with errors takes the page away no more than one that is not
            # there.
            server.python(
                "from survey.models import Version; Version.objects.update(status='retired')"
            )
            page.goto(f"{server.url}/kiosk/")
            page.wait_for_selector("[data-part=form]:not([hidden])")
        # The network is pulled: every language has been kept.
        before = page.evaluate("history.length")
        touch(page, 2)
        page.wait_for_selector("[data-part=more]:not([hidden])", timeout=15_000)
        page.click("[data-field=reasons][data-value=waiting]")
        page.click("[data-field=assisted]")
        page.wait_for_selector("[data-field=assisted][aria-pressed=true]")
        for language in ("km", "en"):
            page.locator(f"nav a[lang={language}]").click()
            page.wait_for_selector(f"html[lang={language}]")
            page.wait_for_selector("[data-value=waiting][aria-pressed=true]")
            assert page.locator("[data-field=assisted][aria-pressed=true]").is_visible()
        left = page.evaluate("Object.keys(sessionStorage)")
        assert left == ["kiosk-last"], "the moment of the last answer, nothing of it"
        assert page.evaluate("history.length") == before, "there is nothing to go back to"
        finish(page)
        page.wait_for_selector("html[lang=vi] [data-part=form]:not([hidden])", timeout=15_000)
        assert page.locator("[aria-pressed=true]").count() == 0
        page.go_back()
        assert page.locator("[aria-pressed=true]").count() == 0
        page.close()
        page = kiosk_page(context, f"http://127.0.0.1:{port}")
        with serve(environment, tmp_path, port=port) as server:
            page.evaluate("() => kiosk.sync()")
            until(page, SENT)
            assert (
                server.python(ROW)
                == "vi {'overall': 2, 'reasons': ['waiting']} {'assisted': 'helped'}"
            )


@pytest.mark.slow
def test_touches_faster_than_the_disk_lose_nothing_and_mix_nobody(
    browser: Browser, tmp_path: Path
) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path) as server, tablet(browser, tmp_path / "profile") as context:
        code = server.python(SET_UP)
        page = kiosk_page(context, server.url)
        set_up(page, code)
        touch(page, 2)
        page.wait_for_selector("[data-part=more]:not([hidden])", timeout=15_000)
        page.evaluate(
            """() => { document.querySelector("[data-value=late]").click();
            document.getElementById("finish").click(); }"""
        )
        page.wait_for_selector("[data-part=thanks]:not([hidden])")
        page.wait_for_selector("[data-part=form]:not([hidden])", timeout=15_000)
        assert page.locator("[aria-pressed=true]").count() == 0
        page.evaluate(
            """() => { for (const level of [1, 3, 5]) {
                const face = `[data-field=overall][data-value='${level}']`;
                document.querySelector(face).click(); } }"""
        )
        page.wait_for_selector("[data-part=more]:not([hidden])", timeout=15_000)
        assert page.evaluate("document.activeElement.id") == "q-good", "read out, not lost"
        page.click("#finish")
        until(page, SENT)
        assert server.python(ALL) == (
            "({'overall': 2, 'reasons': ['late']}, None); ({'overall': 5}, None)"
        )


@pytest.mark.slow
def test_a_tablet_withdrawn_while_somebody_answers_mixes_nobody(
    browser: Browser, tmp_path: Path
) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path) as server, tablet(browser, tmp_path / "profile") as context:
        code = server.python(SET_UP)
        page = kiosk_page(context, server.url)
        set_up(page, code)
        keep(page, 1)
        touch(page, 1)
        server.python(WITHDRAW)
        page.evaluate("() => kiosk.sync()")
        page.wait_for_selector("[data-part=withdrawn]:not([hidden])")
        page.click("#anew")
        set_up(page, server.python(NEW_CODE))
        assert page.locator("[aria-pressed=true]").count() == 0
        touch(page, 4)
        finish(page)
        until(page, SENT)
        levels = (
            "from survey.models import Response as R; "
            "print(sorted(r.answers['overall'] for r in R.objects.all()))"
        )
        assert server.python(levels) == "[1, 1, 4]"


@pytest.mark.slow
def test_the_ear_pressed_twice_stays_where_it_is(browser: Browser, tmp_path: Path) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path) as server, tablet(browser, tmp_path / "profile") as context:
        code = server.python(SET_UP)
        page = kiosk_page(context, server.url)
        set_up(page, code)
        for _time in range(5):
            page.locator("a.listen").dblclick()
        page.route("**/*.mp3", lambda route: route.abort())
        page.reload()
        page.wait_for_selector("[data-part=form]:not([hidden])")
        page.click("a.listen")
        page.wait_for_timeout(500)
        assert page.url.endswith("/kiosk/")


@pytest.mark.slow
def test_what_a_tablet_lacks_is_told_before_a_code_is_typed(
    browser: Browser, tmp_path: Path
) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path) as server, tablet(browser, tmp_path / "profile") as context:
        server.python(SET_UP)
        context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined });")
        page = context.new_page()
        page.goto(f"{server.url}/kiosk/")
        page.wait_for_selector("[data-part=enrol]:not([hidden])")
        until(page, "document.getElementById('enrol-state').textContent.includes('locks')")


def test_a_rating_that_cannot_be_sent_is_sent_again_by_itself(
    browser: Browser, tmp_path: Path
) -> None:
    port, environment = free_port(), environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path, port=port) as server:
        server.python("from tests.survey.factories import make_cast; make_cast()")
        code = server.python(
            "from survey.access.models import CounterCode; print(CounterCode.objects.first().code)"
        )
        page = browser.new_page(viewport={"width": 360, "height": 740})
        page.goto(f"{server.url}/s/{code}")
        page.locator("label[for=overall-4]").click()
    page.locator("#answer button[type=submit]").first.click()
    until(page, "document.getElementById('state').textContent.includes('Mất kết nối')")
    with serve(environment, tmp_path, port=port) as server:
        page.wait_for_url("**/r/**", timeout=60_000)
        assert server.python(COUNTS.replace("Kiosk.objects.get()", "Kiosk(pk=1)")).startswith("1 ")
    page.close()


@pytest.mark.slow
def test_one_answer_too_long_to_send_holds_up_no_other(browser: Browser, tmp_path: Path) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    with serve(environment, tmp_path) as server, tablet(browser, tmp_path / "profile") as context:
        code = server.python(SET_UP)
        page = kiosk_page(context, server.url)
        set_up(page, code)
        page.evaluate(
            """async () => {
              for (const size of [3, 300000, 4]) {
                await kiosk.keep([["overall", "2"], ["comment", "x".repeat(size)]]);
              }
              await kiosk.sync();
            }"""
        )
        until(page, "async () => !(await kiosk.waiting(1)).length")
        assert server.python(COUNTS) == "3 0 []"
        kept = (
            "from survey.models import Comment; print(sorted(len(c.text) for c in "
            "Comment.objects.all()))"
        )
        assert server.python(kept) == "[3, 4, 500]"
