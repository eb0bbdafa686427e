"""Citizens and businesses apart, from the tap and the event to the pages of officials."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from survey.responses.answers import read_applicant
from survey.responses.services import record_response
from survey.scorecards.models import Edition
from survey.transactions.services import import_totals
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import NOW, Cast
from tests.survey.scorecards.builders import snapshot
from tests.survey.transactions.builders import csv_file


@pytest.fixture
def edition(cast: Cast, tmp_path: Path) -> Edition:
    """40 citizens, all satisfied; 20 businesses, half of them; ten of these by the event."""
    place = replace(cast.submission("x").place, domain_id=cast.land_counter.domain_id)
    for number in range(60):
        business = number >= 40
        told: dict[str, Any] = {"marks": {"applicant": "business"}} if number >= 50 else {}
        answers = {"overall": 2 if number % 2 and business else 5}
        if not told:
            answers |= {"applicant": "business" if business else "citizen"}  # type: ignore[dict-item]
        record_response(
            submission=cast.submission(f"a{number}", place=place, answers=answers, **told)
        )
    content = csv_file("2026-07,H20.01,land,counter,600,500")
    import_totals(content=content, file_name="t.csv", by=None, now=NOW)
    return release(snapshot(tmp_path), "overall")


def test_the_table_is_split_by_a_filter_in_the_address(cast: Cast, edition: Edition) -> None:
    client = signed_in(cast.analyst)
    pages = {
        who: client.get(f"/staff/?edition={edition.pk}&who={who}").content.decode()
        for who in ("", "citizen", "business", "ghost")
    }
    assert [text in pages["citizen"] for text in ("100,00", "Người nộp hồ sơ")] == [True, True]
    assert "50,00" in pages["business"]
    assert "83,33" in pages[""]
    assert "83,33" in pages["ghost"], "who is not known is everybody"


def test_the_page_of_an_agency_shows_both_and_each_factor_of_one(
    cast: Cast, edition: Edition
) -> None:
    result = edition.results.get(agency=cast.land)
    page = signed_in(cast.head).get(reverse("console:agency", args=[result.pk]))
    text = page.content.decode()
    assert "Người dân và doanh nghiệp" in text
    assert [number in text for number in ("100,00", "50,00")] == [True, True]
    names = re.findall(r'<th scope="row">(.+?)</th>', text)
    assert names[:2] == ["Người dân", "Doanh nghiệp, tổ chức"], "citizens first, as everywhere"
    of_one = signed_in(cast.head).get(
        reverse("console:agency", args=[result.pk]), {"who": "business"}
    )
    assert 'aria-current="true">Doanh nghiệp, tổ chức' in of_one.content.decode()


def test_the_files_hold_the_split(cast: Cast, edition: Edition) -> None:
    data = signed_in(cast.analyst).get(
        reverse("console:download", args=["json"]), {"edition": edition.pk}
    )
    rows = data.json()["rows"]
    found = {r["code"]: r["n"] for r in rows if r["level"] == "applicant" and r["agency"] != "*"}
    assert found == {"citizen": 40, "business": 20}


@pytest.mark.parametrize(
    ("answers", "marks", "expected"),
    [
        ({"applicant": "citizen"}, None, "citizen"),
        ({"applicant": "citizen"}, {"applicant": "business"}, "business"),
        ({"applicant": ["citizen"]}, None, ""),
        ({"applicant": "ghost"}, None, ""),
        ({}, {"applicant": "ghost"}, ""),
        ({}, None, ""),
    ],
)
def test_what_the_event_told_goes_before_the_tap(
    answers: dict[str, object], marks: dict[str, str] | None, expected: str
) -> None:
    assert read_applicant(answers, marks) == expected
