"""Pictures of the officials' guides, drawn from the demonstration: ``make pictures``."""

from __future__ import annotations

import json
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.flows.browsing import launch
from tests.servers.conftest import Server, environment_for, manage, migrate, serve

SIZE: Final = {"width": 1280, "height": 800}
QUALITY: Final = 60
PICTURES: Final = {
    "viec-hom-nay": ("phantich", "/staff/today"),
    "ky-bao-cao": ("phantich", "/staff/periods"),
    "nhap-tep": ("phantich", "/staff/imports/totals"),
    "gop-y": ("phantich", "/staff/comments"),
    "chi-so": ("thutruong", "/staff/"),
    "thiet-lap": ("quantritinh", "/staff/set-up"),
    "tai-khoan": ("quantritinh", "/staff/people"),
    "phieu-hoi": ("soanthao", "/staff/questionnaires"),
    "phe-duyet": ("pheduyet", "/staff/approvals"),
    "nhat-ky": ("kiemtra", "/staff/audit"),
    "ma-quay": ("motcua", "/staff/codes"),
    "cuoc-goi": ("tongdai", "/staff/calls"),
    "tin-nhan": ("quantri", "/staff/messages"),
}
"""Name of a picture -> whose page it is, and its address."""


def draw(browser: Browser, server: Server, password: str, out: Path) -> int:
    """One picture a page, of its first screen."""
    for name, (user, address) in PICTURES.items():
        page = browser.new_context(viewport=SIZE, locale="vi-VN").new_page()  # type: ignore[arg-type]
        page.goto(f"{server.url}/staff/sign-in")
        page.fill("#id_username", user)
        page.fill("#id_password", password)
        page.click("main button[type=submit].primary")
        page.wait_for_load_state()
        page.goto(server.url + address)
        shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
        shot.save(out / f"{name}.avif", quality=QUALITY, speed=4)
        page.context.close()
    return len(PICTURES)


def main(out: Path) -> None:
    """Build the demonstration, serve it, and draw."""
    with (
        tempfile.TemporaryDirectory(prefix="hailong-guides-") as folder,
        sync_playwright() as playwright,
    ):
        place = Path(folder)
        environment = {**environment_for(place, None), "HAILONG_DEMO": "1"}
        migrate(environment)
        manage(environment, "load_demo", "--verbosity", "0")
        links = json.loads((place / "demo" / "links.json").read_text(encoding="utf-8"))
        password = links["staff_logins"][0]["password"]
        browser = launch(playwright)
        with serve(environment, place) as server:
            print(f"{draw(browser, server, password, out)} pictures in {out}")  # noqa: T201
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
