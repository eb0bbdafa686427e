"""Build the demonstration province and everything there is to open, under var/demo; safe to run
again.
"""

from __future__ import annotations

import json
import secrets
from argparse import ArgumentParser
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import override

from survey.access.print.posters import poster_pdf
from survey.access.print.qr import short_url
from survey.common.numbers import format_number
from survey.common.periods import Period
from survey.dev.demo import services
from survey.dev.demo.follow_up import load_follow_up
from survey.dev.demo.messages import send_story
from survey.dev.demo.presence import answer_at_counters
from survey.dev.demo.province import build_province, issued_codes, make_accounts, merge_units
from survey.dev.demo.scoring import load_scoring
from survey.questionnaires.services import ensure_library
from survey.responses.cut_offs import find_cut_off
from survey.responses.models import Response
from survey.responses.reading import prepare_comments
from survey.scorecards.bridge.exports import write_exports
from survey.scorecards.bridge.indices import index_by_channel
from survey.scorecards.bridge.snapshots import NOTICE, take_snapshot
from survey.scorecards.freezing import cut_off
from survey.scorecards.models import Edition, EditionState
from survey.scorecards.services import make_edition, release_edition
from survey.transactions.models import Channel

METHODS = ("sipas-service", "overall")
ONCE = ("sms_", "screen_", "slip", "kiosk_")
"""Links that are made once; a second run takes them from the file of the first."""


class Command(BaseCommand):
    """``manage.py load_demo``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, default=settings.VAR_DIR / "demo")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        progress = options["verbosity"] > 0
        (out / "posters").mkdir(parents=True, exist_ok=True)
        now = timezone.now()
        ensure_library(now=now)
        agencies = build_province(now=now, progress=progress)
        period = services.demo_period(now)
        before = services.period_before(period)
        first = services.period_before(before)
        apart, together = merge_units(on=before.first)
        cells = services.demo_cells([*agencies, together])
        spans = (
            (first, services.earlier_cells([*agencies, *apart], 2)),
            (before, services.earlier_cells([*agencies, together], 1)),
            (period, cells),
        )
        for span, chosen in spans:
            services.load_totals(chosen, span, now)
            services.load_responses(chosen, span, now, progress=progress)
        story = send_story(now=now)
        services.write_truth(cells, out / "truth.csv")
        for finished in (first, before):
            self._release(out, finished, progress)
        accounts = self._accounts(out)
        load_scoring(finished=before, running=period, now=now)
        load_follow_up(finished=before, now=now)
        for nights in (2, 1):
            prepare_comments(now - timedelta(days=nights))
        # Before the posters: they tell what was done after people gave their opinion.
        at_counters = answer_at_counters(out=out, now=now)
        links = {**self._index(out, period, progress), **self._posters(out), **accounts}
        links["index_by_channel"] = index_by_channel(
            folder=out / "snapshot", method="sipas-service"
        )
        links["truth_csv"] = str(out / "truth.csv")
        links |= {name: known for name, known in self._known(out).items() if name.startswith(ONCE)}
        links |= story | at_counters
        text = json.dumps(links, ensure_ascii=False, indent=1)
        (out / "links.json").write_text(text + "\n", encoding="utf-8")
        self.stdout.write(self._summary(links, Response.objects.count()))

    def _release(self, out: Path, period: Period, progress: bool) -> None:
        """The figures of a finished quarter, which everybody may see; once."""
        released = Edition.objects.filter(period=period.name).exclude(released_at=None)
        if released.count() == len(METHODS):
            return
        folder = out / f"snapshot-{period.name}"
        now = timezone.now()
        take_snapshot(
            period=period,
            folder=folder,
            now=_today(),
            province=settings.PROVINCE_NAME,
            progress=progress,
        )
        if find_cut_off(period.name) is None:
            cut_off(period=period, folder=folder, by=None, now=now)
        for method in METHODS:
            edition = make_edition(folder=folder, method=method, now=now)
            if edition.state == EditionState.COMPUTED:
                release_edition(edition=edition, now=now)

    def _index(self, out: Path, period: Period, progress: bool) -> dict[str, Any]:
        """The index of the running quarter: files, and the preview the province sees."""
        folder = out / "snapshot"
        now = timezone.now()
        take_snapshot(
            period=period,
            folder=folder,
            now=_today(),
            province=settings.PROVINCE_NAME,
            progress=progress,
        )
        files: dict[str, Any] = {"snapshot_dir": str(folder)}
        for method in METHODS:
            stem = "index" if method == "sipas-service" else f"index-{method}"
            targets = [out / f"{stem}.{kind}" for kind in ("csv", "xlsx", "json")]
            write_exports(folder=folder, method=method, targets=targets)
            make_edition(folder=folder, method=method, now=now)
            files |= {f"{stem.replace('-', '_')}_{path.suffix[1:]}": str(path) for path in targets}
        return files

    def _posters(self, out: Path) -> dict[str, Any]:
        codes = issued_codes()
        paths = []
        for name, paper, chosen in services.write_posters(codes):
            path = out / "posters" / name
            path.write_bytes(poster_pdf(chosen, paper=paper, notice=NOTICE))
            paths.append(str(path))
        counters = [
            {
                "code": code.code,
                "url": short_url(code.code),
                "office": code.counter.office.name,
                "counter": str(code.counter),
                "agency": code.counter.agency.key,
            }
            for code in codes
        ]
        return {
            "citizen_urls": [entry["url"] for entry in counters],
            "counters": counters,
            "poster_pdfs": paths,
        }

    def _known(self, out: Path) -> dict[str, Any]:
        """What an earlier run wrote down."""
        before = out / "links.json"
        return dict(json.loads(before.read_text(encoding="utf-8"))) if before.is_file() else {}

    def _accounts(self, out: Path) -> dict[str, Any]:
        password = self._known(out).get("staff_logins", [{}])[0].get(
            "password"
        ) or secrets.token_urlsafe(12)
        users = make_accounts(password)
        logins = [
            {"username": user.username, "password": password, "role": user.role} for user in users
        ]
        return {"staff_url": f"{settings.PUBLIC_URL}/staff/", "staff_logins": logins}

    def _summary(self, links: dict[str, Any], count: int) -> str:
        login = links["staff_logins"][0]
        first = links["citizen_urls"][0]
        return "\n".join(
            [
                "",
                f"Tỉnh minh họa đã sẵn sàng: {count} phiếu.",
                f"  Phiếu của người dân   {first}",
                *(f"  Liên kết trong tin nhắn {link}" for link in links.get("sms_links", [])[:1]),
                f"  Mã đổi trên màn hình  {links.get('screen_url', '')}",
                f"  Mã trên giấy tiếp nhận {links.get('slip_urls', [''])[0]}",
                f"  Máy bảng tại quầy     {links.get('kiosk_url', '')}",
                f"  Áp phích in           {links['poster_pdfs'][1]}",
                f"  Trang cán bộ          {links['staff_url']}  ({login['username']} / "
                f"{login['password']})",
                f"  Chỉ số (Excel)        {links['index_xlsx']}",
                f"  Chỉ số theo kênh      {_by_channel(links['index_by_channel'])}",
                f"  Mọi đường dẫn         {settings.VAR_DIR / 'demo' / 'links.json'}",
            ]
        )


def _today() -> datetime:
    """The beginning of the day: two demonstrations of one day are alike byte for byte."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def _by_channel(found: dict[str, float]) -> str:
    with override("vi"):
        return "; ".join(
            f"{Channel(name).label} {format_number(Decimal(str(value)))}"
            for name, value in found.items()
        )
