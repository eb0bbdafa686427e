"""The lines of a scorecard as a page shows and sends them: one field for each declared figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from survey.console.framework_words import INPUTS, describe_rule, plain
from survey.scorecards.bridge.frameworks import (
    NOT_APPLICABLE,
    Framework,
    Scorecard,
    ScoredLine,
    field_names,
    read_number,
)
from survey.scorecards.rounds.declaring import Line
from survey.scorecards.rounds.evidence import MAX_EVIDENCE_BYTES, UploadedEvidence
from survey.scorecards.rounds.gaps import may_declare
from survey.scorecards.rounds.models import AgencyScoring, Evidence, ScoreEntry, Stage
from survey.scorecards.rounds.queries import COUNTED_INPUTS, entries_until

NOTE: Final = "note"
FILE: Final = "file"


@dataclass(frozen=True)
class Field:
    """One figure to fill in; ``options`` (value, words) for a choice."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass
class ShownLine:
    """A line of the page."""

    line: ScoredLine
    maximum: str
    input: object
    rule: str
    own_points: Any
    fields: list[Field] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""
    open: bool = False
    fault: str = ""
    history: list[tuple[ScoreEntry, str]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    lack_name: str = ""
    lacks: bool = False

    @property
    def is_group(self) -> bool:
        """Whether it only adds up what stands below."""
        return self.line.state == "group"

    @property
    def loses(self) -> bool:
        """Whether a line of its own misses points."""
        return not self.is_group and bool(self.line.lost)

    @property
    def is_declared(self) -> bool:
        """Whether people declare it, and not the system."""
        return not self.is_group and self.line.criterion.input not in COUNTED_INPUTS

    @property
    def name(self) -> str:
        """Code and title of the criterion."""
        return f"{self.line.criterion.code}. {self.line.criterion.title}"


def field_labels(criterion: Any) -> list[tuple[str, str]]:
    """Fields of a criterion with their names in words."""
    if criterion.input == "choice":
        return [("option", _("Answer"))]
    if criterion.input == "ratio":
        return [("part", _("Number that meet it")), ("whole", _("Total number"))]
    if criterion.input == "formula":
        return [(figure.code, figure.title) for figure in criterion.figures]
    if criterion.input == "survey_group":
        return [
            (f"{group.code}.{option.code}", f"{group.title}: {option.title}")
            for group in criterion.groups
            for option in criterion.options
        ]
    if criterion.input in COUNTED_INPUTS:
        return [("number", _("Percent"))]
    points = criterion.rule is not None and criterion.rule.kind == "points"
    return [("number", _("Points") if points else _("Number"))]


def _options(criterion: Any) -> tuple[tuple[str, str], ...]:
    if criterion.input != "choice":
        return ()
    return tuple((option.code, option.title) for option in criterion.options)


def criterion_fields(criterion: Any, sent: Mapping[str, str]) -> list[Field]:
    """The fields of one criterion with what was typed into them."""
    options = _options(criterion)
    return [
        Field(
            f"{criterion.code}:{name}",
            label,
            sent.get(f"{criterion.code}:{name}", "").strip()[:60],
            options,
        )
        for name, label in field_labels(criterion)
    ]


def read_lines(framework: Framework, scoring: AgencyScoring, sent: QueryDict) -> dict[str, Line]:
    """What a page sent, of the lines that may be written now."""
    found = {}
    for criterion in framework.leaves(scoring.kind):
        code = criterion.code
        if may_declare(criterion, scoring.stage) and f"{code}:{NOTE}" in sent:
            found[code] = read_line(criterion, sent)
    return found


def read_line(criterion: Any, sent: QueryDict, before: str = "") -> Line:
    """What a page sent of one line; ``before`` stands before the names of its fields."""
    start = f"{before}{criterion.code}"
    if sent.get(f"{start}:{NOT_APPLICABLE}"):
        declared = {NOT_APPLICABLE: "yes"}
    else:
        names = field_names(criterion)
        texts = {name: sent.get(f"{start}:{name}", "").strip()[:60] for name in names}
        declared = {name: text for name, text in texts.items() if text}
    return Line(declared, sent.get(f"{start}:{NOTE}", "").replace("\r\n", "\n").strip()[:2000])


def read_files(
    lines: Mapping[str, Line], files: MultiValueDict[str, UploadedFile]
) -> dict[str, UploadedEvidence]:
    """Files of evidence that were chosen for lines that may be written now. Of a file that is too
    large only the beginning is read: enough to be refused.
    """
    found = {}
    for code in lines:
        file = files.get(f"{code}:{FILE}")
        if file is not None:
            content = file.read(MAX_EVIDENCE_BYTES + 1)
            found[code] = UploadedEvidence(file.name or "", content)
    return found


def show_lines(
    *,
    framework: Framework,
    scoring: AgencyScoring,
    entries: list[ScoreEntry],
    evidence: list[Evidence],
    cards: tuple[Scorecard, Scorecard],
    writable: bool,
    sent: Mapping[str, Line],
    faults: Mapping[str, str],
) -> list[ShownLine]:
    """Lines with their fields; ``cards`` as it stands now and as the agency scored itself, ``sent``
    what was typed and could not be saved.
    """
    card, own = cards
    own_points = {line.criterion.code: line.points for line in own.lines}
    now = entries_until(entries, scoring.stage)
    history: dict[str, list[ScoreEntry]] = {}
    for each in entries:
        history.setdefault(each.criterion, []).append(each)
    shown = []
    for line in card.lines:
        code, criterion = line.criterion.code, line.criterion
        entry, group = now.get(code), line.state == "group"
        known = sent.get(code) or Line(
            entry.declared if entry else {},
            entry.note if entry and entry.stage == scoring.stage else "",
        )
        made = ShownLine(
            line=line,
            maximum=plain(line.maximum),
            input=INPUTS.get(criterion.input, ""),
            rule="" if group else describe_rule(criterion),
            own_points=own_points.get(code),
            note=known.note,
            open=writable and not group and may_declare(criterion, scoring.stage),
            fault=faults.get(code, ""),
            history=describe_history(criterion, history.get(code, [])),
            evidence=[one for one in evidence if one.criterion == code],
            lack_name=name_lack(criterion),
            lacks=NOT_APPLICABLE in known.declared,
        )
        if not group:
            add_figures(made, criterion, known.declared)
        shown.append(made)
    return shown


def name_lack(criterion: Any, before: str = "") -> str:
    """Name of the tick that a line does not apply; empty where that cannot be said."""
    return f"{before}{criterion.code}:{NOT_APPLICABLE}" if criterion.not_applicable else ""


def describe_history(criterion: Any, entries: Iterable[ScoreEntry]) -> list[tuple[ScoreEntry, str]]:
    """Entries of a line with their figures in words."""
    return [(each, "; ".join(_words(criterion, each.declared))) for each in entries]


def add_figures(
    made: ShownLine, criterion: Any, declared: Mapping[str, str], before: str = ""
) -> None:
    """Fields to fill in where a line is open, else its figures in words."""
    options, words = _options(criterion), dict(_options(criterion))
    for name, label in field_labels(criterion):
        value = declared.get(name, "")
        if made.open:
            made.fields.append(Field(f"{before}{criterion.code}:{name}", label, value, options))
        elif value:
            made.facts.append((label, words.get(value) or show_number(value)))
    if made.lacks and not made.open:
        made.facts.append((_("Not applicable"), ""))


def _words(criterion: Any, declared: Mapping[str, str]) -> list[str]:
    """Declared figures of an entry in the order of the criterion's fields."""
    if NOT_APPLICABLE in declared:
        return [_("Not applicable")]
    options = dict(_options(criterion))
    return [
        options.get(declared[name]) or show_number(declared[name])
        for name, _label in field_labels(criterion)
        if name in declared
    ]


def show_number(text: str) -> str:
    """A declared number as the reader writes it, to two places; anything else as it is."""
    number = read_number(text)
    if number is None:
        return text[:60]
    exact = Decimal(number.numerator) / number.denominator
    return plain(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def count_filled(framework: Framework, scoring: AgencyScoring, card: Scorecard) -> tuple[int, int]:
    """Lines the agency scores itself that have a figure, and all of them."""
    own = [
        line
        for line in card.lines
        if line.state != "group" and may_declare(line.criterion, Stage.SELF)
    ]
    return sum(line.state != "missing" for line in own), len(own)


def count_sections(
    framework: Framework, scoring: AgencyScoring, card: Scorecard
) -> list[tuple[str, str, int, int]]:
    """(code, title, lines with a figure, lines) of every reform area with lines the agency scores
    itself.
    """
    found = []
    for area in framework.parts.get("", []):
        lines = [line for line in card.lines if _area(framework, line.criterion) == area.code]
        part = replace(card, lines=tuple(lines))
        filled, every = count_filled(framework, scoring, part)
        if every:
            found.append((area.code, area.title, filled, every))
    return found


def _area(framework: Framework, criterion: Any) -> str:
    above = framework.by_code.get(criterion.parent)
    return _area(framework, above) if above else str(criterion.code)
