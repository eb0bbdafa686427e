"""Agencies with few answers by a model: from published figures alone, on a page of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from survey.agencies.models import Agency
from survey.public import figures
from survey.public.editions import public_editions
from survey.public.modelled import LEAST_AGENCIES, few_answers, show_modelled
from survey.public.pages import list_paths
from survey.scorecards.bridge.standing import model_shares
from survey.scorecards.models import AgencyResult, Edition
from tests.survey.console.builders import release
from tests.survey.factories import Cast, flat
from tests.survey.scorecards.builders import fill, snapshot

pytestmark = pytest.mark.django_db
PAGE = "/ket-qua/2026/q3/1/mo-hinh/1/"


@pytest.fixture
def edition(cast: Cast, tmp_path: Path, settings: Any) -> Edition:
    settings.VAR_DIR = tmp_path / "var"
    fill(cast, good=203, bad=40)
    return release(snapshot(tmp_path))


def add(edition: Edition, count: int, status: str = "few", **more: Any) -> None:
    """So many communes with a figure of this kind."""
    own = edition.results.exclude(agency=None).filter(rows__0__n=243).get()
    made = Agency.objects.filter(key__startswith="x").order_by("key")
    for place, agency in enumerate(made[:count]):
        row = {
            **own.rows[0],
            "agency": agency.key,
            "agency_kind": "commune",
            "status": status,
            "n": 25,
            "n_eff": "25.00",
            "weighted_index": f"{78 + place}.00",
            "ci_low": f"{72 + place}.00",
            "ci_high": f"{83 + place}.00",
            **more,
        }
        AgencyResult.objects.create(
            edition=edition, agency=agency, name=f"UBND xã {place:02}", kind="commune", rows=[row]
        )
    figures._lines.cache_clear()


@pytest.fixture
def communes(cast: Cast) -> None:
    for place in range(LEAST_AGENCIES):
        Agency.objects.create(key=f"x{place:02}")


def read(path: str = PAGE) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200
    return flat(answer)


def test_agencies_with_few_answers_stand_on_a_page_of_their_own(
    edition: Edition, communes: None
) -> None:
    add(edition, LEAST_AGENCIES)
    page = read()
    assert "Đây không phải là kết quả đo." in page
    lines = re.findall(r'<tr data-cell="([^"]+)">(.*?)</tr>', page)
    assert len(lines) == LEAST_AGENCIES
    own = [int(share) for share in re.findall(r"(\d+) %", page)]
    assert own
    assert all(0 <= share < 100 for share in own)
    assert f'href="{PAGE}"' in read("/ket-qua/2026/q3/1/")
    assert "2026/q3/1/mo-hinh/1/" in set(list_paths())
    assert "no measurements" in read(f"/ket-qua/en{PAGE.removeprefix('/ket-qua')}")


def test_what_is_told_is_a_function_of_published_figures(edition: Edition, communes: None) -> None:
    add(edition, LEAST_AGENCIES)
    one = public_editions()[0]
    found = few_answers(one)
    told = [
        tuple(float(line.row[name]) for name in ("index", "ci_low", "ci_high", "n"))
        for line, _share in found
    ]
    assert [share for _line, share in found] == model_shares(told)  # type: ignore[arg-type]
    with override("vi"):
        shown = show_modelled(*found[0])
    assert shown.value == str(round(found[0][1].value))


@pytest.mark.parametrize(
    ("count", "status"), [(LEAST_AGENCIES - 1, "few"), (LEAST_AGENCIES, "unverified")]
)
def test_too_few_agencies_or_none_that_is_verified_are_not_modelled(
    edition: Edition, communes: None, count: int, status: str
) -> None:
    add(edition, count, status)
    assert "Không có cơ quan nào ít phiếu" in read()


def test_agencies_that_are_compared_are_in_the_model_and_not_on_the_page(
    edition: Edition, communes: None
) -> None:
    add(edition, LEAST_AGENCIES, "published")
    assert few_answers(public_editions()[0]) == []


def test_there_is_no_second_page_of_one() -> None:
    assert Client().get(PAGE.replace("/1/1/", "/1/2/")).status_code == 404
