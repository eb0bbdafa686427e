"""People who stand in the way: connections that say nothing, and bodies that come drop by drop."""

from __future__ import annotations

import resource
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

IDLE: Final = 2_000
DRIPPING: Final = 600
SECONDS_BETWEEN_DROPS: Final = 0.5


@contextmanager
def stand_in_the_way(port: int, path: str) -> Iterator[None]:
    """Hold so many connections to the proxy until the block ends."""
    _allow_files(IDLE + DRIPPING + 200)
    with ExitStack() as stack:
        for _number in range(IDLE):
            stack.enter_context(_connect(port))
        dripping = [stack.enter_context(_begin(port, path)) for _number in range(DRIPPING)]
        stopped = threading.Event()
        stack.callback(stopped.set)
        threading.Thread(target=_drip, args=(dripping, stopped), daemon=True).start()
        yield


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, count), hard), hard))


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 30)


def _begin(port: int, path: str) -> socket.socket:
    """An answer whose body does not come."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    made = context.wrap_socket(_connect(port), server_hostname="localhost")
    made.sendall(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\nticket=".encode()
    )
    return made


def _drip(dripping: list[socket.socket], stopped: threading.Event) -> None:
    while not stopped.wait(SECONDS_BETWEEN_DROPS):
        for each in dripping:
            with suppress(OSError):  # the proxy has given up on it
                each.sendall(b"x")
