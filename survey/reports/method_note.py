"""How the figures came about, under the headings and indicator codes of SIMS 2.0 (the European
Single Integrated Metadata Structure), so that a statistician finds everything where it is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.agencies.reorganisation import REORGANISED_ON
from survey.common.periods import parse_period
from survey.reports.documents import heading, paragraph
from survey.reports.figures import Block, Row, number
from survey.scorecards.models import Edition
from survey.scorecards.queries import find_overall, province_result


@dataclass(frozen=True)
class Note:
    """One entry: the code of the concept or indicator, its name, and what there is to say."""

    code: str
    title: str
    text: str


def write_method_note(edition: Edition) -> list[Note]:
    """Every entry of a released edition, in the order of SIMS."""
    row = find_overall(province_result(edition))
    return [
        *_describe_content(edition),
        *_describe_accuracy(row),
        *_describe_times(edition),
        *_describe_comparability(edition),
        *_describe_processing(edition),
    ]


def note_blocks(notes: list[Note]) -> list[Block]:
    """The note as an annex of a report."""
    lines = [paragraph(f"{note.code} {note.title}: {note.text}") for note in notes]
    return [heading(_("ANNEX. METHOD NOTE (SIMS 2.0)")), *lines]


def _describe_content(edition: Edition) -> list[Note]:
    title = "method_title" if get_language() == "vi" else "method_title_en"
    about = edition.about
    return [
        Note(
            "S.3",
            _("Statistical presentation"),
            _(
                "%(method)s; per agency, factor and procedure domain. “Neutral” does not count as "
                "satisfied."
            )
            % {"method": about.get(title, edition.method)},
        ),
        Note("S.4", _("Unit of measure"), _("Percent of satisfied answers, two decimals half up.")),
        Note("S.5", _("Reference period"), parse_period(edition.period).title),
        Note(
            "S.7",
            _("Confidentiality"),
            _(
                "Figures of fewer than %(n)s answers are not shown, nor figures from which they "
                "could be worked out, also from earlier editions."
            )
            % {"n": about.get("min_n", 10)},
        ),
        Note(
            "S.8",
            _("Release policy"),
            _("Released by two people; no figure changes in place, a correction is a new edition."),
        ),
    ]


def _describe_accuracy(row: Row) -> list[Note]:
    rate = row.get("response_rate")
    missed = None if rate is None else Decimal(100) - Decimal(str(rate))
    return [
        Note(
            "S.13.A1",
            _("Sampling error"),
            _("Standard error %(se)s points; effective sample %(n_eff)s; design effect %(deff)s.")
            % {
                "se": number(row.get("se")),
                "n_eff": number(row.get("n_eff"), 0),
                "deff": number(row.get("deff")),
            },
        ),
        Note(
            "S.13.A4",
            _("Unit non-response"),
            _("%(share)s%% of completed dossiers without an answer.") % {"share": number(missed)},
        ),
        Note(
            "S.13.A5",
            _("Item non-response"),
            _("Items without an answer at the province: %(count)s. Each item is weighted alone.")
            % {"count": number(row.get("items_missing"), 0)},
        ),
        Note(
            "S.13.A7",
            _("Imputation"),
            _("None: what was not answered is not guessed."),
        ),
    ]


def _describe_times(edition: Edition) -> list[Note]:
    last = parse_period(edition.period).last
    released = timezone.localdate(edition.released_at) if edition.released_at else None
    days = (released - last).days if released else None
    return [
        Note(
            "S.14.TP1",
            _("Time lag"),
            _("%(days)s days from the end of the period to release.") % {"days": number(days, 0)},
        ),
    ]


def _describe_comparability(edition: Edition) -> list[Note]:
    earlier = Edition.objects.filter(period=edition.period, method=edition.method)
    earlier = earlier.exclude(pk=edition.pk).filter(released_at__lte=edition.released_at)
    own = find_overall(province_result(edition)).get("weighted_index")
    changes = []
    for other in earlier.order_by("released_at"):
        value = find_overall(province_result(other)).get("weighted_index")
        if own is not None and value is not None:
            changes.append(number(Decimal(str(own)) - Decimal(str(value))))
    revisions = (
        _("Earlier editions of this period: %(count)s; this one minus them: %(sizes)s.")
        % {"count": len(changes), "sizes": "; ".join(changes)}
        if changes
        else _("No earlier edition of this period.")
    )
    return [
        Note(
            "S.15.CC2",
            _("Comparability over time"),
            _("The series breaks on %(day)s, when provinces and communes were reorganised.")
            % {"day": REORGANISED_ON.strftime("%d/%m/%Y")},
        ),
        Note("S.17.A6", _("Revisions"), revisions),
    ]


def _describe_processing(edition: Edition) -> list[Note]:
    classes = ", ".join(edition.about.get("counted_classes", []))
    return [
        Note(
            "S.18",
            _("Statistical processing"),
            _(
                "Answers of the classes %(classes)s, weighted to completed dossiers by procedure "
                "domain and channel. Method %(method)s version %(version)s (%(method_sum)s), "
                "snapshot %(snapshot)s, software %(software)s."
            )
            % {
                "classes": classes,
                "method": edition.method,
                "version": edition.method_version,
                "method_sum": edition.method_sha256[:12],
                "snapshot": edition.snapshot_sha256[:12],
                "software": edition.about.get("software", "–"),
            },
        ),
    ]
