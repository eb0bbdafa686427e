"""Codes, periods, text and numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from survey.common import tokens
from survey.common.numbers import format_number
from survey.common.periods import parse_period
from survey.common.text import TextError, clean, plain_content_type

NOW = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-9M", date(2026, 1, 1), date(2026, 9, 30)),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_periods_span_whole_months(name: str, first: date, last: date) -> None:
    period = parse_period(name)
    assert (period.first, period.last) == (first, last)
    assert "2026" in period.title or "2024" in period.title


@pytest.mark.parametrize(
    "text", ["", "2026-Q5", "2026-13", "26-Q1", "2026-Q3\n", "Q3-2026", "2026/07"]
)
def test_what_is_no_period_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="2026-Q3"):
        parse_period(text)


def test_a_ticket_is_bound_to_its_code_and_its_time() -> None:
    text = tokens.issue_ticket("ABCD2345", NOW)
    ticket = tokens.read_ticket(text, "ABCD2345", NOW + timedelta(hours=23))
    assert ticket == tokens.read_ticket(text, "ABCD2345", NOW)
    assert len(ticket.receipt) == tokens.RECEIPT_LENGTH
    with pytest.raises(tokens.TicketError):
        tokens.read_ticket(text, "ABCD2346", NOW)
    with pytest.raises(tokens.TicketError) as error:
        tokens.read_ticket(text, "ABCD2345", NOW + timedelta(hours=25))
    assert error.value.expired


@given(st.text(max_size=80))
def test_no_text_is_a_ticket_and_none_breaks_the_reader(text: str) -> None:
    with pytest.raises(tokens.TicketError):
        tokens.read_ticket(text, "ABCD2345", NOW)


@given(st.text())
def test_cleaned_text_is_clean_or_refused(text: str) -> None:
    try:
        result = clean(text)
    except TextError:
        return
    assert clean(result) == result
    assert "\x00" not in result


def test_codes_forgive_what_people_confuse() -> None:
    assert tokens.normalise_code("o1iL-23 45") == "01112345"
    assert tokens.normalise_code("Mã: 5M2K-7") == "5M2K7"
    assert tokens.normalise_code("Mã đánh giá 5M2K 7") == "5M2K7"
    assert tokens.normalise_code("https://hailong.vn:8443/5M2K7.") == "5M2K7"
    assert tokens.group_code("ABCDEFGHJK") == "ABCDE-FGHJK"
    assert set(tokens.new_code(200)) <= set(tokens.ALPHABET)


def test_receipts_do_not_repeat() -> None:
    assert len({tokens.derive_ticket(str(i)).receipt for i in range(5000)}) == 5000


def test_numbers_are_written_as_people_read_them() -> None:
    with override("vi"):
        assert format_number(Decimal("83.54")) == "83,54"
        assert format_number(1234567) == "1.234.567"
        assert format_number(Decimal("1234.5"), 2) == "1.234,50"
        assert format_number(None) == ""
    with override("en"):
        assert format_number(Decimal("1234.54")) == "1,234.54"
    assert format_number(Decimal("0.25"), 1) == "0,3", "half up"
    assert format_number(2.675, 2) == "2,68"


@pytest.mark.parametrize(
    ("header", "plain"),
    [
        ("", ""),
        ("application/x-www-form-urlencoded; charset=hex", "application/x-www-form-urlencoded"),
        ("multipart/form-data; charset=hex; boundary=BB", "multipart/form-data; boundary=BB"),
        ('multipart/form-data; boundary="a b"; x=y', 'multipart/form-data; boundary="a b"'),
        ("text/plain; charset*=bogus''%41", "text/plain"),
    ],
)
def test_only_the_media_type_and_the_boundary_are_believed(header: str, plain: str) -> None:
    assert plain_content_type(header) == plain
