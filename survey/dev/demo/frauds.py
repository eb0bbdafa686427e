"""A month of honest oddities and of frauds, planted into a few communes: real answers through the
write path's checks, with the months before them, so that the rules and pages can be tried.
"""

from __future__ import annotations

import csv
import io
from collections import Counter as Counted
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

import numpy as np
from django.utils import timezone

from survey.access.models import Screen, ScreenUse
from survey.access.screens import enrol_screen
from survey.agencies.models import Agency, AgencyKind, Counter, ProcedureDomain
from survey.agencies.queries import versions_on
from survey.common.periods import first_of_month
from survey.common.tokens import derive_ticket
from survey.dev.demo import worlds
from survey.dev.demo.generator import ALL
from survey.questionnaires.queries import (
    SHORT_FORM,
    load_form,
    published_extension,
    published_version,
)
from survey.responses.flags import Flag
from survey.responses.models import Evidence, Response
from survey.responses.services import AnswerPlace, Further, Submission, record_batch
from survey.transactions.models import Channel
from survey.transactions.reading import COLUMNS
from survey.transactions.services import import_totals

SEED: Final = 17
SIZE: Final = 240
"""Answers a month: from 150 on the rules find what they promise (docs/performance.md)."""
BEFORE: Final = 3
DOSSIERS: Final = 3
"""For each answer."""
HONEST: Final = 6
ODDITIES: Final = ("school", "outreach", "village")
DRIP: Final = "careful 8"
"""A slow drip of fours and fives: what no rule can tell from a better month."""
FRAUDS: Final = ("lazy 30", "careful 20", "coerced 60", "blocks 20", DRIP)


@dataclass(frozen=True)
class Planted:
    """A commune, and what was planted into its last month; empty is an ordinary month."""

    agency: Agency
    name: str
    fate: str


def plant(*, month: date, now: datetime) -> list[Planted]:
    """Answers of a month and of those before it, in communes with a counter and its screen.

    Once: a database that has answers of the month is left as it is.
    """
    fates = [*FRAUDS, *ODDITIES, *[""] * HONEST]
    communes = versions_on(timezone.localdate(now)).filter(kind=AgencyKind.COMMUNE)
    chosen = list(communes.select_related("agency").order_by("agency__key")[: len(fates)])
    planted = [
        Planted(version.agency, version.name, fate)
        for version, fate in zip(chosen, fates, strict=True)
    ]
    if Response.objects.filter(month=month).exists():
        return planted
    generator = np.random.default_rng(SEED)
    people = _make_people(generator, planted)
    writer = _Writer(now)
    for back in range(BEFORE, -1, -1):
        current = _months_before(month, back)
        _tell_dossiers([one.agency for one in planted], current, now)
        for one, agency in zip(planted, people, strict=True):
            fate = one.fate if back == 0 else ""
            writer.write(one.agency, current, _live(generator, agency, fate))
    return planted


def _make_people(generator: np.random.Generator, planted: list[Planted]) -> list[worlds.Agency]:
    made = worlds.make_agencies(generator, len(planted), heavy=False)
    for one, agency in zip(planted, made, strict=True):
        agency.size, agency.counters = SIZE, 1
        if one.fate == "village":
            agency.quality, agency.straight = 2.6, 0.8
    return made


def _live(generator: np.random.Generator, agency: worlds.Agency, fate: str) -> worlds.Answers:
    answers = worlds.live_month(generator, agency, worlds.draw_by_model)
    if fate in ODDITIES:
        answers = worlds.live_oddly(generator, answers, agency, fate)
    elif fate:
        answers = worlds.stuff(generator, answers, agency, fate)
    worlds.mark_over(answers)
    return answers


def _months_before(month: date, count: int) -> date:
    for _step in range(count):
        month = first_of_month(month - timedelta(days=1))
    return month


def _tell_dossiers(agencies: list[Agency], month: date, now: datetime) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    codes = {v.agency_id: v.code for v in versions_on(month)}
    for agency in agencies:
        for channel in (Channel.COUNTER, Channel.ONLINE):
            n = SIZE * DOSSIERS
            writer.writerow([f"{month:%Y-%m}", codes[agency.pk], "civil-status", channel, n, n])
    import_totals(
        content=buffer.getvalue().encode(), file_name=f"gia-lap-{month:%Y-%m}.csv", by=None, now=now
    )


class _Writer:
    """Turns made-up answers into submissions and counts of screens."""

    def __init__(self, now: datetime) -> None:
        short, service = published_version(SHORT_FORM), published_extension(SHORT_FORM)
        if short is None or service is None:
            raise LookupError("the shipped questionnaires are not published")
        self.short, self.service, self.now = load_form(short.pk), load_form(service.pk), now
        self.domain = ProcedureDomain.objects.get(code="civil-status")
        self.screens: dict[int, Screen] = {}

    def write(self, agency: Agency, month: date, answers: worlds.Answers) -> None:
        """One month of one agency."""
        counter = Counter.objects.filter(agency=agency, closed_on=None).order_by("pk")[0]
        if counter.pk not in self.screens:
            self.screens[counter.pk], _address = enrol_screen(counter=counter, now=self.now)
        record_batch(submissions=self._submissions(counter, month, answers))
        uses: Counted[datetime] = Counted()
        for day, slot, link, marked in zip(
            answers.day, answers.slot, answers.link, answers.marked, strict=True
        ):
            if not link and not marked:
                uses[_moment(month, int(day), int(slot))] += 1
        screen = self.screens[counter.pk]
        ScreenUse.objects.bulk_create(
            ScreenUse(screen=screen, slot=slot, count=count) for slot, count in sorted(uses.items())
        )

    def _submissions(
        self, counter: Counter, month: date, answers: worlds.Answers
    ) -> Iterator[Submission]:
        here = AnswerPlace.at_counter(counter)
        by_link = AnswerPlace(agency_id=counter.agency_id, domain_id=self.domain.pk)
        for number, levels in enumerate(answers.levels.tolist()):
            link = bool(answers.link[number])
            over = not link and bool(answers.marked[number])
            yield Submission(
                ticket=derive_ticket(f"fraud/{month}/{counter.pk}/{number}"),
                form=self.short,
                answers={"overall": levels[0]},
                place=by_link if link else here,
                channel=Channel.ONLINE if link else Channel.COUNTER,
                evidence=Evidence.SMS if link else Evidence.SCREEN,
                language="vi",
                now=_moment(month, int(answers.day[number]), int(answers.slot[number])),
                further=Further(self.service, dict(zip(ALL[1:], levels[1:], strict=True))),
                marks={"flag": Flag.OVER.value} if over else {},
            )


def _moment(month: date, day: int, slot: int) -> datetime:
    """Ten minutes of a working day that opens at seven."""
    at = datetime.combine(month + timedelta(days=day), time(7))
    return timezone.make_aware(at) + timedelta(minutes=10 * slot)
