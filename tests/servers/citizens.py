"""What a citizen does at a poster, over HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final

import requests

TICKET: Final = re.compile(r'name="ticket" value="([^"]+)"')
SECONDS: Final = 60


def open_poster(address: str, code: str) -> str:
    """The ticket of a page that was opened."""
    page = requests.get(f"{address}/s/{code}", timeout=SECONDS)
    page.raise_for_status()
    return str(TICKET.findall(page.text)[0])


def send(address: str, code: str, ticket: str, **answers: str) -> requests.Response:
    """A short answer: satisfied, unless said otherwise."""
    data = {"ticket": ticket, "lang": "vi", "overall": "4", **answers}
    return requests.post(f"{address}/s/{code}", data=data, timeout=SECONDS, allow_redirects=False)


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Look five times a second."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)
