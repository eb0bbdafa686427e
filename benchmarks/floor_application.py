"""The least a server can do for a short answer: bytes of a form, one durable row, bytes of a page.

Started by ``benchmarks.floor`` under the product's own server, with the pages of the product in
``FLOOR_FOLDER``. Compresses each time, as the floor is defined.
"""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

FOLDER = Path(os.environ["FLOOR_FOLDER"])
FORM, THANKS = (FOLDER / name for name in ("form.html", "thanks.html"))
_form, _thanks = FORM.read_bytes(), THANKS.read_bytes()
_local = threading.local()
HTML = ("Content-Type", "text/html; charset=utf-8")


def _connection() -> sqlite3.Connection:
    made: sqlite3.Connection | None = getattr(_local, "connection", None)
    if made is None:
        made = sqlite3.connect(FOLDER / "floor.sqlite3", isolation_level=None, timeout=60)
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("PRAGMA synchronous = FULL")
        made.execute("CREATE TABLE IF NOT EXISTS answer (id INTEGER PRIMARY KEY, row TEXT)")
        _local.connection = made
    return made


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """A form, an answer, a page of thanks."""
    if environ["REQUEST_METHOD"] == "POST":
        size = int(environ.get("CONTENT_LENGTH") or 0)
        sent = parse_qs(environ["wsgi.input"].read(size).decode())
        connection = _connection()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO answer (row) VALUES (?)", (json.dumps(sent),))
        connection.execute("COMMIT")
        start_response("303 See Other", [("Location", "/r/thanks"), ("Content-Length", "0")])
        return [b""]
    page = _thanks if environ["PATH_INFO"].startswith("/r/") else _form
    body = gzip.compress(page, 6)
    length = ("Content-Length", str(len(body)))
    start_response("200 OK", [HTML, ("Content-Encoding", "gzip"), length])
    return [body]
