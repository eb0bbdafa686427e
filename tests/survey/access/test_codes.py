"""Codes and posters: issued, replaced, withdrawn, printed - and read back by a real decoder."""

from __future__ import annotations

import io
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.translation import gettext as _
from django.utils.translation import override
from PIL import Image, ImageChops

from survey.access.models import CodeStatus, CounterCode, Slip
from survey.access.posters import issue_code, revoke_code
from survey.access.print import qr
from survey.access.print.posters import PAPERS, poster_pdf
from survey.access.print.sheets import FONTS, TooLongToPrint
from survey.access.print.slips import slips_pdf
from survey.access.queries import check_characters
from survey.access.slips import (
    LENGTH,
    OLD_LENGTH,
    Batch,
    find_slip,
    group_slip_code,
    is_slip_code,
    issue_slips,
    new_slip_code,
)
from survey.access.twin_pictures import COUNT, draw_picture, name_picture
from survey.agencies.improvements import Improvement
from survey.agencies.models import Agency, Office
from survey.common.tokens import group_code, keyed_hash
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
    assert (cast.code.status, fresh.status, fresh.issue) == (
        CodeStatus.RETIRED,
        CodeStatus.ACTIVE,
        2,
    )
    revoke_code(code=fresh, now=NOW)
    assert not CounterCode.objects.filter(
        counter=cast.land_counter, status=CodeStatus.ACTIVE
    ).exists()
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


@pytest.mark.long
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize(("language", "second"), [("vi", ""), ("en", ""), ("vi", "km")])
def test_posters_of_every_size_are_read_by_a_decoder(
    cast: Cast, paper: str, language: str, second: str
) -> None:
    pdf = poster_pdf([cast.code, cast.commune_code], paper=paper, language=language, second=second)
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 2
    width, height = (round(points / 72 * 25.4) for points in document[0].get_size())
    assert (width, height) == MILLIMETRES[paper]
    found = [decoded(page) for page in pages(pdf)]
    sides = 2 if paper == "tent" else 1
    assert found == [
        [qr.short_url(code.code).upper()] * sides for code in (cast.code, cast.commune_code)
    ]
    text = document[0].get_textpage().get_text_range()
    for part in (
        cast.land_counter.office.name,
        qr.printed_domain(),
        group_code(cast.code.code).replace("-", " "),
        "1022",
    ):
        assert part in text.replace("\r\n", " "), part


PAIRS = list(permutations([code for code, _name in settings.LANGUAGES], 2))


@pytest.mark.long
@pytest.mark.parametrize(("language", "second"), PAIRS)
def test_posters_and_slips_of_every_pair_of_languages(
    cast: Cast, language: str, second: str
) -> None:
    """Both languages stand on the sheet, drawn with letters it brings along."""
    slips = [new_slip_code() for _place in range(13)]
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
                wanted = _("Are you satisfied? Scan to answer (within 30 days).")
                wanted = (
                    wanted if name == "slips" else _("Are you satisfied with how you were served?")
                )
            # A PDF may hold the parts of a Khmer syllable in another order; Latin words are
            # compared as they are.
            found = (
                re.search(r"[\u1780-\u17ff]", text) if code == "km" else wanted.split()[0] in text
            )
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
    assert {path.name for folder in FONTS for path in folder.glob("*.ttf")} >= {
        "NotoSans-Regular.ttf",
        "NotoSansKhmer-Regular.ttf",
    }


def test_an_unknown_paper_is_refused(cast: Cast) -> None:
    with pytest.raises(ValueError, match="A6"):
        poster_pdf([cast.code], paper="A6")


LONG_OFFICE = (
    "Bộ phận Tiếp nhận và Trả kết quả giải quyết thủ tục hành chính thuộc Ủy ban nhân dân phường "
    "Cao Lãnh, cơ sở 2"
    " (trụ sở cũ của Ủy ban nhân dân xã Tân Thuận Đông), tỉnh Đồng Tháp"
)
LONG_ADDRESS = "https://danh-gia-dich-vu-cong-truc-tuyen.dongthapmuoi.gov.vn"


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("second", ["", "km"])
def test_long_names_and_addresses_stay_on_one_page(
    cast: Cast, settings: Any, paper: str, second: str
) -> None:
    settings.PUBLIC_URL = LONG_ADDRESS
    counter = cast.land_counter
    counter.office.name, counter.name = (
        LONG_OFFICE,
        "Đăng ký hộ tịch, chứng thực, bảo trợ xã hội, người có công",
    )
    assert counter.domain
    counter.domain.name = (
        "Lao động, người có công và xã hội, bảo trợ xã hội và phòng chống tệ nạn xã hội"
    )
    cast.code.counter = counter
    document = pypdfium2.PdfDocument(poster_pdf([cast.code], paper=paper, second=second))
    assert len(document) == 1
    assert ink_of(document[0]) < 0.999, "nothing runs over the edge of the paper"
    text = re.sub(r"[\s\u200b]", "", document[0].get_textpage().get_text_range())
    for part in (
        LONG_OFFICE,
        counter.domain.name,
        qr.printed_domain(),
        cast.code.code,
    ):
        assert re.sub(r"\s", "", part) in text, part


def ink_of(sheet: pypdfium2.PdfPage) -> float:
    """How near to the right edge anything is drawn, as a share of the width."""
    image = (
        sheet.render(scale=1).to_pil().convert("L").point(lambda level: 255 if level < 200 else 0)
    )
    # The band with the province's name goes from edge to edge.
    for row in range(image.height):
        if image.getpixel((1, row)):
            image.paste(0, (0, row, image.width, row + 1))
    box = image.getbbox()
    assert box
    return float(box[2] / image.width)


@pytest.mark.long
@pytest.mark.parametrize("site", ["https://danhgia.dongthap.gov.vn", LONG_ADDRESS])
@pytest.mark.parametrize("second", ["", "km"])
@pytest.mark.parametrize("name", ["Trung tâm", "Trung tâm Phục vụ hành chính công tỉnh Đồng Tháp"])
def test_no_word_of_a_slip_crosses_the_line_where_it_is_cut(
    settings: Any, site: str, second: str, name: str
) -> None:
    settings.PUBLIC_URL = site
    codes = [new_slip_code() for _place in range(10)]
    document = pypdfium2.PdfDocument(
        slips_pdf(codes, name=name, second=second, notice="Bản dùng thử")
    )
    words = document[0].get_textpage()
    high, wide, edge, gap = (
        millimetres / 25.4 * 72
        for millimetres in (((279 - 4) / 5 if second else (279 - 5) / 6), (192 - 1) / 2, 9, 1)
    )
    page_height = document[0].get_height()
    for place in range(words.count_rects()):
        left, bottom, right, top = words.get_rect(place)
        column, row = (
            int((left - edge) // (wide + gap)),
            int((page_height - top - edge) // (high + gap)),
        )
        assert right <= edge + column * (wide + gap) + wide, (column, row)
        assert page_height - bottom <= edge + row * (high + gap) + high, (column, row)
    found = [address for sheet in pages(document_bytes(document)) for address in decoded(sheet)]
    assert sorted(found) == sorted(qr.short_url(code).upper() for code in codes)


def document_bytes(document: pypdfium2.PdfDocument) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_what_fits_on_no_paper_is_refused_by_name(cast: Cast, settings: Any) -> None:
    cast.code.counter = cast.land_counter
    for endless in ("Bộ phận Tiếp nhận " * 60, "W" * 80):
        with pytest.raises(TooLongToPrint, match=endless[:9]):
            slips_pdf([new_slip_code()], name=endless)
        cast.land_counter.office.name = cast.land_counter.name = endless
        for paper in ("A5", "tent"):
            with pytest.raises(TooLongToPrint):
                poster_pdf([cast.code], paper=paper)


def test_no_slip_is_issued_that_cannot_be_printed(client: Client, cast: Cast) -> None:
    counter = cast.land_counter
    Office.objects.filter(pk=counter.office_id).update(name="W" * 200)
    client.force_login(cast.operator)
    page = client.post(f"/staff/presence/{counter.pk}/slips", follow=True)
    assert "quá dài" in page.content.decode()
    assert not Slip.objects.exists()


def test_the_page_of_codes_says_which_name_is_too_long_for_a_poster(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise TooLongToPrint("Bộ phận <Một cửa>")

    monkeypatch.setattr("survey.console.counters.poster_pdf", refuse)
    client.force_login(cast.operator)
    for path in (
        f"/staff/codes/{cast.code.pk}-A4.pdf",
        f"/staff/offices/{cast.land_counter.office_id}-A4.pdf",
    ):
        page = client.get(path, follow=True)
        assert page.status_code == 200, path
        assert "Bộ phận &lt;Một cửa&gt;" in page.content.decode()


def test_slips_are_made_by_the_command_as_a_list_or_as_sheets(cast: Cast, tmp_path: Path) -> None:
    for name, count in (("slips.csv", 5), ("slips.pdf", 3)):
        out = tmp_path / name
        call_command(
            "make_slips",
            "--agency",
            "H20.01",
            "--count",
            str(count),
            "--out",
            str(out),
            verbosity=0,
        )
        assert out.stat().st_mode & 0o777 == 0o600
    rows = (tmp_path / "slips.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "code,printed,address"
    assert Slip.objects.filter(agency=cast.land).count() == 8 == len(rows) - 1 + 3
    text = pypdfium2.PdfDocument(tmp_path / "slips.pdf")[0].get_textpage().get_text_range()
    assert "Sở Nông nghiệp" in text, "the agency's name, not its code"
    Agency.objects.get(pk=cast.land.pk).versions.update(name="W" * 200)
    with pytest.raises(CommandError, match="WWW"):
        call_command(
            "make_slips", "--agency", "H20.01", "--count", "2", "--out", str(tmp_path / "more.pdf")
        )
    assert Slip.objects.count() == 8
    assert not (tmp_path / "more.pdf").exists()


def rendered(pdf: bytes) -> list[str]:
    return [address for page in pages(pdf, dpi=150) for address in decoded(page)]


def text_sizes(pdf: bytes, wanted: str) -> list[float]:
    """Points of the letters a text is set in."""
    sheet = pypdfium2.PdfDocument(pdf)[0]
    words = sheet.get_textpage()
    found = words.search(wanted).get_next()
    assert found, wanted
    index, count = found
    return [
        float(pypdfium2.raw.FPDFText_GetFontSize(words.raw, place))
        for place in range(index, index + count)
    ]


@pytest.mark.parametrize("paper", ["A5", "A4", "A3", "tent"])
@pytest.mark.parametrize("second", ["", "km"])
def test_the_address_is_read_from_two_metres(cast: Cast, paper: str, second: str) -> None:
    pdf = poster_pdf([cast.code], paper=paper, second=second)
    assert min(text_sizes(pdf, qr.printed_domain())) >= 24
    assert min(text_sizes(pdf, cast.code.code[:4])) >= 24


def test_a_domain_of_forty_characters_fits_or_the_poster_says_so(cast: Cast, settings: Any) -> None:
    settings.PUBLIC_URL = "https://danhgia-dichvucong-caicach.dongthap.gov.vn"
    assert len(qr.printed_domain()) >= 40
    for paper in PAPERS:
        pdf = poster_pdf([cast.code], paper=paper, second="km")
        assert min(text_sizes(pdf, "danhgia")) >= 24
        assert ink_of(pypdfium2.PdfDocument(pdf)[0]) < 0.999
    settings.PUBLIC_URL = "https://" + "w" * 45
    with pytest.raises(TooLongToPrint, match="wwww"):
        poster_pdf([cast.code], paper="A5")


LANGUAGES = ("vi", "en", "km")
PAIRS = [(first, second) for first in LANGUAGES for second in ("", *LANGUAGES) if first != second]


@pytest.mark.parametrize(
    ("language", "second"),
    [pytest.param(*pair, marks=[] if pair == ("vi", "km") else pytest.mark.slow) for pair in PAIRS],
)
def test_posters_and_slips_are_decoded_at_150_dpi(cast: Cast, language: str, second: str) -> None:
    expected = qr.short_url(cast.code.code).upper()
    for paper in PAPERS:
        pdf = poster_pdf([cast.code], paper=paper, language=language, second=second)
        assert set(rendered(pdf)) == {expected}
    slips = [new_slip_code() for _place in range(12)]
    found = rendered(slips_pdf(slips, name="Trung tâm", language=language, second=second))
    assert sorted(found) == sorted(qr.short_url(code).upper() for code in slips)


def test_a_long_name_makes_a_slip_higher_never_its_letters_smaller(cast: Cast) -> None:
    name = "Bộ phận Tiếp nhận và Trả kết quả của Ban Quản lý Khu kinh tế tỉnh Đồng Tháp"
    codes = [new_slip_code() for _place in range(12)]
    for second in ("", "en", "km"):
        pdf = slips_pdf(codes, name=name, second=second)
        assert min(text_sizes(pdf, "Bộ phận Tiếp")) >= 11
        assert min(text_sizes(pdf, "hài lòng")) >= 11
        assert sorted(rendered(pdf)) == sorted(qr.short_url(code).upper() for code in codes)


def test_a_poster_tells_the_latest_improvement_with_its_day(cast: Cast) -> None:
    def printed() -> str:
        pdf = pypdfium2.PdfDocument(poster_pdf([cast.code], paper="A4"))
        return str(pdf[0].get_textpage().get_text_range())

    assert "Việc đã làm" not in printed()
    made = Improvement.objects.create(
        agency=cast.land,
        done_on="2026-08-01",
        said="Thiếu ghế",
        did="Thêm 20 ghế",
        author=cast.head,
    )
    assert "Thêm 20 ghế" not in printed(), "nobody has approved it"
    made.approved_by, made.approved_at = cast.analyst, NOW
    made.save()
    assert "01/08/2026: Thêm 20 ghế" in printed()


def test_the_code_of_a_slip_is_digits_and_finds_typing_errors() -> None:
    code = new_slip_code()
    assert re.fullmatch(r"\d{16}", code)
    assert len(code) == LENGTH
    assert is_slip_code(code)
    assert group_slip_code(code).replace(" ", "") == code
    assert [len(group) for group in group_slip_code(code).split()] == [4, 4, 4, 4]
    for place in range(LENGTH):
        wrong = code[:place] + str((int(code[place]) + 1) % 10) + code[place + 1 :]
        assert not is_slip_code(wrong)
    for place in range(LENGTH - 1):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert is_slip_code(swapped) is (swapped == code)


def test_a_slip_from_before_digits_is_still_found(cast: Cast) -> None:
    new = issue_slips(batch=Batch(agency_id=cast.land.pk, channel="counter"), count=1, now=NOW)[0]
    assert find_slip(new)
    old = "A" * OLD_LENGTH
    Slip.objects.update(code_hash=keyed_hash("slip", old))
    assert find_slip(old)
    assert find_slip(new) is None


# --- the twin picture -----------------------------------------------------------------------------


def shape(image: Image.Image) -> Image.Image:
    """The printed picture, looked for at the foot of the sheet."""
    return image.crop((0, round(image.height * 0.84), image.width // 4, image.height))


def test_page_and_poster_show_the_same_picture(citizen: Client, cast: Cast) -> None:
    picture = cast.code.picture
    assert picture is not None
    page = citizen.get(f"/{cast.code.code}").content.decode()
    assert draw_picture(picture) in page
    assert name_picture(picture) in page
    pdf = pypdfium2.PdfDocument(poster_pdf([cast.code], paper="A4"))
    with override("vi"):
        printed = " ".join(pdf[0].get_textpage().get_text_range().split())
        assert name_picture(picture) in printed


def test_a_neighbouring_issue_has_another_picture(citizen: Client, cast: Cast) -> None:
    seen = [cast.code.picture]
    first = shape(pages(poster_pdf([cast.code], paper="A4"))[0])
    for _issue in range(4):
        fresh = issue_code(counter=cast.land_counter, now=NOW)
        assert fresh.picture not in seen[-5:]
        seen.append(fresh.picture)
    page = citizen.get(f"/{fresh.code}").content.decode()
    assert draw_picture(fresh.picture or 0) in page
    assert draw_picture(cast.code.picture or 0) not in page
    other = shape(pages(poster_pdf([fresh], paper="A4"))[0])
    assert ImageChops.difference(first.convert("L"), other.convert("L")).getbbox()


def test_sixty_pictures_have_sixty_names_in_every_language() -> None:
    assert COUNT == 60
    assert len({draw_picture(picture) for picture in range(COUNT)}) == COUNT
    for language, _language in settings.LANGUAGES:
        with override(language):
            names = {name_picture(picture) for picture in range(COUNT)}
        assert len(names) == COUNT, language


def test_a_poster_printed_before_there_were_pictures_keeps_its_letters(
    citizen: Client, cast: Cast
) -> None:
    CounterCode.objects.filter(pk=cast.code.pk).update(picture=None)
    cast.code.refresh_from_db()
    letters = check_characters(cast.code.code)
    assert letters in citizen.get(f"/{cast.code.code}").content.decode()
    text = pypdfium2.PdfDocument(poster_pdf([cast.code], paper="A4"))[0].get_textpage()
    assert letters in text.get_text_range()
