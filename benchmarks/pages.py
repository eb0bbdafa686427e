"""What a phone on slow 3G meets: requests, bytes, first paint, layout shift, measured by Chromium.
`make bench-pages`

`python -m benchmarks.pages 1` is one round without a slow network: to see that it runs.

One visit is a citizen's half minute: the form opened, two taps, the thanks read. Beside ours, in
the same run, pages of the size and number of requests of a common survey tool (LimeSurvey 6.14 as
measured: 31 requests, 936 kB), so that the ratio holds on any machine.
"""

from __future__ import annotations

import http.server
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.machine import describe
from tests.flows.browsing import launch, without_khmer
from tests.servers.conftest import SEED, environment_for, manage, serve

NETWORKS = {
    "slow 3G (400 kbit/s, 2,000 ms)": (400_000, 2000),
    "3G (400 kbit/s, 400 ms)": (400_000, 400),
    "no limit": (0, 0),
}
SLOWER_CPU = 4
ROUNDS = 3
PHONE = {"width": 360, "height": 740}
WATCH = """
    self.seen = { lcp: 0, cls: 0 };
    new PerformanceObserver((l) => { for (const e of l.getEntries()) seen.lcp = e.startTime; })
        .observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((l) => { for (const e of l.getEntries()) seen.cls += e.value; })
        .observe({ type: "layout-shift", buffered: true });"""
READ = """() => ({ ...seen, fcp: (performance.getEntriesByName("first-contentful-paint")[0] ||
    {}).startTime || 0 })"""
Figures = dict[str, float]


def throttled(page: Page, network: tuple[int, int]) -> list[float | None]:
    """Slow the page's network and processor down; returns the list its transfers are noted in, in
    bytes.
    """
    page.add_init_script(WATCH)
    sizes: list[float | None] = []
    session = page.context.new_cdp_session(page)
    # What comes from the cache is loaded too, with no byte sent.
    session.on(
        "Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"] or None)
    )
    session.send("Network.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
    rate, latency = network
    if rate:
        limits = {
            "offline": False,
            "latency": latency,
            "downloadThroughput": rate / 8,
            "uploadThroughput": rate / 8,
        }
        session.send("Network.emulateNetworkConditions", limits)
    return sizes


def visit(page: Page, address: str, network: tuple[int, int], *, answer: bool) -> Figures:
    """One visit on a fresh profile."""
    sizes = throttled(page, network)
    began = monotonic()
    page.goto(address, timeout=120_000)
    opened = monotonic() - began
    page.wait_for_timeout(1000)
    found: dict[str, Any] = page.evaluate(READ)
    sent = [size for size in sizes if size]
    figures = {**found, "first": sum(sent), "first_requests": len(sent)}
    if answer:
        button = page.locator("#answer button[type=submit]").first.bounding_box()
        figures["send_y"] = button["y"] if button else 0
        began = monotonic()
        page.locator("label[for=overall-5]").click()
        page.locator("#answer button[type=submit]").first.click()
        page.wait_for_url("**/r/**", timeout=60_000)
        figures["seconds"] = opened + monotonic() - began
        page.wait_for_timeout(1000)
    sent = [size for size in sizes if size]
    return {**figures, "bytes": sum(sent), "requests": len(sent)}


def middle(visits: list[Figures]) -> Figures:
    return {name: median(figures[name] for figures in visits) for name in visits[0]}


def show(name: str, figures: Figures) -> None:
    print(
        f"  {name}: first page {figures['first'] / 1000:.1f} kB in {figures['first_requests']:.0f} "
        f"requests, "
        f"all {figures['bytes'] / 1000:.1f} kB in {figures['requests']:.0f}, FCP "
        f"{figures['fcp'] / 1000:.2f} s, "
        f"LCP {figures['lcp'] / 1000:.2f} s, CLS {figures['cls']:.3f}"
        + (
            f", button at y = {figures['send_y']:.0f}, stored {figures['seconds']:.1f} s after the "
            "scan (waiting and two taps, no reading)"
            if "send_y" in figures
            else ""
        )
    )


class _Peer(http.server.BaseHTTPRequestHandler):
    """A page that asks for as many files and bytes as the peer was measured to: 4 style sheets and
    26 others.
    """

    protocol_version = "HTTP/1.1"
    REQUESTS, BYTES = 31, 936_000

    def do_GET(self) -> None:
        if self.path == "/":
            links = "".join(f'<link rel="stylesheet" href="/{k}.css">' for k in range(4))
            scripts = "".join(f'<script src="/{k}.js"></script>' for k in range(self.REQUESTS - 5))
            kind, body = "text/html", f"<!doctype html>{links}<h1>Survey</h1>{scripts}".encode()
        else:
            kind = "text/css" if self.path.endswith(".css") else "text/javascript"
            body = b"/*" + os.urandom(self.BYTES // (self.REQUESTS - 1) // 2).hex().encode() + b"*/"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_arguments: object) -> None:
        return


@contextmanager
def peer() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()


def in_fresh_context(
    browser: Browser, address: str, network: tuple[int, int], *, answer: bool = True
) -> Figures:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    figures = visit(context.new_page(), address, network, answer=answer)
    context.close()
    return figures


def without_fonts(browser: Browser, address: str, network: tuple[int, int]) -> Figures:
    with tempfile.TemporaryDirectory(prefix="hailong-fonts-") as folder:
        context = without_khmer(browser, Path(folder))
        figures = visit(context.new_page(), address, network, answer=True)
        context.close()
    return figures


def main(rounds: int) -> None:
    print(describe())
    with (
        tempfile.TemporaryDirectory(prefix="hailong-bench-") as folder,
        sync_playwright() as playwright,
        peer() as other,
    ):
        environment = environment_for(Path(folder), None)
        manage(environment, "migrate", "--verbosity", "0")
        code = manage(environment, "shell", "--no-imports", "-c", SEED).split()[0]
        browser = launch(playwright)
        with serve(environment, Path(folder)) as server:
            form = f"{server.url}/s/{code}?lang="
            for name, network in list(NETWORKS.items())[-1 if rounds == 1 else 0 :]:
                print(f"{name}, processor {SLOWER_CPU} times slower")
                ours = {}
                for language in ("vi", "en", "km"):
                    visits = [
                        in_fresh_context(browser, form + language, network)
                        for _round in range(rounds)
                    ]
                    ours[language] = middle(visits)
                    show(language, ours[language])
                visits = [without_fonts(browser, form + "km", network) for _round in range(rounds)]
                show("km on a device without Khmer letters", middle(visits))
                peers = in_fresh_context(browser, other, network, answer=False)
                show("requests and bytes of the peer, form only", peers)
                print(f"  first paint, ours to the peer's: {ours['vi']['fcp'] / peers['fcp']:.2f}")
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
