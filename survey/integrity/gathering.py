"""Reads: the facts of a month, from answers, devices, slips and telephone numbers. Sums only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db.models import Count, Max
from django.utils import timezone

from survey.access.kiosks import count_gaps
from survey.access.models import Dispute, Kiosk, KioskUse, ScreenUse
from survey.agencies.queries import versions_on
from survey.common.periods import Period
from survey.messaging.models import KnownNumber, PhoneLedger
from survey.messaging.sampling import WINDOW
from survey.responses.flags import find_flag
from survey.responses.models import Comment, Evidence
from survey.responses.queries import snapshot_rows
from survey.scorecards.bridge.stuffing import ANSWERED, Facts, Sums
from survey.transactions.queries import totals_in

PROVEN: Final = (Evidence.SCREEN, Evidence.RECEIPT, Evidence.SMS)
TOP: Final = 5
LETTERS: Final = 15
SLOT_MINUTES: Final = 10
FRESH_DAYS: Final = 7
"""Dossiers behind a number are a sum over thirty days, lost numbers of tablets one of all time."""
Slots = list[tuple[int, int, int, int]]


def gather_month(month: Period, before: Mapping[str, Facts]) -> list[Facts]:
    """Facts of every agency with answers in a month; ``before`` are those of the month before it,
    for what is only known as a running sum.
    """
    sums = _add_answers(month)
    kinds = {row.agency.key: row.kind for row in versions_on(month.last)}
    dossiers: Counter[str] = Counter()
    for key, _domain, _channel, _month, completed, _on_time in totals_in(month):
        dossiers[key] += completed
    slots, gaps = _read_slots(month), _count_gaps()
    fresh = is_fresh(month, timezone.localdate())
    comments, phones, disputes = (
        _count_comments(month),
        _count_phones(month),
        _count_disputes(month),
    )
    found = []
    for key, one in sorted(sums.items()):
        known = before[key].gaps if key in before else gaps[key]
        lost = max(0, gaps[key] - known) if fresh else 0
        broken = {"H5": lost, "H8": disputes.get(key, 0)}
        facts = one.as_facts(
            key,
            kinds.get(key, ""),
            f"{month.first:%Y-%m}",
            dossiers=dossiers.get(key),
            slots=tuple(slots.get(key, ())),
            same_comment=comments.get(key, 0),
            phone=min(phones.get(key, 0), dossiers.get(key, 0)),
            gaps=gaps[key] if fresh else known,
            hard={code: count for code, count in broken.items() if count},
        )
        found.append(facts)
    return found


def _add_answers(month: Period) -> dict[str, Sums]:
    sums: dict[str, Sums] = defaultdict(Sums)
    for row in snapshot_rows(month):
        agency, _domain, channel, evidence, hour, _language, _month, answers, marks, counter = row
        place = (counter, timezone.localtime(hour).day) if counter else None
        flag = find_flag(channel, hour, marks)
        sums[agency].add(evidence, flag, _read_levels(answers), place)
    return sums


def _read_levels(answers: Mapping[str, Any]) -> tuple[int, ...]:
    """Levels of what is looked at; 0 where there is none."""
    found = (answers.get(code) for code in ANSWERED)
    return tuple(one if isinstance(one, int) and 1 <= one <= TOP else 0 for one in found)


def _read_slots(month: Period) -> dict[str, Slots]:
    """Counted answers of screens and tablets, by agency of the counter."""
    found: dict[str, Counter[tuple[int, int, int]]] = defaultdict(Counter)
    span = (month.first, month.last)
    for rows, counter in (
        (ScreenUse.objects.filter(slot__date__range=span), "screen__counter"),
        (KioskUse.objects.filter(slot__date__range=span), "counter"),
    ):
        columns = (f"{counter}__agency__key", f"{counter}_id", "slot", "count")
        for agency, pk, slot, count in rows.values_list(*columns):
            at = timezone.localtime(slot)
            place = (at.hour * 60 + at.minute) // SLOT_MINUTES
            found[agency][pk, at.day, place] += count
    return {
        key: sorted((pk, day, place, count) for (pk, day, place), count in own.items())
        for key, own in found.items()
    }


def _count_comments(month: Period) -> dict[str, int]:
    """How often the most frequent comment of some length was written, by agency."""
    rows = Comment.objects.filter(
        submission__month__range=(month.first, month.last), submission__evidence__in=PROVEN
    )
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for agency, text in rows.values_list("submission__agency__key", "text").iterator():
        words = " ".join(str(text).casefold().split())
        if len(words) >= LETTERS:
            found[agency][words] += 1
    return {key: max(own.values()) for key, own in found.items()}


def is_fresh(month: Period, today: date) -> bool:
    """Whether a month has just passed: some things are only known as running sums."""
    return (today - month.last).days <= FRESH_DAYS


def _count_phones(month: Period) -> dict[str, int]:
    """Dossiers of thirty days behind one number nobody registered, for a month just over."""
    now = timezone.now()
    if not is_fresh(month, timezone.localdate(now)):
        return {}
    agents = KnownNumber.objects.values("phone_hash")
    rows = PhoneLedger.objects.filter(counted_since__gt=now - WINDOW, agency__isnull=False)
    found = rows.exclude(phone_hash__in=agents).values_list("agency__key")
    return dict(found.annotate(most=Max("dossiers")))


def _count_gaps() -> Counter[str]:
    """Numbers of tablets that never arrived, of all time."""
    found: Counter[str] = Counter()
    for kiosk in Kiosk.objects.exclude(enrolled_at=None).select_related("counter__agency"):
        found[kiosk.counter.agency.key] += count_gaps(kiosk)[0]
    return found


def _count_disputes(month: Period) -> dict[str, int]:
    """Codes of slips others had used, told by who has the slip in hand."""
    rows = Dispute.objects.filter(on__range=(month.first, month.last))
    return dict(rows.values_list("slip__agency__key").annotate(n=Count("pk")))
