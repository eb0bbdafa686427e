"""The method note tells how far places depend on choices of the method."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from survey.reports.method_note import write_method_note, write_public_note
from survey.scorecards.models import Edition
from tests.survey.factories import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(cast: Cast) -> Edition:
    now = timezone.now()
    return Edition.objects.create(
        period="2026-Q2",
        method="overall",
        method_version=3,
        method_sha256="m" * 64,
        snapshot_sha256="s" * 64,
        responses=100,
        about={},
        made_at=now,
        released_at=now + timedelta(minutes=1),
    )


def told(edition: Edition, *, is_public: bool) -> dict[str, str]:
    notes = (
        write_public_note(edition, half_width=Decimal(1))
        if is_public
        else write_method_note(edition)
    )
    return {note.code: note.text for note in notes}


@pytest.mark.parametrize("is_public", [False, True])
def test_places_under_other_choices_are_told_where_enough_are_compared(
    edition: Edition, is_public: bool
) -> None:
    assert "S.13.3.5" not in told(edition, is_public=is_public)
    lines = [("equal_channels", 40, 3), ("weights", 4, 1), ("something later", 40, 1)]
    edition.about["rank_sensitivity"] = [
        {"variant": name, "compared": compared, "changed": changed}
        for name, compared, changed in lines
    ]
    text = told(edition, is_public=is_public)["S.13.3.5"]
    assert "các kênh có trọng số bằng nhau: 3 trên 40" in text
    assert ";" not in text, "too few compared, and a variant of another version, are left out"


def test_response_is_told_to_everybody_in_whole_percent_and_of_many_dossiers(
    edition: Edition,
) -> None:
    assert "S.13.A4" not in told(edition, is_public=True), "made before it was measured"
    edition.about["response"] = {"rate": "27.6", "r": "0.82", "dossiers": 4_999}
    assert "S.13.A4" not in told(edition, is_public=True)
    edition.about["response"]["dossiers"] = 5_000
    text = told(edition, is_public=True)["S.13.A4"]
    assert "Khoảng 72 % hồ sơ" in text
    assert "R là 0,82" in text


def test_channels_are_compared_for_everybody_where_enough_agencies_are(edition: Edition) -> None:
    assert "S.13.3.2" not in told(edition, is_public=True), "made before it was measured"
    modes = {"compared": 4, "higher": 1, "lower": 0, "median": -2}
    edition.about["modes"] = modes
    assert "S.13.3.2" not in told(edition, is_public=True)
    edition.about["modes"] = modes | {"compared": 41, "higher": 12}
    text = told(edition, is_public=True)["S.13.3.2"]
    assert "có 41 cơ quan so được" in text
    assert "cao hơn rõ ở 12 cơ quan, thấp hơn rõ ở 0 cơ quan" in text
    assert "giữa là -2 điểm" in text
