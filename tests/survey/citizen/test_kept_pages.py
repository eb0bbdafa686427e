"""Pages that are kept compressed: what comes out is what was rendered, whatever is put in."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as some

from survey.citizen.kept_pages import fill_page, forget_pages
from tests.survey.factories import Cast, answer, hidden, receipt_of

TEXT = some.text(some.characters(exclude_characters="~", exclude_categories=["Cs"]), max_size=2000)
WORD = some.text("ABCDEFGHabcdefgh0123456789:=_-", max_size=3000)


def asked(encoding: str = "gzip, deflate, br") -> HttpRequest:
    return RequestFactory().get("/", headers={"accept-encoding": encoding})


@given(TEXT, TEXT, TEXT, WORD, WORD)
def test_what_is_unpacked_is_what_was_rendered(
    first: str, middle: str, last: str, one: str, two: str
) -> None:
    forget_pages()

    def render(marks: Mapping[str, str]) -> str:
        return f"{first}{marks['one']}{middle}{marks['two']}{marks['one']}{last}"

    values = {"one": one, "two": two}
    wanted = render(values).encode()
    for _time in range(2):
        packed = fill_page(asked(), "key", render, values)
        assert gzip.decompress(packed.content) == wanted
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        assert stream.decompress(packed.content) == wanted
        assert stream.eof, "one member, with nothing behind it, as browsers want it"
        assert stream.unused_data == b""
    plain = fill_page(asked("br"), "key", render, values)
    assert plain.content == wanted
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


def test_the_size_of_a_page_tells_nothing() -> None:
    sizes = set()
    for _time in range(60):
        page = fill_page(asked(), "k", lambda marks: marks["a"], {"a": "x"})
        sizes.add(len(page.content))
    assert len(sizes) > 10


@pytest.mark.parametrize("value", ["<b>", "a&b", '"', "ă", "a b", "\n", "'"])
def test_nothing_that_needs_escaping_is_put_in(value: str) -> None:
    with pytest.raises(ValueError, match="escaping"):
        fill_page(asked(), "k", lambda marks: marks["a"], {"a": value})


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_kept_form_and_page_of_thanks_work_as_rendered_ones(cast: Cast, encoding: str) -> None:
    client = Client(headers={"accept-encoding": encoding})
    path = f"/s/{cast.code.code}"

    def page(address: str) -> bytes:
        found = client.get(address)
        assert found.status_code == 200
        is_packed = found.headers.get("Content-Encoding") == "gzip"
        assert is_packed is (encoding == "gzip")
        return gzip.decompress(found.content) if is_packed else found.content

    for level in ("4", "2"):
        sent = client.post(path, {**hidden(page(path)), "overall": level})
        thanks = page(sent.headers["Location"])
        fields = hidden(thanks)
        assert fields["t"] in sent.headers["Location"]
        assert b"~~" not in thanks
        asks = b'name="reasons"' in thanks
        assert asks is (level == "2"), "a low rating is asked for reasons, a high one is not"
        done = client.post(sent.headers["Location"].split("?")[0], fields)
        assert done.status_code == 303


@pytest.mark.parametrize("language", ["vi", "en", "km"])
def test_a_kept_page_of_the_full_form_holds_nothing_of_whom_it_was_first_made_for(
    cast: Cast, language: str
) -> None:
    first, second = (f"/r/{receipt_of(answer(Client(), cast, overall='4'))}" for _n in range(2))
    pages = []
    for path in (first, second):
        client = Client(headers={"accept-encoding": "gzip"})
        page = gzip.decompress(client.get(f"{path}/full?lang={language}").content)
        answered = {**hidden(page), "A1": "4"}
        next_page = gzip.decompress(client.post(f"{path}/full?lang={language}", answered).content)
        pages.append((page, next_page))
    for kept, own in zip(pages[1], pages[0], strict=True):
        assert f'action="{second}/full?'.encode() in kept
        assert first.removeprefix("/r/").encode() not in kept
        assert hidden(kept)["state"] != hidden(own)["state"]
        assert f'lang="{language}"'.encode() in kept
        assert b"~~" not in kept
    done = Client().post(f"{second}/full", {**hidden(pages[1][1]), "stop": "1"})
    assert done.status_code == 303


def test_a_switched_page_with_a_forged_field_is_escaped(cast: Cast) -> None:
    client = Client()
    address = answer(client, cast, overall="4").headers["Location"]
    forged = client.post(address, {"switch": "en", "ticket": "<script>alert(1)</script>"})
    assert forged.status_code == 200
    assert b"<script>alert(1)" not in forged.content


@pytest.mark.parametrize("tail", ["%20", ".", "!", ")", "%2B", "%00"])
def test_a_link_something_stuck_to_is_no_fault_of_ours(cast: Cast, tail: str) -> None:
    client = Client()
    address = answer(client, cast, overall="4").headers["Location"]
    address = re.sub(r"(&t=[^&]+)", lambda match: match[1] + tail, address)
    assert client.get(address).status_code in (200, 303)


@pytest.mark.parametrize("name", ["Quầy ~~ticket~~", "Quầy ~~abc~~", "~~code~~"])
def test_a_name_that_looks_like_a_mark_is_a_name(cast: Cast, name: str) -> None:
    type(cast.land_counter).objects.filter(pk=cast.land_counter.pk).update(name=name)
    page = Client().get(f"/s/{cast.code.code}")
    assert page.status_code == 200
    assert name in page.content.decode()
