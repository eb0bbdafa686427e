"""What a report says: its sections put together from released figures, scoring and follow-up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.agencies.models import Agency
from survey.common.periods import Period, parse_period
from survey.followup.effects import edition_before, is_comparable, standing_editions
from survey.questionnaires.queries import periods_reworded
from survey.reports.documents import Letterhead, ReportDocument
from survey.reports.figures import (
    MOST_PERIODS,
    Block,
    Row,
    section,
    tell_agencies,
    tell_dossiers,
    tell_index,
    tell_parts,
    tell_periods,
)
from survey.reports.ledger_annex import ledger_blocks
from survey.reports.method_note import note_blocks, write_method_note
from survey.reports.work import tell_round, tell_work
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import find_overall, province_result
from survey.scorecards.rounds.models import ScoringRound
from survey.scorecards.rounds.queries import DossierShares, count_dossiers

ROMAN: Final = ("I", "II", "III", "IV", "V", "VI")
SHORT_SUM: Final = 12


def build_province_report(edition: Edition, as_of: datetime) -> ReportDocument:
    """The report of the whole province for the period of a released edition."""
    period = parse_period(edition.period)
    results = list(edition.results.exclude(agency=None))
    whole = province_result(edition)
    before = _find_row(find_before(edition), None)
    found = find_line(edition)
    line, reworded = _follow(found, None), periods_reworded([row.period for row in found])
    sections = (
        (_("OVERALL RESULT"), _tell_result(edition, find_overall(whole), before, line, reworded)),
        (_("PARTS OF SERVICE"), tell_parts(whole.rows if whole else [])),
        (_("AGENCIES"), tell_agencies(edition, results)),
        (_("DOSSIERS"), tell_dossiers(edition)),
        (_("SCORING"), _tell_rounds(period)),
        (_("FOLLOW-UP"), tell_work(period, as_of)),
    )
    notes = [*note_blocks(write_method_note(edition)), *ledger_blocks(as_of)]
    blocks = [*_number(sections), *notes]
    return _finish(edition, as_of, blocks, _("Whole province"), period)


@dataclass(frozen=True)
class KnownOfPeriod:
    """What reports of all agencies of one edition share: dossiers, the edition before, and the line
    of editions up to this one.
    """

    shares: Mapping[str, DossierShares]
    before: Edition | None
    line: Sequence[Edition]
    reworded: Collection[str]


def read_period(edition: Edition) -> KnownOfPeriod:
    """Read once what every agency's report asks for."""
    line = find_line(edition)
    return KnownOfPeriod(
        count_dossiers(parse_period(edition.period), edition),
        find_before(edition),
        line,
        periods_reworded([row.period for row in line]),
    )


def build_agency_report(
    result: AgencyResult, as_of: datetime, known: KnownOfPeriod | None = None
) -> ReportDocument:
    """The report of one agency for the period of a released edition; ``known`` where it has been
    read already for many.
    """
    edition, agency = result.edition, result.agency
    if agency is None:
        raise ValueError("the row of the province is no agency")
    period = parse_period(edition.period)
    known = known or read_period(edition)
    before = _find_row(known.before, agency)
    line = _follow(known.line, agency)
    sections = (
        (
            _("OVERALL RESULT"),
            _tell_result(edition, find_overall(result), before, line, known.reworded),
        ),
        (_("PARTS OF SERVICE"), tell_parts(result.rows)),
        (_("DOSSIERS"), tell_dossiers(edition, agency.key, known.shares)),
        (_("SCORING"), _tell_rounds(period, agency)),
        (_("FOLLOW-UP"), tell_work(period, as_of, agency.pk)),
    )
    return _finish(edition, as_of, list(_number(sections)), result.name, period)


def _tell_result(
    edition: Edition,
    row: Row,
    before: Row | None,
    line: Sequence[tuple[Edition, Row]],
    reworded: Collection[str],
) -> list[Block]:
    """The index of this period, and how it came here."""
    return [*tell_index(edition, row, before), *tell_periods(line, reworded)]


def _number(sections: Iterable[tuple[str, list[Block]]]) -> Iterable[Block]:
    """Sections that have something to say, numbered as administrative texts are."""
    numbers = iter(ROMAN)
    for title, blocks in sections:
        if blocks:
            yield from section(f"{next(numbers)}. {title}", blocks)


def find_before(edition: Edition) -> Edition | None:
    """The last released period of the same length before."""
    like = [row for row in standing_editions() if is_comparable(row, edition)]
    return edition_before(like, parse_period(edition.period).first)


def find_line(edition: Edition) -> list[Edition]:
    """Released periods of the same length under the same method, oldest first, the last of them
    this one; the version of the method may have changed.
    """
    own = parse_period(edition.period)
    before = [
        row
        for row in standing_editions()
        if row.method == edition.method
        and parse_period(row.period).months == own.months
        and parse_period(row.period).last < own.last
    ]
    return [*before[1 - MOST_PERIODS :], edition]


def _follow(line: Sequence[Edition], agency: Agency | None) -> list[tuple[Edition, Row]]:
    """The overall rows of an agency, or of the province, in editions that have one."""
    found = AgencyResult.objects.filter(edition__in=line, agency=agency)
    results = {result.edition_id: result for result in found}
    return [(row, find_overall(results[row.pk])) for row in line if row.pk in results]


def _find_row(before: Edition | None, agency: Agency | None) -> Row | None:
    if before is None:
        return None
    return find_overall(before.results.filter(agency=agency).first())


def _tell_rounds(period: Period, agency: Agency | None = None) -> list[Block]:
    """The scoring of the period; without one of the year it lies in."""
    published = ScoringRound.objects.exclude(published_at=None).select_related("framework")
    rounds = list(published.filter(period=period.name).order_by("pk"))
    rounds = rounds or list(published.filter(period=str(period.first.year)).order_by("pk"))
    return [block for row in rounds for block in tell_round(row, agency.pk if agency else None)]


def _finish(
    edition: Edition, as_of: datetime, blocks: list[Block], scope: str, period: Period
) -> ReportDocument:
    subject = _("Measured satisfaction of citizens and organisations, %(period)s") % {
        "period": period.title
    }
    moment = timezone.localtime(as_of).strftime("%H:%M %d/%m/%Y")
    sums = edition.snapshot_sha256[:SHORT_SUM], edition.method_sha256[:SHORT_SUM]
    return ReportDocument(
        title=_("Report"),
        subject=subject if scope == _("Whole province") else f"{subject}: {scope}",
        head=make_letterhead(),
        blocks=blocks,
        scope=scope,
        as_of=_("as of %(moment)s") % {"moment": moment},
        edition=_("edition %(sums)s") % {"sums": "/".join(sums)},
        notice=str(edition.about.get("notice", "")),
    )


def make_letterhead() -> Letterhead:
    """Who issues reports, from the settings of the province."""
    name = settings.PROVINCE_NAME
    return Letterhead(
        above=f"UBND {name[0].lower()}{name[1:]}",
        issuer=settings.REPORT_ISSUER,
        code=settings.REPORT_CODE,
        place=name.removeprefix("Tỉnh ").removeprefix("Thành phố "),
        signer=settings.REPORT_SIGNER,
        receivers=tuple(settings.REPORT_RECEIVERS),
    )
