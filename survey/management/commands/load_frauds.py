"""Plant a month of honest oddities and of frauds into communes, apply the rules, seal the log, and
tell what was found of each. For a database of its own: ``make demo-frauds``.
"""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import override

from survey.dev.demo.frauds import Planted, plant
from survey.dev.demo.province import build_province, make_accounts
from survey.dev.demo.tampering import MARK, make_tampered_copy
from survey.integrity.models import IntegrityFlag
from survey.integrity.running import last_whole_month, run_integrity
from survey.integrity.services import seal_entries
from survey.questionnaires.services import ensure_library
from survey.responses.models import Response

WORDS: Final = {
    "": "tháng bình thường",
    "school": "thật: cả trường đến trong một ngày",
    "outreach": "thật: ngày phục vụ lưu động",
    "village": "thật: nơi luôn chấm mức cao nhất",
    "lazy 30": "gian lận: chấm dồn toàn mức 5",
    "careful 20": "gian lận: rải phiếu mức 4 và 5",
    "coerced 60": "gian lận: ép người dân chấm mức 5",
    "blocks 20": "gian lận: chép lại cả khối phiếu",
    "careful 8": "gian lận nhỏ giọt (không quy tắc nào phân biệt được)",
}


class Command(BaseCommand):
    """``manage.py load_frauds``."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("only for a demonstration: set HAILONG_DEMO=1")
        mark = settings.VAR_DIR / MARK
        if Response.objects.exists() and not mark.is_file():
            raise CommandError("this database has its own answers: set HAILONG_VAR to a new folder")
        mark.touch()
        now = timezone.now()
        month = last_whole_month(timezone.localdate(now))
        ensure_library(now=now)
        build_province(now=now, progress=options["verbosity"] > 0)
        planted = plant(month=month, now=now)
        run_integrity(month, now)
        seal_entries(now, is_day_over=True)
        password = secrets.token_urlsafe(12)
        make_accounts(password)
        self.stdout.write(f"\nTháng {month:%m/%Y}, đăng nhập: phantich / {password}")
        with override("vi"):
            self._tell(planted, month)
        try:
            folder = settings.VAR_DIR.with_name(f"{settings.VAR_DIR.name}-tampered")
            self.stdout.write(
                f"\n{folder}: một mức 1 đã bị sửa thành 5 ({make_tampered_copy(folder)})"
            )
        except LookupError as error:
            self.stdout.write(str(error))

    def _tell(self, planted: list[Planted], month: date) -> None:
        flags = {
            flag.agency_id: flag for flag in IntegrityFlag.objects.filter(current=True, month=month)
        }
        for one in planted:
            flag = flags.get(one.agency.pk)
            rules = ", ".join(row["rule"] for row in flag.findings) if flag else ""
            found = f"{flag.get_level_display()} ({rules})" if flag else "không cảnh báo"
            self.stdout.write(f"  {one.name}: {WORDS[one.fate]} → {found}")
