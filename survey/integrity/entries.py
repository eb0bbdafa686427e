"""What becomes an entry of the log: submissions, revisions, exclusions, approvals, editions.

An entry names kind, agency, month and evidence class, and commits to the row by HMAC-SHA256 under a
random salt that stays in the database: it shows no answer and no finer time. The row cannot be
guessed from it, and cannot be changed without it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from django.db.models import Model, QuerySet
from django.utils import timezone

from survey.accounts.approvals import ApprovalDecision
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
    fields = [field.attname for field in Response._meta.concrete_fields]
    for values in rows.order_by().values_list("agency__key", *fields).iterator(chunk_size=2000):
        row = dict(zip(fields, values[1:], strict=True))
        yield Subject(
            kind=REVISION if row["revision"] else ANSWER,
            key=str(row["id"]),
            agency=str(values[0]),
            period=str(row["month"])[:7],
            evidence=str(row["evidence"]),
            content=row,
            when=row["answered_hour"],
        )


def read_others() -> Iterator[Subject]:
    """Everything else: there are few of them."""
    for exclusion in Exclusion.objects.select_related("counter__agency").order_by("pk"):
        about = _fields(exclusion, leave_out=("lifted_at",))
        agency = exclusion.counter.agency.key
        yield _subject("exclusion", exclusion, agency, exclusion.made_at, about)
        if exclusion.lifted_at:
            about = {"exclusion": exclusion.pk, "lifted_at": exclusion.lifted_at}
            yield _subject("exclusion-lifted", exclusion, agency, exclusion.lifted_at, about)
    for decision in ApprovalDecision.objects.select_related("request").order_by("pk"):
        about = _fields(decision) | {"payload": decision.request.payload_hash}
        yield _subject("approval", decision, "", decision.at, about)
    for edition in Edition.objects.exclude(released_at=None).order_by("pk"):
        about = _fields(edition, leave_out=("withdrawn_at",)) | {"rows": _digest_rows(edition)}
        yield _subject("edition", edition, "*", cast("datetime", edition.released_at), about)
        if edition.withdrawn_at:
            about = {"edition": edition.pk, "withdrawn_at": edition.withdrawn_at}
            yield _subject("edition-withdrawn", edition, "*", edition.withdrawn_at, about)


def _subject(
    kind: str, row: Model, agency: str, when: datetime, content: dict[str, Any]
) -> Subject:
    period = f"{timezone.localtime(when):%Y-%m}"
    return Subject(kind, str(row.pk), agency, period, "", content, when)


def _fields(row: Model, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in leave_out
    }


def _digest_rows(edition: Edition) -> str:
    total = hashlib.sha256()
    rows = AgencyResult.objects.filter(edition=edition).order_by("pk")
    for values in rows.values_list("pk", "agency_id", "name", "kind", "rows").iterator():
        total.update(_canonical({"row": list(values)}).encode())
    return total.hexdigest()
