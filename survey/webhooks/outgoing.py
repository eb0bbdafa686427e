"""Requests to addresses that people typed: never to this network, wherever a name or a redirect
points.

An address is resolved once, every result must be public, and the connection goes to the address
that was looked at: a name that answers otherwise a second later changes nothing. Redirects are not
followed, proxies not used, and of the answer only the status is read. Systems of the province's own
network are let through by name (``WEBHOOK_PRIVATE_HOSTS``).
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import urllib3
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection

MAX_LENGTH: Final = 300
TIMEOUT: Final = 5.0
"""Seconds for the connection, and for each piece of the answer."""
MOST_SECONDS: Final = 12.0
PORTS: Final = {"https": 443, "http": 80}
_NAT64: Final = IPv6Network("64:ff9b::/96")
_GLOBAL: Final = IPv6Network("2000::/3")
_ISATAP: Final = 0x00005EFE


class SendingError(Exception):
    """Nothing was taken; says why in a few words for the page of webhooks."""


@dataclass(frozen=True)
class Target:
    """Where a request goes: ``host`` is what the certificate has to name, ``address`` what is
    connected to.
    """

    scheme: str
    host: str
    address: str
    port: int
    path: str


def check_address(url: str) -> Target:
    """The target of an address, resolved now.

    Raises
    ------
    ValidationError
        Not https, with a name or password in it, or a host that is unknown or not public.
    """
    parts = _split(url)
    host = (parts.hostname or "").lower()
    known = host in {name.lower() for name in settings.WEBHOOK_PRIVATE_HOSTS}
    if parts.scheme != "https" and not (known and parts.scheme == "http"):
        raise ValidationError(_("The address begins with https://."))
    port = parts.port or PORTS[parts.scheme]
    found = _resolve(host, port)
    if not known and not all(_is_public(one) for one in found):
        raise ValidationError(
            _("“%(host)s” lies in a private network. An operator can allow it by name.")
            % {"host": host}
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, found[0], port, path)


def _split(url: str) -> SplitResult:
    fault = ValidationError(_("This is not the address of a program: https://host/path."))
    if len(url) > MAX_LENGTH or not url.isascii() or any(c <= " " or c == "\\" for c in url):
        raise fault
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises where it is no number)
    except ValueError:
        raise fault from None
    if not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise fault
    return parts


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ValidationError(_("The host “%(host)s” is not found.") % {"host": host}) from None
    return [str(one[4][0]) for one in found]


def _is_public(text: str) -> bool:
    """Whether an address lies in the open network.

    Examples
    --------
    >>> [_is_public(one) for one in ("8.8.8.8", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        # 64:ff9b::/96 carries an IPv4 address through a gateway of the own network, ISATAP one in
        # its last half.
        tail = int(address) & 0xFFFFFFFF
        if inside is None and (address in _NAT64 or (int(address) >> 32) & 0xFFFFFFFF == _ISATAP):
            inside = IPv4Address(tail)
        if inside is None:
            return address in _GLOBAL and address.is_global
        address = inside
    return address.is_global and not address.is_multicast


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """The status a target answered with.

    Raises
    ------
    SendingError
        It could not be reached, or did not answer in time.
    """
    named = {"Host": _host_header(target), "User-Agent": "hai-long-webhooks/1", **headers}
    connection = _connect_to(target)
    # A receiver that sends a byte now and then would hold the worker: whatever it does, it ends.
    end = threading.Timer(MOST_SECONDS, _cut_off, [connection])
    end.start()
    try:
        connection.request("POST", target.path, body=body, headers=named)
        return int(connection.getresponse().status)
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
        raise SendingError(type(error).__name__) from error
    finally:
        end.cancel()
        connection.close()


def _cut_off(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _host_header(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == PORTS[target.scheme] else f"{name}:{target.port}"


def _connect_to(target: Target) -> HTTPConnection:
    if target.scheme == "http":
        return HTTPConnection(target.address, target.port, timeout=TIMEOUT)
    return HTTPSConnection(
        target.address,
        target.port,
        timeout=TIMEOUT,
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,
        assert_hostname=target.host,
    )
