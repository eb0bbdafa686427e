"""Every page a citizen can meet, with the way to it: looked at by tests, drawn by ``make
pictures``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

from django.conf import settings
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.flows.browsing import launch, press
from tests.servers.conftest import Server, environment_for, manage, migrate, serve

LANGUAGES: Final = tuple(code for code, _name in settings.LANGUAGES)
WIDTHS: Final = (360, 768)
SCALE: Final = 0.5
QUALITY: Final = 22
"""Letters can still be read, and all sheets together stay under 1.5 MB."""
GAP: Final = 12
TOO_MANY: Final = 429
BACKGROUND: Final = (200, 206, 214)
FILL: Final = """
import json
from datetime import date, timedelta
from django.utils import timezone
from survey.agencies.improvements import Improvement
from survey.agencies.models import Counter
from survey.common.tokens import derive_ticket
from survey.access.kiosks import add_kiosk
from survey.messaging.models import Invitation
from survey.access.screens import Screen, enrol_screen
from survey.access.posters import issue_code, revoke_code
from survey.access.slips import Batch, Slip, find_slip, issue_slips
from survey.responses.cases import open_case
from survey.responses.models import Response
from survey.responses.services import record_response
from tests.survey.messaging.builders import (invited)
from tests.survey.factories import make_cast
from tests.survey.scorecards.builders import (fill, surveyed_round)
from survey.scorecards.rounds.group_survey import issue_links
from survey.scorecards.rounds.queries import framework_scored_by
from survey.transactions.models import MonthlyTotal
from survey.transactions.services import import_totals
from tests.survey.transactions.builders import (csv_file)

now = timezone.now()
cast = make_cast()
old = cast.code
fresh = issue_code(counter=cast.land_counter, now=now)
gone = cast.commune_code
revoke_code(code=gone, now=now)
fill(cast, good=30, bad=9, channel="counter", now=now - timedelta(days=40))
month = timezone.localtime(now - timedelta(days=40)).strftime("%Y-%m")
import_totals(content=csv_file(f"{month},H20.01,land,counter,240,236"), file_name="t.csv",
    by=None, now=now)
for days, said, did in ((12, "Chờ lâu vào sáng thứ Hai",
    "Mở thêm một quầy từ 7 giờ đến 9 giờ 30 sáng thứ Hai"),
                        (50, "Không rõ cần giấy tờ gì",
                            "Dán danh mục giấy tờ tại quầy và gửi qua tin nhắn khi hẹn")):
    Improvement.objects.create(agency=cast.land, office=cast.land_counter.office, said=said,
        did=did,
        author=cast.analyst, approved_by=cast.operator, approved_at=now,
        done_on=timezone.localtime(now).date() - timedelta(days=days))

def rated(seed, **more):
    record_response(submission=cast.submission(seed, 2, **{"now": now, **more}))
    return derive_ticket(seed).receipt

empty = Counter.objects.create(office=cast.land_counter.office, agency=cast.land, number=7)
shut = issue_code(counter=empty, now=now)
Counter.objects.filter(pk=empty.pk).update(closed_on=timezone.localdate())
handed = rated("handed")
open_case(row=Response.objects.get(submission_key=derive_ticket("handed").key), now=now)
link, token = invited(cast)
expired, lapsed = invited(cast, code="H20.01.05-261110-0077", phone="+84912345670")
Invitation.objects.filter(pk=expired.pk).update(expires_at=now)
screen, display = enrol_screen(counter=cast.land_counter, now=now)
Screen.objects.update(opens="00:00", closes="23:59:59", days="1234567")
asleep, closed = enrol_screen(counter=cast.land_counter, now=now)
Screen.objects.filter(pk=asleep.pk).update(opens="03:00", closes="03:00")
batch = Batch(agency_id=cast.land.pk, channel="counter", counter_id=cast.land_counter.pk)
slip, used, late = issue_slips(batch=batch, count=3, now=now)
from survey.citizen.entrances.slip import slip_key
from survey.common.tokens import Ticket, keyed_hash, receipt_hash
taken = Ticket(slip_key(used, find_slip(used)[1]), "USEDSLIP00", receipt_hash("USEDSLIP00"))
record_response(submission=cast.submission("x", 5, ticket=taken, evidence="E2", now=now))
Slip.objects.filter(code_hash=keyed_hash("slip", late)).update(expires_at=now)
from survey.questionnaires.previews import preview_address
from survey.questionnaires.queries import published_short_form
asked = surveyed_round(cast, now)
group = issue_links(scoring_round=asked, framework=framework_scored_by(asked), group="heads",
    agencies=list(asked.scorings.all()), count=5, now=now)[0]
print(json.dumps({
    "group": group,
    "preview": preview_address(published_short_form(), "phone").rpartition("/")[2],
    "shut": shut.code, "code": fresh.code, "old": old.code, "gone": gone.code, "link": token,
        "lapsed": lapsed,
    "display": display, "closed": closed, "slip": slip, "used": used, "late": late,
        "number": screen.number,
    "receipt": rated("new"), "handed": handed, "week": rated("week", now=now - timedelta(days=9)),
    "month": rated("month", now=now - timedelta(days=40)),
    "enrol": [add_kiosk(counter=cast.land_counter, name=f"T{k}", now=now)[1] for k in range(60)],
}))
"""


@dataclass(frozen=True)
class View:
    """A page: its address, what is posted there (None: nothing, it is opened), and what a person
    does on it.
    """

    name: str
    path: str
    posted: Mapping[str, str] | None = None
    then: Callable[[Page, Grounds], None] | None = None
    broken: bool = False
    """The server's database cannot be read."""


@dataclass
class Grounds:
    """A real server with one of everything, and one beside it whose database does not answer."""

    server: Server
    broken: Server
    facts: dict[str, str]
    codes: list[str] = field(default_factory=list)

    def views(self) -> list[View]:
        """Every page; those of unknown codes last, as who opens many is asked for one more tap."""
        return [
            *_after_rating(self.facts),
            *_devices(self.facts),
            *_entrances(self.facts),
            *_unknown(self.facts),
        ]

    def show(self, page: Page, view: View, language: str) -> None:
        """Bring a view onto the page."""
        mark = "&" if "?" in view.path else "?"
        home = (self.broken if view.broken else self.server).url
        address = f"{home}{view.path}{mark}lang={language}"
        if view.posted is None:
            answer = page.goto(address)
            assert answer is None or answer.status != TOO_MANY, f"{view.name} was not shown"
        else:
            page.goto(f"{home}/privacy")
            with page.expect_navigation():
                page.evaluate(SUBMIT, [address, list(view.posted.items())])
        if view.then is not None:
            view.then(page, self)


SUBMIT: Final = """([address, fields]) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: address });
    for (const [name, value] of fields) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value });
        form.append(field);
    }
    document.body.append(form);
    form.submit();
}"""


def _low(page: Page, _grounds: Grounds) -> None:
    _second(page, 2)
    page.locator("label[for=reasons-waiting]").click()
    page.fill("textarea", "Chờ hơn hai giờ, quầy số 3 nghỉ sớm. " * 11)


def _high(page: Page, _grounds: Grounds) -> None:
    _second(page, 5)


def _second(page: Page, level: int) -> None:
    page.locator(f"label[for=overall-{level}]").click()
    press(page, "#answer button[type=submit]")


def _nothing_chosen(page: Page, _grounds: Grounds) -> None:
    press(page, "#answer button[type=submit]")


def _what_it_is_for(page: Page, _grounds: Grounds) -> None:
    page.locator("footer summary").click()


def _entrances(facts: Mapping[str, str]) -> Iterator[View]:
    code, link, slip = facts["code"], facts["link"], facts["slip"]
    bad = {"ticket": "x", "overall": "2", "reasons": "waiting", "comment": "Chờ lâu"}
    yield View("front", "/")
    yield View("front-empty", "/?code=")
    yield View("privacy", "/privacy")
    yield View("form", f"/s/{code}")
    yield View("form-large", f"/{code}?big=1")
    yield View("form-details", f"/{code}", then=_what_it_is_for)
    yield View("second-low", f"/{code}", then=_low)
    yield View("second-high", f"/{code}", then=_high)
    yield View("form-error", f"/s/{code}", then=_nothing_chosen)
    yield View("form-too-old", f"/s/{code}", bad)
    yield View("old-poster", f"/s/{facts['old']}")
    yield View("withdrawn-code", f"/s/{facts['gone']}")
    yield View("no-page", "/x/y")
    yield View("offices", "/offices")
    yield View("offices-none", "/offices?name=zzz")
    yield View("office", "/offices/hall/28261")
    yield View("closed-form", f"/s/{facts['shut']}")
    yield View("group-ballot", f"/groups/{facts['group']}")
    yield View("told", f"/s/{code}/done")
    yield View("link", f"/s/{link}")
    yield View("link-expired", f"/s/{facts['lapsed']}")
    yield View("stop", f"/s/{link}/stop")
    yield View("stopped", f"/s/{facts['lapsed']}/stop", {})
    yield View("slip", f"/s/{slip}")
    yield View("slip-used", f"/s/{facts['used']}")
    yield View("slip-dispute", f"/s/{facts['used']}", {"dispute": "1"})
    yield View("slip-expired", f"/s/{facts['late']}")
    yield View("too-big", f"/s/{code}", {"comment": "x" * 70_000})
    yield View("unreadable", f"/s/{code}", {f"f{k}": "" for k in range(300)})
    yield View("busy", f"/s/{code}", broken=True)
    yield View("busy-sent", f"/s/{code}", bad, broken=True)


def _after_rating(facts: Mapping[str, str]) -> Iterator[View]:
    receipt = f"/r/{facts['receipt']}"
    yield View("thanks", receipt)
    for mark in ("again", "changed", "noted", "added", "erased"):
        yield View(f"thanks-{mark}", f"{receipt}?{mark}=1")
    yield View("thanks-handed-over", f"/r/{facts['handed']}")
    yield View("case", f"/r/{facts['handed']}/case")
    yield View("thanks-late", f"/r/{facts['month']}")
    yield View("change", f"{receipt}/change")
    yield View("comment", f"{receipt}/comment")
    yield View("comment-error", f"{receipt}/comment", {"ticket": "1", "comment": "ă" * 501})
    yield View("erase", f"{receipt}/erase")
    yield View("handover", f"{receipt}/handover")
    yield View("handover-error", f"{receipt}/handover", {})
    yield View("full", f"{receipt}/full")
    yield View("full-last", f"{receipt}/full", then=_last_part)
    yield View("full-broken", f"{receipt}/full", {"state": "x", "full-current_step": "ACCESS"})
    yield View("too-late", f"/r/{facts['week']}/change")
    yield View("too-late-words", f"/r/{facts['month']}/comment")


def _unknown(_facts: Mapping[str, str]) -> Iterator[View]:
    yield View("unknown-code", "/s/00000000")
    yield View("link-unknown", "/s/000000000000")
    yield View("screen-code-old", "/q/00000000000")
    yield View("receipt-unknown", "/r/0000000000")


def _last_part(page: Page, _grounds: Grounds) -> None:
    for _part in range(4):
        press(page, "#answer button[type=submit]")


def _devices(facts: Mapping[str, str]) -> Iterator[View]:
    yield View("screen", f"/screen/{facts['display']}", then=_lit)
    yield View("screen-closed", f"/screen/{facts['closed']}")
    yield View("screen-offline", f"/screen/{facts['display']}", then=_cut_off)
    yield View("screen-unknown", "/screen/AAAA")
    yield View("kiosk-set-up", "/kiosk/", then=_not_enrolled)
    yield View("kiosk", "/kiosk/", then=_enrolled)
    yield View("kiosk-touched", "/kiosk/", then=_touched)
    yield View("kiosk-tiles", "/kiosk/", then=_tiles)
    yield View("kiosk-asks", "/kiosk/", then=_idle)
    yield View("kiosk-thanks", "/kiosk/", then=_rated)
    yield View("kiosk-withdrawn", "/kiosk/", then=_withdrawn)


def _lit(page: Page, _grounds: Grounds) -> None:
    page.wait_for_selector("#symbol")


def _not_enrolled(page: Page, _grounds: Grounds) -> None:
    page.evaluate("indexedDB.deleteDatabase('kiosk')")
    page.reload()
    page.wait_for_selector("#enrol:visible")


def _cut_off(page: Page, _grounds: Grounds) -> None:
    page.clock.install()
    page.reload()
    page.route("**/code", lambda route: route.abort())
    for _second in range(70):
        page.clock.run_for(1000)
    page.wait_for_selector("#offline:visible")


def _enrolled(page: Page, grounds: Grounds) -> None:
    """Set the tablet up, unless this browser's already is."""
    page.wait_for_selector("[data-part=enrol]:visible, [data-part=form]:visible")
    if page.locator("#enrol").is_visible():
        page.fill("#code", grounds.codes.pop())
        page.click("#enrol button")
    page.wait_for_selector("[data-part=form]:visible")


def _touched(page: Page, grounds: Grounds, level: int = 2) -> None:
    _enrolled(page, grounds)
    page.click(f"[data-field=overall][data-value='{level}']")
    page.wait_for_selector(".faces [aria-pressed=true]")


def _tiles(page: Page, grounds: Grounds) -> None:
    _touched(page, grounds)
    page.wait_for_selector("[data-part=more]:visible", timeout=15_000)


def _idle(page: Page, grounds: Grounds) -> None:
    _enrolled(page, grounds)
    page.clock.install()
    _touched(page, grounds)
    page.clock.run_for(5_100)
    page.wait_for_selector("[data-part=more]:visible")
    page.clock.run_for(16_000)
    page.wait_for_selector("[data-part=ask]:visible")


def _rated(page: Page, grounds: Grounds) -> None:
    _tiles(page, grounds)
    page.click("#finish")
    page.wait_for_selector("[data-part=thanks]:visible")


def _withdrawn(page: Page, grounds: Grounds) -> None:
    _enrolled(page, grounds)
    page.route(
        "**/kiosk/sync", lambda route: route.fulfill(status=403, json={"error": "not-enrolled"})
    )
    _tiles(page, grounds)
    page.click("#finish")
    page.wait_for_selector("[data-part=withdrawn]:visible")


@contextmanager
def grounds_in(folder: Path) -> Iterator[Grounds]:
    """Start both servers, filled."""
    environment = environment_for(folder, None) | {"PROXIES": "1"}
    migrate(environment)
    facts = json.loads(manage(environment, "shell", "--no-imports", "-c", FILL).splitlines()[-1])
    empty = folder / "empty"
    empty.mkdir()
    with serve(environment, folder) as server, serve(environment_for(empty, None), empty) as broken:
        yield Grounds(server, broken, facts, list(facts.pop("enrol")))


def _shot(page: Page) -> Image.Image:
    picture = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    size = (round(picture.width * SCALE), round(picture.height * SCALE))
    return picture.resize(size, Image.Resampling.LANCZOS)


def make_sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one page side by side."""
    width = sum(picture.width + GAP for picture in pictures) + GAP
    height = max(picture.height for picture in pictures) + 2 * GAP
    sheet, left = Image.new("RGB", (width, height), BACKGROUND), GAP
    for picture in pictures:
        sheet.paste(picture, (left, GAP))
        left += picture.width + GAP
    return sheet


def names() -> list[str]:
    """Names of all sheets."""
    views = Grounds(None, None, defaultdict(str)).views()  # type: ignore[arg-type]  # nothing is opened
    return [f"{view.name}-{language}.avif" for view in views for language in LANGUAGES]


def draw(browser: Browser, grounds: Grounds, out: Path) -> int:
    """A contact sheet of every view in every language, all widths on it; returns how many."""
    out.mkdir(parents=True, exist_ok=True)
    drawn = 0
    contexts = [browser.new_context(viewport={"width": width, "height": 800}) for width in WIDTHS]
    for place, view in enumerate(grounds.views()):
        for context in contexts:
            # Wrong codes are on many pages: from one address they would look like guessing.
            context.set_extra_http_headers({"X-Forwarded-For": f"10.0.0.{place + 1}"})
        for language in LANGUAGES:
            shots = []
            for context in contexts:
                page = context.new_page()
                grounds.show(page, view, language)
                shots.append(_shot(page))
                page.close()
            make_sheet(shots).save(out / f"{view.name}-{language}.avif", quality=QUALITY, speed=4)
            drawn += 1
    return drawn


def main(out: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="hailong-pictures-") as folder,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        with grounds_in(Path(folder)) as grounds:
            print(f"{draw(browser, grounds, out)} sheets in {out}")  # noqa: T201
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
