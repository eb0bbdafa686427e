"""How the figures came about, under the headings and indicator codes of SIMS 2.0 (the European
Single Integrated Metadata Structure), so that a statistician finds everything where it is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.agencies.reorganisation import REORGANISED_ON
from survey.common.periods import parse_period
from survey.reports.documents import heading, paragraph
from survey.reports.figures import Block, Row, number
from survey.scorecards.bridge.open_data import public_rows
from survey.scorecards.models import Edition
from survey.scorecards.queries import find_overall, province_result, told_with_excluded

LEAST_DOSSIERS: Final = 5000
"""One percent of fewer dossiers is few people."""
MIN_COMPARED: Final = 5
"""Fewer agencies with a place make no share worth telling."""


@dataclass(frozen=True)
class Note:
    """One entry: the code of the concept or indicator, its name, and what there is to say."""

    code: str
    title: str
    text: str


def write_method_note(edition: Edition) -> list[Note]:
    """Every entry of a released edition, in the order of SIMS."""
    return _write_note(edition, _describe_accuracy(find_overall(province_result(edition))))


def write_public_note(edition: Edition, *, half_width: Decimal | None) -> list[Note]:
    """The note for everybody: no figure from which exact counts follow. ``half_width`` of the
    province's interval as it is published, None where it is not.
    """
    accuracy = _describe_public_accuracy(half_width)
    return _write_note(edition, [*accuracy, *_describe_response(edition)], is_public=True)


def _write_note(edition: Edition, accuracy: list[Note], *, is_public: bool = False) -> list[Note]:
    return [
        *_describe_content(edition, is_public=is_public),
        *accuracy,
        *_describe_choices(edition),
        *_describe_modes(edition),
        *_describe_times(edition),
        *_describe_comparability(edition, is_public=is_public),
        *_describe_processing(edition),
        *_describe_exclusions(edition, is_public=is_public),
    ]


def note_blocks(notes: list[Note]) -> list[Block]:
    """The note as an annex of a report."""
    lines = [paragraph(f"{note.code} {note.title}: {note.text}") for note in notes]
    return [heading(_("ANNEX. METHOD NOTE (SIMS 2.0)")), *lines]


def _describe_content(edition: Edition, *, is_public: bool) -> list[Note]:
    title = "method_title_en" if get_language() == "en" else "method_title"
    unit = _("Percent of satisfied answers, two decimals half up.")
    if is_public:
        unit = _(
            "Percent of satisfied answers; two decimals from 100 answers on, one below. Counts to "
            "the nearest five; no figure whose interval is too wide for it (NCHS)."
        )
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
        Note("S.4", _("Unit of measure"), unit),
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


def _describe_public_accuracy(half_width: Decimal | None) -> list[Note]:
    told = (
        _("The province's index is exact to ± %(width)s points (half its 95%% interval).")
        % {"width": number(half_width)}
        if half_width is not None
        else _("The interval of each figure stands beside it.")
    )
    return [
        Note("S.13.A1", _("Sampling error"), told),
        Note("S.13.A7", _("Imputation"), _("None: what was not answered is not guessed.")),
    ]


def _describe_response(edition: Edition) -> list[Note]:
    """In whole percent, and where one percent is many dossiers: no count follows."""
    told = edition.about.get("response")
    if not told or told["dossiers"] < LEAST_DOSSIERS:
        return []
    missed = Decimal(100) - Decimal(told["rate"])
    text = _(
        "About %(share)s%% of completed dossiers have no answer. R-indicator %(r)s: 1 where all "
        "agencies, domains and channels answer alike."
    )
    words = {"share": number(missed, 0), "r": number(Decimal(told["r"]))}
    return [Note("S.13.A4", _("Unit non-response"), text % words)]


def _describe_choices(edition: Edition) -> list[Note]:
    """How far places depend on choices of the method (OECD/JRC on composite indicators)."""
    names = {
        "rule": _("the items put together by another rule"),
        "weights": _("the weight of one factor moved by a fifth"),
        "without_flagged": _("marked answers left out"),
        "equal_channels": _("all channels weighing alike"),
    }
    lines = [
        _("%(variant)s: %(changed)s of %(compared)s") % {**line, "variant": names[line["variant"]]}
        for line in edition.about.get("rank_sensitivity", [])
        if line["compared"] >= MIN_COMPARED and line["variant"] in names
    ]
    if not lines:
        return []
    told = _("Agencies that would have other possible places under another choice: %(lines)s.")
    return [Note("S.13.3.5", _("Model assumption error"), told % {"lines": "; ".join(lines)})]


def _describe_modes(edition: Edition) -> list[Note]:
    """Whether people answer otherwise online than at the counter (mode effect, selection with
    it).
    """
    told = edition.about.get("modes")
    if not told or told["compared"] < MIN_COMPARED:
        return []
    text = _(
        "Online against the counter, within the same agency: of %(compared)s agencies %(higher)s "
        "higher and %(lower)s lower beyond chance (Holm), the middle one by %(median)s points. Who "
        "answers and how people answer cannot be told apart here."
    )
    words = {name: number(told[name], 0) for name in ("compared", "higher", "lower", "median")}
    return [Note("S.13.3.2", _("Measurement error"), text % words)]


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


def _describe_comparability(edition: Edition, *, is_public: bool) -> list[Note]:
    earlier = Edition.objects.filter(period=edition.period, method=edition.method)
    earlier = earlier.exclude(pk=edition.pk).filter(released_at__lte=edition.released_at)
    own = _read_index(edition, is_public=is_public)
    values = [_read_index(one, is_public=is_public) for one in earlier.order_by("released_at")]
    changes = [number(own - v) for v in values if own is not None and v is not None]
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


def _read_index(edition: Edition, *, is_public: bool) -> Decimal | None:
    row = find_overall(province_result(edition))
    if is_public:
        shown = public_rows([row])[0]["index"] if row else None
        return None if shown is None else Decimal(shown)
    value = row.get("weighted_index")
    return None if value is None else Decimal(str(value))


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


def _describe_exclusions(edition: Edition, *, is_public: bool) -> list[Note]:
    """The province's index with what was excluded; to the public only beside the index itself."""
    told = told_with_excluded(province_result(edition))
    if told is None or _read_index(edition, is_public=is_public) is None:
        return []
    count = 5 * round(told.excluded / 5) if is_public else told.excluded
    text = _(
        "Two bodies excluded %(count)s answers, with a reason each; with them the province's index "
        "would be %(index)s %%."
    )
    index = number(Decimal(told.index), 1 if is_public else 2)
    return [Note("S.18.5", _("Data compilation"), text % {"count": count, "index": index})]
