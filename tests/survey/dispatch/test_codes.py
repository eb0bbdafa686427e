"""Codes and posters: issued, replaced, withdrawn, printed - and read back by a real decoder."""

from __future__ import annotations

import io
import re
from itertools import permutations

import pypdfium2
import pytest
import zxingcpp
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override
from PIL import Image

from survey.common.tokens import new_code
from survey.dispatch import qr
from survey.dispatch.batches import slips_pdf
from survey.dispatch.models import CodeStatus, CounterCode
from survey.dispatch.poster import FONTS, PAPERS, poster_pdf
from survey.dispatch.services import issue_code, revoke_code
from tests.survey.factories import NOW, Cast

MILLIMETRES = {"tent": (210, 297), "A5": (148, 210), "A4": (210, 297), "A3": (297, 420)}


def decoded(image: Image.Image) -> list[str]:
    return [result.text for result in zxingcpp.read_barcodes(image)]


def pages(pdf: bytes, *, dpi: int = 100) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=dpi / 72).to_pil() for page in document]


def test_a_new_issue_retires_the_old_and_a_withdrawn_code_stops(cast: Cast) -> None:
    fresh = issue_code(counter=cast.land_counter, now=NOW)
    cast.code.refresh_from_db()
    assert (cast.code.status, fresh.status, fresh.issue) == (CodeStatus.RETIRED, CodeStatus.ACTIVE, 2)
    revoke_code(code=fresh, now=NOW)
    assert not CounterCode.objects.filter(counter=cast.land_counter, status=CodeStatus.ACTIVE).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        CounterCode.objects.filter(counter=cast.land_counter).update(status=CodeStatus.ACTIVE)


def test_a_closed_counter_gets_no_code(cast: Cast) -> None:
    cast.land_counter.closed_on = NOW.date()
    with pytest.raises(ValidationError):
        issue_code(counter=cast.land_counter, now=NOW)


def test_the_symbol_is_small_and_says_the_short_address(cast: Cast) -> None:
    expected = qr.short_url(cast.code.code).upper()
    assert decoded(Image.open(io.BytesIO(qr.as_png(cast.code.code)))) == [expected]
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]+", expected)
    svg = qr.as_svg(cast.code.code).decode()
    modules = int(re.search(r'viewBox="0 0 (\d+)', svg).group(1))  # type: ignore[union-attr]  # always there
    assert modules <= 29 + 8, "version 3 at most, with a quiet zone of four modules"


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize(("language", "second"), [("vi", ""), ("en", ""), ("vi", "km")])
def test_posters_of_every_size_are_read_by_a_decoder(cast: Cast, paper: str, language: str, second: str) -> None:
    pdf = poster_pdf([cast.code, cast.commune_code], paper=paper, language=language, second=second)
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 2
    width, height = (round(points / 72 * 25.4) for points in document[0].get_size())
    assert (width, height) == MILLIMETRES[paper]
    found = [decoded(page) for page in pages(pdf)]
    sides = 2 if paper == "tent" else 1
    assert found == [[qr.short_url(code.code).upper()] * sides for code in (cast.code, cast.commune_code)]
    text = document[0].get_textpage().get_text_range()
    for part in (cast.land_counter.office.name, qr.printed_domain(), f"/s/{cast.code.code}", cast.code.code):
        assert part in text.replace("\r\n", " "), part


PAIRS = list(permutations(("vi", "en", "km"), 2))


@pytest.mark.parametrize(("language", "second"), PAIRS)
def test_posters_and_slips_of_every_pair_of_languages(cast: Cast, language: str, second: str) -> None:
    """Both languages stand on the sheet, drawn with letters it brings along."""
    slips = [new_code(10) for _place in range(22)]
    for name, pdf in (
        ("A4", poster_pdf([cast.code], paper="A4", language=language, second=second)),
        ("tent", poster_pdf([cast.code], paper="tent", language=language, second=second)),
        ("slips", slips_pdf(slips, name="Trung tâm", language=language, second=second)),
    ):
        document = pypdfium2.PdfDocument(pdf)
        assert len(document) == (2 if name == "slips" else 1), name
        text = document[0].get_textpage().get_text_range()
        for code in (language, second):
            with override(code):
                wanted = _("Rate the service: scan, or open the address and type the code. Good for 30 days.")
                wanted = wanted if name == "slips" else _("How was the service?")
            # A PDF may hold the parts of a Khmer syllable in another order; Latin words are compared as they are.
            found = re.search(r"[\u1780-\u17ff]", text) if code == "km" else wanted.split()[0] in text
            assert found, (name, code)
        fonts = set(re.findall(rb"/FontName\s*/[A-Z]{6}\+([A-Za-z-]+)", pdf))
        assert any(b"Khmer" in font for font in fonts) is ("km" in (language, second)), name
        assert all(font.startswith(b"NotoSans") for font in fonts), name
    addresses = [qr.short_url(code).upper() for code in slips]
    assert sorted(address for page in pages(pdf) for address in decoded(page)) == sorted(addresses)


def test_the_poster_uses_the_bundled_fonts_only(cast: Cast) -> None:
    pdf = poster_pdf([cast.code], paper="A4")
    names = set(re.findall(rb"/FontName\s*/[A-Z]{6}\+([A-Za-z-]+)", pdf))
    assert names == {b"NotoSans-Regular", b"NotoSans-Bold"}
    assert {path.name for path in FONTS.glob("*.ttf")} >= {"NotoSans-Regular.ttf", "NotoSansKhmer-Regular.ttf"}


def test_an_unknown_paper_is_refused(cast: Cast) -> None:
    with pytest.raises(ValueError, match="A6"):
        poster_pdf([cast.code], paper="A6")
