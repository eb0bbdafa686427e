"""What is followed up in the demonstration: one of each kind, a finding re-checked by figures, one
that is overdue, and a report ready to print. Through the real services; made up, and alike on every
run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from survey.accounts.models import Role, User
from survey.agencies.models import Agency, AgencyKind
from survey.agencies.queries import versions_on
from survey.common.periods import Period
from survey.followup.effects import find_effect, recheck_pairs, standing_editions
from survey.followup.models import FollowUp
from survey.followup.overdue import remind_overdue
from survey.followup.services import Opening, confirm_reading, open_follow_up, take_step
from survey.followup.steps import StepSaid
from survey.reports.services import make_report
from survey.scorecards.rounds.evidence import UploadedEvidence

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63600000000200014861e2350000000049454e44ae426082"
)
"""A picture of one point: the smallest file that is one."""


@dataclass(frozen=True)
class _Story:
    """Who acts, and when the finished quarter began."""

    head: User
    province: User
    own: Agency
    root: Agency
    departments: Sequence[Agency]
    begun: date
    now: datetime

    def at(self, days: int) -> datetime:
        """Nine in the morning, so many days after the quarter began."""
        day = self.begun + timedelta(days=days)
        return timezone.make_aware(datetime.combine(day, time(9)))

    def open(
        self, kind: str, title: str, agencies: Sequence[Agency], day: int, **more: Any
    ) -> FollowUp:
        """Open a matter on a day."""
        due = more.pop("due", None)
        opening = Opening(
            kind=kind,
            title=title,
            due_on=None if due is None else self.begun + timedelta(days=due),
            **more,
        )
        return open_follow_up(
            opening=opening, agencies=agencies, root=self.root, by=self.province, now=self.at(day)
        )

    def step(self, row: FollowUp, move: str, day: int, text: str = "", **more: Any) -> FollowUp:
        """A step of whoever may take it."""
        by = self.head if move in ("report",) else self.province
        said = StepSaid(text=text, **more)
        return take_step(follow_up=row, move=move, said=said, by=by, now=self.at(day))


def load_follow_up(*, finished: Period, now: datetime) -> None:
    """Everything once; ``finished`` is the last released quarter."""
    if FollowUp.objects.exists():
        return
    head = User.objects.filter(role=Role.AGENCY_HEAD).select_related("agency").order_by("pk")[0]
    versions = versions_on(timezone.localdate(now))
    departments = versions.filter(kind=AgencyKind.DEPARTMENT).order_by("agency_code")
    root = versions.get(kind=AgencyKind.PROVINCE).agency
    story = _Story(
        head=head,
        province=User.objects.filter(role=Role.ANALYST).order_by("pk")[0],
        own=head.agency or root,
        root=root,
        departments=[version.agency for version in departments],
        begun=finished.first,
        now=now,
    )
    _tell_inspections(story)
    _tell_targets(story)
    _tell_agency_work(story)
    remind_overdue(now)
    for agency in (None, story.own):
        make_report(edition=standing_editions()[-1], agency=agency, by=story.province, now=now)


def _tell_inspections(story: _Story) -> None:
    """Inspections, a finding that was put right and re-checked, one that is overdue."""
    for place, agency in enumerate(story.departments[:5]):
        row = story.open(
            "inspection",
            "Kiểm tra công tác cải cách hành chính",
            [agency],
            -40 + place,
            details={"form": "visit", "team": "Sở Nội vụ, Văn phòng UBND tỉnh"},
            due=10,
        )
        if place < 3:
            story.step(row, "carry-out", -20 + place, f"Kết luận kiểm tra số {place + 11}/KL-SNV")
    finding = story.open(
        "finding",
        "Chưa niêm yết đủ thủ tục tại bộ phận một cửa",
        [story.own],
        -15,
        details={
            "source": "inspection",
            "about": "Kết luận số 11/KL-SNV",
            "cause": "Chưa phân công người cập nhật.",
            "conclusion": "Niêm yết đủ, phân công người cập nhật hằng tuần.",
        },
        due=14,
    )
    file = UploadedEvidence("anh-niem-yet.png", PICTURE)
    story.step(
        finding, "report", 3, "Đã niêm yết đủ 42 thủ tục và phân công người cập nhật.", file=file
    )
    finding = story.step(finding, "accept", 5)
    pairs = recheck_pairs(finding)
    effect = find_effect(story.own.pk, *pairs[0]) if pairs else None
    data = effect.as_data() if effect else {"verdict": "fixed"}
    story.step(finding, "recheck", 95, "Phúc tra theo kết quả đo lường của quý.", data=data)
    story.open(
        "finding",
        "Hồ sơ trễ hẹn không có thư xin lỗi",
        [story.departments[6]],
        10,
        details={"source": "criterion", "about": "3.2", "conclusion": "Gửi thư xin lỗi, hẹn lại."},
        due=40,
    )
    story.open(
        "self-check",
        "Tự kiểm tra theo Kết luận số 11/KL-SNV",
        story.departments[7:10],
        12,
        details={
            "document": "Kết luận số 11/KL-SNV",
            "lines": "Đã niêm yết đủ thủ tục?\nĐã phân công người cập nhật?\n"
            "Có thư xin lỗi khi trễ hẹn?",
        },
        due=130,
    )


def _tell_targets(story: _Story) -> None:
    """A directive to all departments, a target that goes down to each, and a task for each."""
    directive = story.open(
        "document",
        "Chỉ thị về nâng cao mức độ hài lòng của người dân",
        story.departments,
        1,
        details={"number": "12/CT-UBND", "issued_on": "2026-07-01", "issuer": "UBND tỉnh"},
        file=UploadedEvidence("12-CT-UBND.png", PICTURE),
    )
    confirm_reading(follow_up=directive, reader=story.head, now=story.at(2))
    story.open(
        "target",
        "Mức hài lòng trên 90%",
        story.departments,
        2,
        details={"measure": "satisfaction", "operator": ">", "value": "90"},
        due=180,
    )
    story.open(
        "task",
        "Xây dựng kế hoạch khắc phục tiêu chí thấp",
        story.departments[:4],
        3,
        details={"plan": "12/CT-UBND", "measure": "Kế hoạch có nguyên nhân, giải pháp, thời hạn."},
        due=150,
    )


def _tell_agency_work(story: _Story) -> None:
    """An initiative held against others, a dialogue with its answers, an award."""
    story.open(
        "initiative",
        "Trả kết quả hộ tịch tại nhà",
        [story.own],
        -10,
        details={
            "field": "Cải cách thủ tục hành chính",
            "pilot": True,
            "started_on": (story.begun - timedelta(days=1)).isoformat(),
            "idea": "Nhân viên bưu điện trả kết quả và thu phí tại nhà.",
            "others": [agency.pk for agency in story.departments[:3]],
        },
        due=180,
    )
    dialogue = story.open(
        "dialogue",
        "Đối thoại về thủ tục hộ tịch",
        [story.own],
        20,
        details={
            "held_on": (story.begun + timedelta(days=18)).isoformat(),
            "place": "Hội trường Sở Tư pháp",
            "people": "64",
            "lines": "Chờ lâu vào thứ Hai\nMuốn nộp hồ sơ ngoài giờ",
        },
        due=60,
    )
    answers = [
        {"answer": "", "note": "Mở thêm một quầy vào sáng thứ Hai."},
        {"answer": "", "note": "Nhận hồ sơ trực tuyến mọi lúc; trực thêm sáng thứ Bảy."},
    ]
    story.step(dialogue, "report", 25, "Đã trả lời tại buổi đối thoại.", answers=answers)
    story.open(
        "award",
        "Bằng khen về cải cách hành chính",
        [story.departments[1]],
        30,
        details={
            "recipient": "Phòng Văn hóa dân tộc",
            "decision": "310/QĐ-UBND",
            "awarded_on": (story.begun + timedelta(days=29)).isoformat(),
            "merit": "Sáng kiến phiếu hướng dẫn bằng tiếng Khmer.",
        },
    )
