"""The published results in a browser: every kind of page, three languages, wide and on a phone."""

from __future__ import annotations

from typing import Final

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.flows.browsing import violations
from tests.flows.gallery import Grounds

pytestmark = pytest.mark.browser
SIZES: Final = ((1280, 800), (360, 740))
RELEASE: Final = """
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from django.utils import timezone
from survey.common.periods import parse_period
from survey.public.editions import public_editions
from survey.scorecards.bridge.snapshots import take_snapshot
from survey.scorecards.services import make_edition, release_edition

now = timezone.now()
period = parse_period(timezone.localtime(now - timedelta(days=40)).strftime("%Y-%m"))
folder = Path(mkdtemp()) / "snapshot"
take_snapshot(period=period, folder=folder, now=now, province="Tỉnh Đồng Tháp")
release_edition(edition=make_edition(folder=folder, method="sipas-service", now=now), now=now)
print(public_editions()[0].path)
"""


def test_results_can_be_read_by_everybody(browser: Browser, grounds: Grounds) -> None:
    edition = grounds.server.python(RELEASE).splitlines()[-1]
    pages = (
        "",
        "lich-cong-bo/",
        "dinh-chinh/",
        "gop-y/1/",
        edition,
        f"{edition}loai/department/1/",
        f"{edition}don-vi/h20.01/",
        f"{edition}linh-vuc/",
        f"{edition}phuong-phap/",
        f"{edition}du-lieu/",
    )
    context = browser.new_context(java_script_enabled=True)
    page, faults = context.new_page(), []
    for code, _name in settings.LANGUAGES:
        start = "" if code == settings.LANGUAGE_CODE else f"{code}/"
        for path in pages:
            answer = page.goto(f"{grounds.server.url}/ket-qua/{start}{path}")
            assert answer is not None
            assert answer.status == 200, path
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                wide = page.evaluate("document.documentElement.scrollWidth") > width
                found = [*violations(page), *(["sideways"] if wide else [])]
                faults += [f"{code} {path} {width}: {fault}" for fault in found]
            page.emulate_media(color_scheme="dark")
            faults += [f"{code} {path} dark: {f}" for f in violations(page, "color-contrast")]
            page.emulate_media(color_scheme="light")
    assert context.cookies() == []
    context.close()
    assert faults == [], "\n".join(faults)
