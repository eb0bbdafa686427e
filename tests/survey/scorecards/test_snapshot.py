"""From responses to a snapshot, an index and an edition."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from survey.common.periods import parse_period
from survey.responses.services import record_response
from survey.scorecards.bridge.exports import export_rows, write_exports
from survey.scorecards.bridge.snapshots import take_snapshot
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.services import make_edition
from survey.transactions.services import import_totals
from tests.survey.factories import NOW, Cast
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file


def overall(folder: Path, tmp_path: Path, agency: str) -> dict[str, Any]:
    target = tmp_path / "index.json"
    write_exports(folder=folder, method="sipas-service", targets=[target])
    rows = json.loads(target.read_text(encoding="utf-8"))["rows"]
    return next(row for row in rows if row["agency"] == agency and row["level"] == "overall")


def test_weights_bring_the_channels_back_to_their_dossiers(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=40, bad=0, channel="online")
    fill(cast, good=10, bad=10, channel="counter")
    totals = csv_file("2026-07,H20.01,land,counter,300,300", "2026-08,H20.01,land,online,100,90")
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    row = overall(snapshot(tmp_path), tmp_path, "h20.01")
    # by hand: unweighted 50/60; weighted (300 * 10/20 + 100 * 40/40) / 400
    assert row["unweighted_index"] == 83.33
    assert row["weighted_index"] == 62.5
    assert (row["n"], row["transactions"], row["response_rate"], row["status"]) == (
        60,
        400,
        15.0,
        "published",
    )


def test_fewer_than_ten_answers_leave_no_figure_anywhere(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=5, bad=4)
    folder = snapshot(tmp_path)
    row = overall(folder, tmp_path, "h20.01")
    assert row["status"] == "suppressed"
    assert row["n"] is None
    assert all(
        row[name] is None
        for name in ("weighted_index", "unweighted_index", "se", "ci_low", "response_rate")
    )
    edition = make_edition(folder=folder, method="sipas-service", now=NOW)
    stored = json.dumps([result.rows for result in edition.results.all()])
    assert "55.5" not in stored


def test_the_snapshot_holds_no_token_comment_or_time(cast: Cast, tmp_path: Path) -> None:
    record_response(
        submission=cast.submission("a", answers={"overall": 2, "comment": "bí mật 0912345678"})
    )
    folder = snapshot(tmp_path)
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in (
        "bí mật",
        "0912345678",
        cast.submission("a").ticket.receipt,
        cast.submission("a").ticket.key,
    ):
        assert secret.encode() not in content
    import polars as pl

    columns = pl.read_parquet(folder / "responses").columns
    assert columns[:7] == ["agency", "domain", "channel", "evidence", "flag", "language", "month"]
    assert "comment" not in columns


def test_the_same_data_give_the_same_bytes(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=20, bad=15)
    files = []
    for name in ("one", "two"):
        folder = snapshot(tmp_path, name)
        targets = [tmp_path / f"{name}.{kind}" for kind in ("csv", "xlsx", "json")]
        write_exports(folder=folder, method="sipas-service", targets=targets)
        files.append([path.read_bytes() for path in [*targets, *sorted(folder.rglob("*.parquet"))]])
    assert files[0] == files[1]


def test_an_edition_is_made_once_and_read_back_with_its_digits(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=33, bad=7)
    folder = snapshot(tmp_path)
    edition = make_edition(folder=folder, method="sipas-service", now=NOW)
    assert make_edition(folder=folder, method="sipas-service", now=NOW) == edition
    assert Edition.objects.count() == 1
    result = AgencyResult.objects.get(edition=edition, agency=cast.land)
    book = openpyxl.load_workbook(
        io.BytesIO(export_rows(rows=result.rows, about=edition.about, kind="xlsx"))
    )
    head, first = list(book["data"].iter_rows(values_only=True))[:2]
    assert dict(zip(head, first, strict=True))["weighted_index"] == 82.5
    text = export_rows(rows=result.rows, about=edition.about, kind="csv")
    assert text.startswith(b"\xef\xbb\xbfperiod;agency")
    assert b";82,50;" in text
    assert Decimal(
        str(
            json.loads(export_rows(rows=result.rows, about=edition.about, kind="json"))["rows"][0][
                "weighted_index"
            ]
        )
    ) == Decimal("82.5")


def test_an_empty_period_gives_an_empty_snapshot_and_an_empty_index(
    cast: Cast, tmp_path: Path
) -> None:
    take_snapshot(period=parse_period("2020-Q1"), folder=tmp_path / "none", now=NOW, province="x")
    edition = make_edition(folder=tmp_path / "none", method="sipas-service", now=NOW)
    assert edition.responses == 0
    assert not edition.results.exists()


def test_dossiers_without_answers_are_listed_with_nothing_to_say(
    cast: Cast, tmp_path: Path
) -> None:
    import_totals(
        content=csv_file("2026-07,28261,civil-status,counter,80,80"),
        file_name="t.csv",
        by=None,
        now=NOW,
    )
    row = overall(snapshot(tmp_path), tmp_path, "28261")
    assert (row["status"], row["n"], row["transactions"], row["weighted_index"]) == (
        "none",
        0,
        80,
        None,
    )


def test_the_commands_explain_what_is_wrong(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="2026-Q3"):
        call_command("take_snapshot", period="quý 3", out=tmp_path / "x")
    (tmp_path / "mine").mkdir()
    with pytest.raises(CommandError, match="not a snapshot"):
        call_command("take_snapshot", period="2026-Q3", out=tmp_path / "mine")
    with pytest.raises(CommandError, match=r"manifest\.json"):
        call_command("make_edition", str(tmp_path / "mine"))
    with pytest.raises(CommandError, match="no such file"):
        call_command("import_totals", str(tmp_path / "none.csv"))
    call_command("take_snapshot", period="2026-Q3", out=tmp_path / "snap", verbosity=0)
    call_command("make_edition", str(tmp_path / "snap"))
