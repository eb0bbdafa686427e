"""Fills the demonstration province: made-up totals and answers through the real checks, then the
files to open.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
from django.utils import timezone
from tqdm import tqdm

from survey.access.models import CounterCode
from survey.agencies.models import Agency, AgencyVersion, Counter, ProcedureDomain
from survey.agencies.queries import versions_on
from survey.common.periods import Period, parse_period
from survey.common.tokens import derive_ticket
from survey.dev.demo.generator import ALL, CellData, draw_cells, plans, true_index
from survey.questionnaires.content import Answers, Form
from survey.questionnaires.queries import (
    SHORT_FORM,
    load_form,
    published_extension,
    published_version,
)
from survey.responses.models import Evidence, Response
from survey.responses.services import AnswerPlace, Further, Submission, record_batch
from survey.transactions.models import Channel, MonthlyTotal
from survey.transactions.reading import COLUMNS
from survey.transactions.services import import_totals

SEED: Final = 2026
TOTAL: Final = 26_000
EARLIER: Final = ((0.6, 0.1), (0.45, 0.2))
"""Share of the running quarter's answers in the two finished ones before it, whose figures are
released, and how much less satisfied people were.
"""
_TELLING: Final = 0.8
_BUSINESSES: Final = {"business": 0.8, "construction": 0.5, "land": 0.25}
_AT_COUNTERS: Final = {"E2": 0.55, "E1": 0.33, "E0": 0.12}
"""Share of each evidence class among the answers given at counters."""
_REASONS: Final = ("waiting", "visits", "guidance", "attitude", "papers", "late", "place", "other")
_COMMENTS: Final = (
    "Cán bộ hướng dẫn tận tình.",
    "Nên có thêm ghế ngồi chờ cho người lớn tuổi.",
    "Hồ sơ đất đai phải đi lại ba lần mới xong.",
    "Trả kết quả sớm hơn ngày hẹn, rất cảm ơn.",
    "Mong có chỗ gửi xe rộng hơn.",
    "Tôi chờ lâu mà không ai giải thích.",
    "toi nop ho so qua mang bi loi, goi 0912 345 678 khong ai nghe",
    "Hồ sơ trễ hẹn hai tuần, cán bộ tên Nguyễn Văn An hẹn lại nhiều lần.",
)


Cells = dict[str, list[CellData]]


def demo_cells(agencies: Sequence[tuple[str, tuple[str, ...]]]) -> Cells:
    """Agency key -> its cells in the running quarter; the same on every run."""
    return {plan.key: list(draw_cells(plan, SEED)) for plan in plans(agencies, SEED, total=TOTAL)}


def earlier_cells(agencies: Sequence[tuple[str, tuple[str, ...]]], quarters: int) -> Cells:
    """Agencies one or two quarters before: fewer answers, and a little less satisfied."""
    share, less = EARLIER[quarters - 1]
    before = [
        replace(plan, responses=max(3, round(share * plan.responses)), level=plan.level - less)
        for plan in plans(agencies, SEED, total=TOTAL)
    ]
    return {plan.key: list(draw_cells(plan, SEED - quarters)) for plan in before}


def demo_period(now: datetime) -> Period:
    """The quarter the demonstration lives in: the running one, or the one it was first built in.

    Answers given to a demonstration of this quarter move its index on the next run.
    """
    last = MonthlyTotal.objects.order_by("-month").values_list("month", flat=True).first()
    return _find_quarter(last or timezone.localdate(now))


def period_before(period: Period) -> Period:
    """The quarter before a quarter."""
    return _find_quarter(period.first - timedelta(days=1))


def _find_quarter(day: date) -> Period:
    return parse_period(f"{day.year}-Q{(day.month + 2) // 3}")


def _begun(period: Period, now: datetime) -> list[date]:
    """Months of the period that have begun."""
    months = [period.first.replace(month=period.first.month + step) for step in range(3)]
    return [month for month in months if month <= timezone.localdate(now)]


def load_totals(cells: Cells, period: Period, now: datetime) -> None:
    """Monthly totals of a period through the real import, once."""
    if MonthlyTotal.objects.filter(month__range=(period.first, period.last)).exists():
        return
    months = _begun(period, now)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    codes = {v.agency.key: v.code for v in versions_on(months[-1])}
    for agency, group in cells.items():
        for cell in group:
            shares = (_parts(total, len(months)) for total in (cell.transactions, cell.on_time))
            for month, n, good in zip(months, *shares, strict=True):
                row = [f"{month:%Y-%m}", codes[agency], cell.domain, cell.channel, n, min(n, good)]
                writer.writerow(row)
    import_totals(
        content=buffer.getvalue().encode(), file_name=f"minh-hoa-{period}.csv", by=None, now=now
    )


def _parts(n: int, count: int) -> list[int]:
    """A whole number in nearly equal parts, the larger ones first."""
    return [n // count + (place < n % count) for place in range(count)]


def load_responses(cells: Cells, period: Period, now: datetime, *, progress: bool) -> None:
    """Answers of a period through the checks of the real write path, once."""
    if Response.objects.filter(month__range=(period.first, period.last)).exists():
        return
    maker = _Maker(period, now)
    expected = sum(len(cell.full) for group in cells.values() for cell in group)
    with tqdm(
        total=expected, desc=f"Phiếu minh họa {period}", disable=not progress, unit=""
    ) as bar:
        for group in cells.values():
            for cell in group:
                bar.update(record_batch(submissions=maker.submissions(cell)))


class _Maker:
    """Turns generated levels into submissions."""

    def __init__(self, period: Period, now: datetime) -> None:
        last = min(timezone.localdate(now), period.last)
        self.period, self.days = period, max(1, (last - period.first).days)
        short = published_version(SHORT_FORM)
        service = published_extension(SHORT_FORM)
        if short is None or service is None:
            raise LookupError("the shipped questionnaires are not published")
        self.short: Form = load_form(short.pk)
        self.service: Form = load_form(service.pk)
        self.agencies = dict(Agency.objects.values_list("key", "pk"))
        self.domains = dict(ProcedureDomain.objects.values_list("code", "pk"))
        self.counters = {(c.agency_id, c.domain_id): c for c in Counter.objects.all()}
        self.rng = np.random.default_rng([SEED, period.first.year, period.first.month])
        # Of its own, so that the answers stay those of before there was the question.
        self.taps = np.random.default_rng([SEED, period.first.year, period.first.month, 1])

    def submissions(self, cell: CellData) -> Iterator[Submission]:
        """Submissions of one cell, spread over the days of the quarter so far."""
        agency, domain = self.agencies[cell.agency], self.domains[cell.domain]
        at_counter = cell.channel == "counter"
        counter = self.counters.get((agency, domain)) if at_counter else None
        place = AnswerPlace(
            agency_id=agency,
            office_id=counter.office_id if counter else None,
            counter_id=counter.pk if counter else None,
            domain_id=domain,
        )
        for number, (levels, full) in enumerate(
            zip(cell.levels.tolist(), cell.full.tolist(), strict=True)
        ):
            further = {
                item: level for item, level in zip(ALL[1:], levels[1:], strict=True) if level >= 0
            }
            yield Submission(
                ticket=derive_ticket(
                    f"demo/{self.period}/{cell.agency}/{cell.domain}/{cell.channel}/{number}"
                ),
                form=self.short,
                answers={**self._short_answers(levels[0]), **self._tap(cell.domain)},
                place=place,
                channel=cell.channel,
                evidence=self._evidence(cell.channel),
                language="vi",
                now=self._time(),
                further=Further(self.service, further) if full and further else None,
            )

    def _evidence(self, channel: str) -> str:
        """Slips, screens and some posters at counters; online the link of a message; by post a
        slip.
        """
        if channel != Channel.COUNTER:
            return Evidence.SMS if channel == Channel.ONLINE else Evidence.RECEIPT
        return str(self.rng.choice(list(_AT_COUNTERS), p=list(_AT_COUNTERS.values())))

    def _short_answers(self, level: int) -> Answers:
        answers: Answers = {"overall": level}
        if level <= 3:
            chosen = self.rng.choice(_REASONS, size=int(self.rng.integers(1, 3)), replace=False)
            answers["reasons"] = [reason for reason in _REASONS if reason in chosen]
        if self.rng.random() < 0.03:
            answers["comment"] = str(self.rng.choice(_COMMENTS))
        return answers

    def _tap(self, domain: str) -> Answers:
        """For whom the dossier was: four in five say so, businesses more in some domains."""
        if self.taps.random() > _TELLING:
            return {}
        business = self.taps.random() < _BUSINESSES.get(domain, 0.1)
        return {"applicant": "business" if business else "citizen"}

    def _time(self) -> datetime:
        start = datetime(self.period.first.year, self.period.first.month, 1, 1, 0, tzinfo=UTC)
        days = min(self.days, 91)
        return start + timedelta(
            days=int(self.rng.integers(0, days)), hours=int(self.rng.integers(0, 9))
        )


def write_truth(cells: Cells, path: Path) -> None:
    """The generator's true index per agency, in percent."""
    names = {
        v.agency.key: v.name
        for v in AgencyVersion.objects.filter(valid_to=None).select_related("agency")
    }
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["agency", "agency_name", "responses", "true_index", "true_overall"])
        everything = [cell for group in cells.values() for cell in group]
        rows = [
            ("*", "Tỉnh Đồng Tháp", everything),
            *((key, names[key], group) for key, group in cells.items()),
        ]
        for key, name, group in rows:
            index, overall = true_index(group)
            n = sum(len(cell.full) for cell in group)
            writer.writerow([key, name, n, f"{Decimal(index):.4f}", f"{Decimal(overall):.4f}"])


def write_posters(codes: Sequence[CounterCode]) -> list[tuple[str, str, list[CounterCode]]]:
    """(file name, paper, codes) of the posters the demonstration prints: the centre whole, some
    counters alone.
    """
    centre = [code for code in codes if code.counter.office.key == "ttphcc-tinh"]
    others = [code for code in codes if code.counter.office.key != "ttphcc-tinh"]
    whole = [(f"poster-trung-tam-tinh-{paper}.pdf", paper, centre) for paper in ("A5", "A4", "A3")]
    return whole + [(f"poster-{code.code}-A4.pdf", "A4", [code]) for code in others[:6]]
