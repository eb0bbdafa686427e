"""Matters to follow up, one of each kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from survey.accounts.models import User
from survey.agencies.models import Agency
from survey.followup.kinds import KINDS
from survey.followup.models import FollowUp
from survey.followup.services import Opening, open_follow_up, take_step
from survey.followup.steps import StepSaid
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.rounds.evidence import UploadedEvidence
from tests.survey.factories import NOW, Cast

DAY = date(2026, 8, 15)
PDF = UploadedEvidence("Thông báo số 5.pdf", b"%PDF-1.7 x")
DETAILS: dict[str, dict[str, Any]] = {
    "finding": {"source": "inspection", "conclusion": "Công khai đủ thủ tục"},
    "task": {"measure": "Niêm yết lại"},
    "inspection": {"form": "visit"},
    "self-check": {"lines": "Có niêm yết thủ tục?\n\nCó thư xin lỗi khi trễ hẹn?"},
    "initiative": {"field": "Thủ tục", "started_on": "2026-07-01", "idea": "Trả kết quả tại nhà"},
    "dialogue": {"held_on": "2026-08-01", "place": "Hội trường", "lines": "Chờ lâu\nThiếu ghế"},
    "document": {"number": "5/CT-UBND", "issued_on": "2026-08-01", "issuer": "UBND tỉnh"},
    "target": {"measure": "satisfaction", "operator": ">", "value": "90"},
    "event": {
        "what": "outage",
        "begins_on": "2026-08-01",
        "meaning": "Hai ngày không nộp trực tuyến",
    },
    "external": {
        "index": "par-index",
        "year": "2025",
        "score": "83.54",
        "rank": "46",
        "ranked": "63",
        "source": "268/QĐ-BNV",
    },
    "award": {
        "recipient": "Bộ phận Một cửa",
        "decision": "9/QĐ",
        "awarded_on": "2026-08-01",
        "merit": "Sáng kiến",
    },
}


def opened(cast: Cast, kind: str, agency: Agency | None = None, **more: Any) -> FollowUp:
    opening = Opening(
        kind=kind,
        title=f"Việc {kind}",
        details=DETAILS[kind],
        due_on=more.pop("due_on", DAY + timedelta(days=10)),
        file=PDF if KINDS[kind].has_file else None,
        **more,
    )
    return open_follow_up(
        opening=opening,
        agencies=[agency or cast.land],
        root=cast.province,
        by=cast.analyst,
        now=NOW,
    )


def step(row: FollowUp, move: str, by: User, text: str = "Đã làm", **more: Any) -> FollowUp:
    return take_step(follow_up=row, move=move, said=StepSaid(text=text, **more), by=by, now=NOW)


Index = tuple[float, float, float]


def released(period: str, figures: dict[Agency | None, Index], **more: Any) -> Edition:
    """An edition with these indices and intervals, released."""
    at = datetime(2026, 12, 1, tzinfo=UTC)
    fields = {"method": "sipas-service", "method_version": 3, "responses": 1, **more}
    made = Edition.objects.create(
        period=period,
        method_sha256="m",
        snapshot_sha256=period,
        made_at=at,
        released_at=at,
        **fields,
    )
    for agency, (value, low, high) in figures.items():
        row = {
            "level": "overall",
            "status": "published",
            "weighted_index": f"{value:.2f}",
            "ci_low": f"{low:.2f}",
            "ci_high": f"{high:.2f}",
        }
        AgencyResult.objects.create(
            edition=made, agency=agency, name="x", kind="department", rows=[row]
        )
    return made
