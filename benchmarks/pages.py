"""What a phone on slow 3G meets: requests, bytes, first paint, layout shift of the short form, measured by Chromium.

`python -m benchmarks.pages URL_OF_A_FORM` against a running server, e.g. the one of `make demo`.
"""

from __future__ import annotations

import os
import sys
from statistics import median
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import describe

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
SLOWER_CPU = 4
ROUNDS = 5
WATCH = """
    self.seen = { lcp: 0, cls: 0 };
    new PerformanceObserver((l) => { for (const e of l.getEntries()) seen.lcp = e.startTime; })
        .observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((l) => { for (const e of l.getEntries()) seen.cls += e.value; })
        .observe({ type: "layout-shift", buffered: true });"""
READ = """() => ({ ...seen, fcp: (performance.getEntriesByName("first-contentful-paint")[0] || {}).startTime || 0 })"""


def once(browser: Browser, address: str) -> dict[str, Any]:
    """One visit on a fresh profile: the form opened, two taps, sent."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.add_init_script(WATCH)
    network = context.new_cdp_session(page)
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW_3G)
    network.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
    page.goto(address)
    page.wait_for_timeout(500)
    found = page.evaluate(READ)
    first = sum(sizes)
    page.locator("label[for=overall-5]").click()
    page.locator("#answer button[type=submit]").first.click()
    page.wait_for_url("**/r/**")
    page.wait_for_timeout(500)
    context.close()
    return {**found, "first": first, "requests": len(sizes), "bytes": sum(sizes)}


def main(address: str) -> None:
    print(describe())
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for language in ("vi", "en", "km"):
            visits = [once(browser, f"{address}?lang={language}") for _round in range(ROUNDS)]
            middle = {name: median(visit[name] for visit in visits) for name in visits[0]}
            sizes = f"first page {middle['first'] / 1000:.1f} kB, form and thanks {middle['bytes'] / 1000:.1f} kB"
            times = f"FCP {middle['fcp'] / 1000:.2f} s, LCP {middle['lcp'] / 1000:.2f} s, CLS {middle['cls']:.3f}"
            print(f"{language}: {sizes} in {middle['requests']:.0f} requests, {times}")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
