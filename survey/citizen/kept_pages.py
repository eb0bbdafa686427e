"""Pages that are the same for everybody but for a few words: rendered and compressed once, filled
for each.

A page is cut at its marks. What lies between them is kept as text and as DEFLATE (RFC 1951) that
ends on a whole byte (``Z_FULL_FLUSH``), so that pieces and the words between them, which are put in
uncompressed, are one stream. As Django's own compression does, the name in the gzip header has a
random length, so that the size of an answer tells nothing (BREACH).
"""

from __future__ import annotations

import re
import secrets
import struct
import zlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

MAX_PAGES: Final = 4096
MAX_RANDOM_BYTES: Final = 100
_SECRET: Final = secrets.token_hex(8)
"""Of this process: no name and no text can hold a mark."""
_MARK: Final = re.compile(rb"~~([a-z]+)-" + _SECRET.encode() + rb"~~")
_SAFE: Final = re.compile(r"[A-Za-z0-9.:=_-]*")
"""Needs no escaping wherever on a page it stands."""
_GZIP: Final = re.compile(r"\bgzip\b")
_HEAD: Final = b"\x1f\x8b\x08\x08" + bytes(5) + b"\xff"
"""gzip with a name, no time, system unknown (RFC 1952)."""
_END: Final = b"\x01\x00\x00\xff\xff"
"""The last, empty block."""


@dataclass(frozen=True)
class _Piece:
    """Text of a page up to a mark, and the mark that follows; empty after the last."""

    text: bytes
    packed: bytes
    mark: str


_kept: dict[Hashable, tuple[_Piece, ...]] = {}


def forget_pages() -> None:
    """Start anew; for tests."""
    _kept.clear()


def fill_page(
    request: HttpRequest,
    key: Hashable,
    render: Callable[[Mapping[str, str]], str],
    values: Mapping[str, str],
) -> HttpResponse:
    """The page of a key with these values in it; ``render`` makes it of marks in their place.

    The key has to name everything else the page depends on.

    Raises
    ------
    ValueError
        A value holds more than letters, digits and ``.:=_-``.
    """
    for value in values.values():
        if not _SAFE.fullmatch(value):
            raise ValueError("a value of a kept page needs escaping")
    pieces = _kept.get(key)
    if pieces is None:
        if len(_kept) >= MAX_PAGES:
            _kept.clear()
        marks = {name: f"~~{name}-{_SECRET}~~" for name in values}
        pieces = _kept[key] = _cut(render(marks).encode())
    words = {"": b""} | {name: value.encode() for name, value in values.items()}
    text = b"".join([part for one in pieces for part in (one.text, words[one.mark])])
    if not _GZIP.search(request.headers.get("Accept-Encoding", "")):
        response = HttpResponse(text)
    else:
        response = HttpResponse(_pack(pieces, words, text))
        response.headers["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


def _cut(page: bytes) -> tuple[_Piece, ...]:
    texts = _MARK.split(page)
    return tuple(
        _Piece(text, _deflate(text), mark.decode())
        for text, mark in zip(texts[::2], [*texts[1::2], b""], strict=True)
    )


def _deflate(text: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(text) + stream.flush(zlib.Z_FULL_FLUSH)


def _pack(pieces: tuple[_Piece, ...], words: Mapping[str, bytes], text: bytes) -> bytes:
    name = b"a" * secrets.randbelow(MAX_RANDOM_BYTES)
    parts = [_HEAD, name, b"\x00"]
    for one in pieces:
        parts.append(one.packed)
        word = words[one.mark]
        if word:
            size = len(word)
            parts += [b"\x00", struct.pack("<HH", size, size ^ 0xFFFF), word]
    parts += [_END, struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)]
    return b"".join(parts)
