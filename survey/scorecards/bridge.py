"""The one seam to the statistics: writes snapshots, has them computed, and exports what was
computed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from tqdm import tqdm

import analysis
from survey.agencies.models import AgencyVersion, ProcedureDomain
from survey.agencies.queries import versions_on
from survey.common.periods import Period, parse_period
from survey.responses.models import Evidence
from survey.responses.queries import counted_in, snapshot_rows
from survey.scorecards.differencing import Figure, Release, known_numbers
from survey.transactions.models import Channel
from survey.transactions.queries import totals_in

OPENING: Final = 6
CLOSING: Final = 20
NOTICE: Final = "DỮ LIỆU MINH HỌA - không phải số liệu thật"
PUBLIC_ABOUT: Final = frozenset(
    {
        "period",
        "province",
        "notice",
        "responses",
        "snapshot",
        "min_n",
        "counted_classes",
        "counts_open",
        "factors",
        "method",
        "method_version",
        "method_sha256",
        "method_title",
        "method_title_en",
    }
)
BY_AGENCY: Final = ("coverage", "levels")
"""What stands beside an edition's rows: of everything, and lists by agency. Anything else stays in
the house.
"""
DECIMALS: Final = (
    "response_rate",
    "unweighted_index",
    "weighted_index",
    "se",
    "ci_low",
    "ci_high",
    "deff",
    "n_eff",
    *(f"share_{evidence}" for evidence in Evidence.values),
    "index_with_open",
    "margin_loss",
)


def take_snapshot(
    *, period: Period, folder: Path, now: datetime, province: str, progress: bool = False
) -> analysis.Snapshot:
    """Write the responses and totals of a period as a snapshot; memory does not grow with the
    number of rows.
    """
    writer = analysis.SnapshotWriter(folder)
    seen: set[str] = set()
    expected = counted_in(period).count()
    for agency, domain, channel, evidence, hour, language, month, answers, marks in tqdm(
        snapshot_rows(period), total=expected, desc="Chốt số liệu", disable=not progress, unit=""
    ):
        seen.add(agency)
        levels = [answers.get(item) for item in analysis.ITEMS]
        flag = flag_of(channel, hour, marks)
        writer.add(
            (agency, domain or "", channel, evidence, flag, language, f"{month:%Y-%m}", *levels)
        )
    totals = totals_in(period)
    seen |= {row[0] for row in totals}
    about = {
        "period": period.name,
        "province": province,
        "tree_on": period.last.isoformat(),
        "taken_at": now.isoformat(timespec="seconds"),
        "notice": NOTICE if settings.DEMO else "",
        "domains": dict(ProcedureDomain.objects.values_list("code", "name")),
    }
    return writer.close(totals=totals, agencies=_agencies(seen, period), about=about)


def flag_of(channel: str, hour: datetime, marks: Mapping[str, str] | None) -> str:
    """The rule that marks an answer, or empty: marked ones stay, and the index without them is
    shown.
    """
    marks = marks or {}
    if flag := marks.get("flag") or ("assisted" if marks.get("assisted") == "officer" else ""):
        return flag
    open_now = OPENING <= timezone.localtime(hour).hour < CLOSING
    return "" if open_now or channel != Channel.COUNTER else "hours"


def _agencies(keys: Iterable[str], period: Period) -> list[tuple[str, str, str, str]]:
    """Names at the end of the period; agencies that ended before keep their last name."""
    wanted = set(keys)
    found: dict[str, AgencyVersion] = {}
    for version in (
        AgencyVersion.objects.filter(agency__key__in=wanted)
        .select_related("agency")
        .order_by("valid_from")
    ):
        if version.valid_from <= period.last:
            found[version.agency.key] = version
    for version in versions_on(period.last).filter(agency__key__in=wanted):
        found[version.agency.key] = version
    return [
        (key, version.name, version.kind, version.code) for key, version in sorted(found.items())
    ]


@dataclass(frozen=True)
class Computed:
    """What an edition stores: identity of method and snapshot, and publishable rows by
    agency key.
    """

    method: str
    method_version: int
    method_sha256: str
    snapshot_sha256: str
    period: str
    responses: int
    about: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]
    province_key: str
    counted: dict[str, int]
    answers: dict[str, str]
    min_n: int


def place_of(row: Mapping[str, Any]) -> str:
    """Which figure a row is, as one text."""
    return f"{row['agency']}/{row['level']}/{row['code']}"


def period_of(*, folder: Path) -> str:
    """Name of the period a snapshot was taken of."""
    return str(analysis.open_snapshot(folder).manifest["period"])


def items_of(*, method: str) -> set[str]:
    """Items a method is about."""
    return set(analysis.load_method(method).items)


def compute_index(*, folder: Path, method: str, releases: Sequence[Release] = ()) -> Computed:
    """Compute a snapshot under a method; only rows that may be shown come back, numbers as decimal
    text.

    ``releases`` are what editions have shown: no number of the new one may tell, with theirs, of a
    few people.
    """
    run = analysis.open_run(folder, method, purpose="charts")
    figures = {
        (figure.agency, figure.level, figure.code): Figure(figure.n, figure.unweighted)
        for figure in run.result.figures
    }
    period = parse_period(str(run.snapshot.manifest["period"]))
    table = run.publish(known_numbers(period, run.method.id, figures, releases))
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in table.rows:
        plain = {
            name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()
        }
        rows.setdefault(str(row["agency"]), []).append(plain)
    return Computed(
        method=run.method.id,
        method_version=run.method.version,
        method_sha256=run.method.sha256,
        snapshot_sha256=run.snapshot.checksum,
        period=str(run.snapshot.manifest["period"]),
        responses=int(table.about["responses"]),
        about={**table.about, **run.chart_data(table)},
        rows=rows,
        province_key=analysis.PROVINCE,
        counted={
            f"{figure.agency}/{figure.level}/{figure.code}": figure.n
            for figure in run.result.figures
        },
        answers=_answer_checksums(run),
        min_n=run.method.min_n,
    )


def _answer_checksums(run: analysis.Run) -> dict[str, str]:
    """Agency key -> checksum of everything its answers add up to, in whatever order they lie."""
    cells = run.cells()
    sums: dict[str, Any] = {}
    keys = zip(*(cells.key(name) for name in cells.keys.columns), strict=True)
    for place, key in enumerate(keys):
        line = (key, int(cells.n[place]), cells.total[place].tolist(), cells.cross[place].tolist())
        sums.setdefault(key[0], hashlib.sha256()).update(repr(line).encode())
    return {agency: total.hexdigest()[:32] for agency, total in sums.items()}


def combine_snapshots(*, answers: Path, dossiers: Path, folder: Path) -> None:
    """Write a snapshot of the answers of one and the dossiers of another."""
    analysis.combine_snapshots(
        analysis.open_snapshot(answers), analysis.open_snapshot(dossiers), folder
    )


def checksum_of(*, folder: Path) -> str:
    """Identity of a snapshot."""
    return analysis.open_snapshot(folder).checksum


def index_by_channel(*, folder: Path, method: str) -> dict[str, float]:
    """Channel -> index of the province from the answers of that channel alone, in percent; what may
    be shown.
    """
    report = analysis.open_run(folder, method, purpose="quality").quality
    return dict(report["agencies"].get(analysis.PROVINCE, {}).get("channels", {}))


def pictures_of(
    *, rows: Sequence[dict[str, Any]], about: Mapping[str, Any], kind: str, language: str
) -> dict[str, Any]:
    """Pictures of stored rows by name: index, ranks, funnel, levels, coverage; each has ``spec``
    and ``text``.
    """
    frame = analysis.Frame(language, subtitle=_subtitle(about))
    names = {
        row["agency"]: row["agency_name"] for row in rows if not kind or row["agency_kind"] == kind
    }
    found: dict[str, Any] = dict(analysis.comparison_pictures(rows, kind, frame))
    found["levels"] = analysis.draw_levels(about.get("levels", []), names, frame)
    found["coverage"] = analysis.draw_coverage(about.get("coverage", []), names, frame)
    return {name: picture for name, picture in found.items() if picture is not None}


def agency_pictures(
    *,
    rows: Sequence[dict[str, Any]],
    history: Sequence[tuple[str, str, dict[str, Any], dict[str, Any]]],
    about: Mapping[str, Any],
    agency: str,
    language: str,
) -> dict[str, Any]:
    """Pictures of one agency: its factors beside the province, and its index over (period, method,
    row, province).
    """
    frame = analysis.Frame(language, subtitle=_subtitle(about))
    found = {
        "profile": analysis.factor_profile(rows, agency, frame),
        "trend": analysis.index_trend(
            history, analysis.Frame(language, subtitle=str(about.get("notice", "")))
        ),
    }
    return {name: picture for name, picture in found.items() if picture is not None}


def _subtitle(about: Mapping[str, Any]) -> str:
    # A method that counts open answers says so in its title; others need no title on a picture.
    keys = (
        ("period", "method_title", "notice") if about.get("counts_open") else ("period", "notice")
    )
    return " · ".join(str(about[key]) for key in keys if about.get(key))


def draw(picture: Any, kind: str) -> bytes:
    """A picture as ``svg``, ``png`` or ``pdf``."""
    return bytes(analysis.render(picture, kind))


def export_rows(*, rows: Iterable[dict[str, Any]], about: dict[str, Any], kind: str) -> bytes:
    """Stored rows as a file: ``xlsx``, ``json``, or ``csv`` with BOM, semicolon and decimal comma.

    Of what is stored beside the rows only the agencies among them leave.
    """
    chosen = list(rows)
    options = {"csv": {"bom": True, "decimal": ",", "separator": ";"}}.get(kind, {})
    buffer = io.BytesIO()
    about = _about_of({row["agency"] for row in chosen}, about)
    analysis.FORMATS[kind](
        analysis.Table([_with_decimals(row) for row in chosen], about), buffer, **options
    )
    return buffer.getvalue()


def _about_of(agencies: Collection[str], about: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the rows of some agencies: lists by agency hold these only."""
    lists = {
        key: [line for line in about[key] if line[0] in agencies]
        for key in BY_AGENCY
        if key in about
    }
    return {key: value for key, value in about.items() if key in PUBLIC_ABOUT} | lists


def write_exports(*, folder: Path, method: str, targets: Iterable[Path]) -> analysis.Table:
    """Compute a snapshot and write the table to files, as ``python -m analysis index`` does."""
    table = analysis.open_run(folder, method).table
    for target in targets:
        analysis.write_table(table, target)
    return table


def _with_decimals(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(value) if name in DECIMALS and value is not None else value
        for name, value in row.items()
    }
