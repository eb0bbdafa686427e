"""What becomes an entry of the log: submissions, revisions, exclusions, approvals, editions.

An entry names kind, agency, month and evidence class, and commits to the row by HMAC-SHA256 under a
random salt that stays in the database: it shows no answer and no finer time. The row cannot be
guessed from it, and cannot be changed without it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from django.db.models import Model, QuerySet
from django.utils import timezone

from survey.accounts.approvals import ApprovalDecision
from survey.agencies.models import Agency
from survey.responses.exclusions import Exclusion
from survey.responses.models import Evidence, Response
from survey.scorecards.models import AgencyResult, Edition

VERSION: Final = 1
ANSWER: Final = "answer"
REVISION: Final = "revision"
KINDS: Final = (
    ANSWER,
    REVISION,
    "exclusion",
    "exclusion-lifted",
    "approval",
    "edition",
    "edition-withdrawn",
)
CLASSES: Final = ("", *Evidence.values)
"""Places in both are part of the format: new ones come last."""


RESPONSE_FIELDS: Final = (
    "id",
    "response",
    "revision",
    "submission_key",
    "receipt_hash",
    "version_id",
    "base_version_id",
    "answers",
    "agency_id",
    "office_id",
    "counter_id",
    "domain_id",
    "channel",
    "evidence",
    "language",
    "month",
    "answered_hour",
    "marks",
)
EXCLUSION_FIELDS: Final = ("id", "counter_id", "begins", "ends", "reason", "made_at")
LIFTED_FIELDS: Final = ("id", "lifted_at")
DECISION_FIELDS: Final = ("id", "request_id", "user_id", "approved", "comment", "at")
REQUEST_FIELDS: Final = (
    "action",
    "asks",
    "payload",
    "payload_hash",
    "subject",
    "policy",
    "reason",
    "requester_id",
    "made_at",
)
EDITION_FIELDS: Final = (
    "id",
    "period",
    "method",
    "method_version",
    "method_sha256",
    "snapshot_sha256",
    "responses",
    "about",
    "counted",
    "answers",
    "made_at",
    "released_at",
    "public_number",
)
WITHDRAWN_FIELDS: Final = ("id", "withdrawn_at")
"""What version 1 commits to. A column that is added later belongs to a later version: with it here,
every row that was sealed would look changed.
"""


@dataclass(frozen=True)
class Subject:
    """A row that has, or should have, an entry: what is told of it, and what is committed to."""

    kind: str
    key: str
    agency: str
    period: str
    evidence: str
    content: dict[str, Any]
    when: datetime

    @property
    def is_response(self) -> bool:
        """Whether it is a submission: ``key`` is its id then."""
        return self.kind in (ANSWER, REVISION)


def write_entry(subject: Subject, salt: bytes) -> bytes:
    """The bytes of an entry: version, kind, evidence class (one byte each, places in ``KINDS`` and
    ``CLASSES``), months since January 2000 (two bytes), agency key after its length, commitment (32
    bytes).
    """
    agency = subject.agency.encode()
    year, month = (int(part) for part in subject.period.split("-"))
    head = (VERSION, KINDS.index(subject.kind), CLASSES.index(subject.evidence))
    months = (12 * (year - 2000) + month - 1).to_bytes(2, "big")
    return bytes(head) + months + bytes([len(agency)]) + agency + commit(subject.content, salt)


def commit(content: dict[str, Any], salt: bytes) -> bytes:
    """HMAC-SHA256 of the canonical content under the salt."""
    return hmac.digest(salt, _canonical(content).encode(), "sha256")


def _as_text(value: Any) -> str:
    """What JSON has no form for, the same from every database."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


_canonical: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_as_text
).encode
"""Names in order, no spaces, ASCII: one text for one content."""


def read_responses(rows: QuerySet[Response]) -> Iterator[Subject]:
    """Submissions as subjects."""
    agencies = dict(Agency.objects.values_list("pk", "key"))
    fields = RESPONSE_FIELDS
    for values in rows.order_by().values_list(*fields).iterator(chunk_size=2000):
        row = dict(zip(fields, values, strict=True))
        yield Subject(
            kind=REVISION if row["revision"] else ANSWER,
            key=str(row["id"]),
            agency=agencies.get(row["agency_id"], ""),
            period=str(row["month"])[:7],
            evidence=str(row["evidence"]),
            content=row,
            when=row["answered_hour"],
        )


def read_others(leave_out: Collection[tuple[str, str | None]] = ()) -> Iterator[Subject]:
    """Everything else, but (kind, key) in ``leave_out``: there are few of them.

    An exclusion names no agency: its counter may go over to another one.
    """
    for exclusion in Exclusion.objects.order_by("pk"):
        yield _subject("exclusion", exclusion, exclusion.made_at, EXCLUSION_FIELDS)
        if exclusion.lifted_at:
            yield _subject("exclusion-lifted", exclusion, exclusion.lifted_at, LIFTED_FIELDS)
    for decision in ApprovalDecision.objects.select_related("request").order_by("pk"):
        request = {"request": _pick(decision.request, REQUEST_FIELDS)}
        yield _subject("approval", decision, decision.at, DECISION_FIELDS, request)
    for edition in Edition.objects.exclude(released_at=None).order_by("pk"):
        if ("edition", str(edition.pk)) not in leave_out:
            rows = {"rows": _digest_rows(edition)}
            released = cast("datetime", edition.released_at)
            yield _subject("edition", edition, released, EDITION_FIELDS, rows)
        if edition.withdrawn_at:
            yield _subject("edition-withdrawn", edition, edition.withdrawn_at, WITHDRAWN_FIELDS)


def _subject(
    kind: str,
    row: Model,
    when: datetime,
    fields: tuple[str, ...],
    more: dict[str, Any] | None = None,
) -> Subject:
    content = _pick(row, fields) | (more or {})
    agency = "*" if isinstance(row, Edition) else ""
    period = f"{timezone.localtime(when):%Y-%m}"
    return Subject(kind, str(row.pk), agency, period, "", content, when)


def _pick(row: Model, fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields}


def _digest_rows(edition: Edition) -> str:
    total = hashlib.sha256()
    rows = AgencyResult.objects.filter(edition=edition).order_by("pk")
    for values in rows.values_list("pk", "agency_id", "name", "kind", "rows").iterator():
        total.update(_canonical({"row": list(values)}).encode())
    return total.hexdigest()
