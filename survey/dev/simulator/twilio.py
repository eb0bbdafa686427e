"""A Twilio to try against: real HTTP, the official client cannot tell it apart, every fault on
demand.

Numbers +84 900 00 xxxx choose faults by their last digits (``FAULTS``), so that a run needs no
set-up. State lives in this process only. Nothing here is imported by the sending side.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

from survey.dev.simulator.endpoint import Endpoint, Server, Settings, Store, signature
from survey.dev.simulator.faults import FAULTS, FAULTY
from survey.dev.simulator.schedule import Schedule


class Simulator(Server):
    """The server; ``store`` tells what was accepted."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, settings: Settings) -> None:
        self.settings, self.store = settings, Store()
        self.random = random.Random(settings.seed)  # noqa: S311
        self.later = Schedule(workers=8)
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """Base address for ``TWILIO_API_BASE_URL``."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def serve_in_background(self) -> None:
        """Answer in a thread of its own until ``shutdown``."""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Client disconnects are expected."""


class Handler(Endpoint):
    """Messages resource: create, list, fetch, redact; and ``/_/messages`` for tests."""

    # --- resources

    def do_POST(self) -> None:
        """Create a message, or update (redact) one."""
        form, parts = self._form(), self._parts()
        if not self._allowed(parts):
            return
        if len(parts) == 4 and parts[3] == "Messages":
            self._create(form)
        elif len(parts) == 5 and parts[4] in self.server.store.messages:
            message = self.server.store.messages[parts[4]]
            message["body"] = form.get("Body", message["body"])
            self._answer(200, _public(message))
        else:
            self._error(404, 20404, "The requested resource was not found")

    def do_GET(self) -> None:
        """List or fetch messages; ``/_/messages`` lists all for tests."""
        if urlsplit(self.path).path == "/_/messages":
            self._answer(
                200,
                {
                    "created": self.server.store.created,
                    "messages": [*self.server.store.messages.values()],
                },
            )
            return
        parts = self._parts()
        if not self._allowed(parts):
            return
        if len(parts) == 5:
            found = self.server.store.messages.get(parts[4])
            self._answer(200, _public(found)) if found else self._error(404, 20404, "not found")
        else:
            self._list(parse_qs(urlsplit(self.path).query))

    def _list(self, query: Mapping[str, list[str]]) -> None:
        to = query.get("To", [""])[0]
        visible = time.time() - self.server.settings.list_lag
        if FAULTS.get(to[-4:]) == "slow-list" and to.startswith(FAULTY):
            time.sleep(2.0)
        since = _moment(query.get("DateSent>", [""])[0])
        rows = [
            m
            for m in list(self.server.store.messages.values())
            if (not to or m["to"] == to) and since <= m["at"] <= visible
        ]
        size, page = int(query.get("PageSize", ["50"])[0]), int(query.get("Page", ["0"])[0])
        shown = rows[::-1][page * size : (page + 1) * size]
        more = len(rows) > (page + 1) * size
        path = f"/2010-04-01/Accounts/{self.server.settings.account}/Messages.json"
        following = (
            f"{path}?{urlencode({'To': to, 'PageSize': size, 'Page': page + 1})}" if more else None
        )
        self._answer(
            200,
            {
                "messages": [_public(m) for m in shown],
                "page": page,
                "page_size": size,
                "uri": self.path,
                "first_page_uri": path,
                "next_page_uri": following,
                "previous_page_uri": None,
                "start": page * size,
                "end": page * size + len(shown) - 1,
            },
        )

    def _create(self, form: Mapping[str, str]) -> None:
        chosen = self.server.settings
        to = form.get("To", "")
        fault = FAULTS.get(to[-4:], "") if to.startswith(FAULTY) else ""
        with self.server.store.lock:
            dice = self.server.random.random()
        if not fault and dice < chosen.share_429:
            fault = "429"
        elif not fault and dice < chosen.share_429 + chosen.share_hang_after:
            fault = "hang-after"
        if chosen.latency:
            time.sleep(chosen.latency)
        if not form.get("Body"):
            self._error(400, 21602, "Message body is required.")
        elif not (form.get("From") or form.get("MessagingServiceSid")):
            self._error(400, 21603, "A 'From' phone number is required.")
        elif not form.get("To", "").startswith("+84") or len(form["To"]) != 12:
            self._error(400, 21211, "The 'To' number is not a valid phone number.")
        elif not self._failed(fault):
            self._accept(form, fault)

    def _failed(self, fault: str) -> bool:
        """Answer a fault at which nothing is accepted."""
        if fault == "429":
            self._error(429, 20429, "Too Many Requests", Retry_After="1")
        elif fault == "429-bare":
            self._error(429, 20429, "Too Many Requests")
        elif fault == "500-before":
            self._answer(500, {"status": 500, "message": "internal"})
        elif fault == "rfc9457":
            body = {
                "type": "about:blank",
                "title": "Bad Request",
                "status": 400,
                "code": 21211,
                "detail": "To",
            }
            self._answer(400, body, "application/problem+json")
        elif fault == "20003":
            self._error(401, 20003, "Authenticate")
        elif fault.startswith("21"):
            self._error(400, int(fault), f"simulated {fault}")
        else:
            return False
        return True

    def _accept(self, form: Mapping[str, str], fault: str) -> None:
        message = self._stored(form, fault)
        address = form.get("StatusCallback", "")
        if fault == "early-callback":
            self._callbacks(message, address, fault)
            time.sleep(0.3)
        if fault == "500-after":
            self._answer(500, {"status": 500, "message": "internal"})
        elif fault == "hang-after":
            time.sleep(self.server.settings.hang_seconds)
            self.close_connection = True
        elif fault == "reset-after":
            self.connection.close()
            self.close_connection = True
        else:
            self._answer(201, _public(message))
        if fault != "early-callback":
            self._callbacks(message, address, fault)

    def _stored(self, form: Mapping[str, str], fault: str) -> dict[str, Any]:
        parts = max(1, -(-len(form["Body"]) // 160)) + (fault == "parts")
        now = format_datetime(datetime.now(UTC))
        sid = "SM" + uuid.uuid4().hex
        path = f"/2010-04-01/Accounts/{self.server.settings.account}/Messages/{sid}"
        message = {
            "sid": sid,
            "account_sid": self.server.settings.account,
            "to": form["To"],
            "from": form.get("From"),
            "body": form["Body"],
            "status": "accepted" if form.get("MessagingServiceSid") else "queued",
            "num_segments": str(parts),
            "num_media": "0",
            "direction": "outbound-api",
            "api_version": "2010-04-01",
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "error_message": None,
            "uri": path + ".json",
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "date_created": now,
            "date_updated": now,
            "date_sent": None,
            "subresource_uris": {"media": path + "/Media.json"},
            "at": time.time(),
            "validity": form.get("ValidityPeriod"),
            "callback": form.get("StatusCallback", ""),
        }
        with self.server.store.lock:
            self.server.store.messages[sid] = message
            self.server.store.created += 1
        return message

    # --- callbacks

    def _callbacks(self, message: dict[str, Any], address: str, fault: str) -> None:
        steps = [("sent", ""), ("delivered", "")]
        if fault.startswith("30"):
            steps = [("sent", ""), ("undelivered", fault)]
        chosen = self.server.settings
        order = [*steps, *steps] if fault == "doubled" or chosen.double_callbacks else steps
        if fault == "reversed" or chosen.shuffle_callbacks:
            order = order[::-1]
        delay = 0.0
        for status, code in order:
            delay += self.server.random.uniform(*chosen.callback_delay)
            self.server.later.call(
                delay, partial(self._report, message, address, status, code, fault)
            )
        final, code = steps[-1]
        message["status"], message["error_code"] = final, int(code) if code else None

    def _report(
        self, message: Mapping[str, Any], address: str, status: str, code: str, fault: str
    ) -> None:
        if address and fault != "no-callback":
            self._post(message, address, status, code, fault)

    def _post(
        self, message: Mapping[str, Any], address: str, status: str, code: str, fault: str
    ) -> None:
        values = {
            "MessageSid": message["sid"],
            "SmsSid": message["sid"],
            "MessageStatus": status,
            "SmsStatus": status,
            "To": message["to"],
            "AccountSid": message["account_sid"],
            "ApiVersion": "2010-04-01",
        }
        values |= {"ErrorCode": code} if code else {}
        values |= (
            {"RawDlrDoneDate": "2611210930", "NewField": "x"} if fault == "unknown-fields" else {}
        )
        values |= {"MessageStatus": "teleported"} if fault == "unknown-status" else {}
        values |= {"MessageSid": "SM" + "e" * 32} if fault == "unknown-sid" else {}
        token = "wrong" if fault == "wrong-signature" else self.server.settings.token
        request = Request(address, urlencode(values).encode(), method="POST")  # noqa: S310  (the address we were given)
        request.add_header("X-Twilio-Signature", signature(token, address, values))
        for _ in range(5):
            try:
                with urlopen(request, timeout=5) as answer:  # noqa: S310
                    answer.read()
            except OSError as error:
                if getattr(error, "code", 503) < 500:
                    return
                time.sleep(0.5)
            else:
                return


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def _public(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in message.items() if name not in ("at", "validity", "callback")
    }
