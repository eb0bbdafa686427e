"""What stands at the counters of the demonstration: a screen, slips to cut, and what agencies say
they have changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from survey.access.ballots import BLANK, issue_ballots
from survey.access.models import Screen
from survey.access.print.qr import short_url
from survey.access.print.slips import slips_pdf
from survey.access.screens import enrol_screen
from survey.access.slips import Batch, issue_slips
from survey.accounts.models import User
from survey.agencies.improvements import Improvement
from survey.agencies.models import Counter
from survey.common.tokens import derive_ticket
from survey.questionnaires.queries import published_short_form
from survey.responses.ballots import enter_count
from survey.responses.calls import record_call
from survey.scorecards.bridge.snapshots import NOTICE
from survey.transactions.models import Channel

SLIPS: Final = 24
DONE: Final = (
    ("Chờ lâu vào sáng thứ Hai", "Mở thêm một quầy từ 7 giờ đến 9 giờ 30 sáng thứ Hai"),
    ("Không rõ cần giấy tờ gì", "Dán danh mục giấy tờ tại quầy và gửi qua tin nhắn khi hẹn"),
    ("Thiếu ghế ngồi chờ", "Bổ sung 20 ghế và quạt tại khu vực chờ"),
)


def answer_at_counters(*, out: Path, now: datetime) -> dict[str, Any]:
    """Set things up once; returns the addresses, which are not kept anywhere else."""
    if Screen.objects.exists():
        return {}
    counter = Counter.objects.select_related("office").order_by("office__key", "number").first()
    if counter is None:
        return {}
    screen, display = enrol_screen(counter=counter, now=now)
    # A demonstration is looked at in the evening and on Sundays too.
    Screen.objects.filter(pk=screen.pk).update(opens="00:00", closes="23:59:59", days="1234567")
    batch = Batch(counter.agency_id, Channel.COUNTER, counter.domain_id, counter.pk)
    codes = issue_slips(batch=batch, count=SLIPS, now=now)
    sheet = out / "posters" / "phieu-ma.pdf"
    sheet.write_bytes(slips_pdf(codes, name=counter.office.name, notice=NOTICE))
    _tell_improvements(counter, now)
    _fill_box(counter, now)
    _call(counter, now)
    return {
        "screen_url": f"{settings.PUBLIC_URL}/screen/{display}",
        "slip_urls": [short_url(code) for code in codes[:3]],
        "slips_pdf": str(sheet),
        "kiosk_url": f"{settings.PUBLIC_URL}/kiosk/",
    }


BOX: Final = {"1": 1, "2": 2, "3": 4, "4": 14, "5": 9, BLANK: 2}
"""Ballots of one box, per level."""


def _fill_box(counter: Counter, now: datetime) -> None:
    """A batch of ballots two people have counted."""
    batch = issue_ballots(counter=counter, count=40, now=now)
    for person in User.objects.order_by("pk")[:2]:
        enter_count(batch=batch, by=person, levels=BOX, opened_on=timezone.localdate(now), now=now)


def _call(counter: Counter, now: datetime) -> None:
    """Three callers of hotline 1022."""
    version_id = published_short_form()
    for number, level in enumerate((2, 4, 5)):
        if version_id is not None:
            record_call(
                ticket=derive_ticket(f"demo-call/{number}"),
                version_id=version_id,
                agency_id=counter.agency_id,
                channel=Channel.COUNTER,
                answers={"overall": level},
                now=now,
            )


def _tell_improvements(counter: Counter, now: datetime) -> None:
    people = list(User.objects.order_by("pk")[:2])
    for number, (said, did) in enumerate(DONE):
        Improvement.objects.create(
            agency=counter.agency,
            office=counter.office,
            done_on=timezone.localtime(now).date() - timedelta(days=20 * (number + 1)),
            said=said,
            did=did,
            author=people[0],
            approved_by=people[-1] if len(people) > 1 else None,
            approved_at=now if len(people) > 1 else None,
        )
