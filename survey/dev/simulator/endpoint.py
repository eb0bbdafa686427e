"""The plumbing of the simulator: settings, memory, and requests answered as JSON."""

from __future__ import annotations

import base64
import hmac
import json
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from survey.dev.simulator.schedule import Schedule


@dataclass
class Settings:
    """How the simulator behaves; shares are of all creations."""

    account: str
    token: str
    latency: float = 0.0
    share_429: float = 0.0
    share_hang_after: float = 0.0
    callback_delay: tuple[float, float] = (0.0, 0.2)
    shuffle_callbacks: bool = False
    double_callbacks: bool = False
    hang_seconds: float = 12.0
    list_lag: float = 0.0
    seed: int = 1


@dataclass
class Store:
    """Accepted messages by SID, and counters."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def signature(token: str, address: str, values: Mapping[str, str]) -> str:
    """Twilio's request signature, written from its description: HMAC-SHA1 over the address and
    sorted pairs.
    """
    text = address + "".join(name + values[name] for name in sorted(values))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), sha1).digest()).decode()


class Server(ThreadingHTTPServer):
    """What an endpoint may ask of its server."""

    settings: Settings
    store: Store
    random: random.Random
    later: Schedule


class Endpoint(BaseHTTPRequestHandler):
    """What every request needs: who asks, what for, and an answer as JSON."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: requests hold phone numbers."""

    def _answer(
        self, status: int, body: Mapping[str, Any], kind: str = "application/json", **headers: str
    ) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(raw)

    def _error(self, status: int, code: int, message: str, **headers: str) -> None:
        more = f"https://www.twilio.com/docs/errors/{code}"
        self._answer(
            status,
            {"code": code, "message": message, "more_info": more, "status": status},
            **headers,
        )

    def _allowed(self, parts: list[str]) -> bool:
        given = self.headers.get("Authorization", "")
        wanted = base64.b64encode(
            f"{self.server.settings.account}:{self.server.settings.token}".encode()
        ).decode()
        if given != f"Basic {wanted}":
            self._error(401, 20003, "Authenticate")
            return False
        if (
            len(parts) < 4
            or parts[:2] != ["2010-04-01", "Accounts"]
            or parts[2] != self.server.settings.account
        ):
            self._error(404, 20404, "The requested resource was not found")
            return False
        return True

    def _parts(self) -> list[str]:
        return urlsplit(self.path).path.strip("/").removesuffix(".json").split("/")

    def _form(self) -> dict[str, str]:
        length = int(self.headers.get("Content-Length") or 0)
        return dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
