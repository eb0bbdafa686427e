"""What the API tells and takes, for its description."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field


class AgencyOut(Schema):
    """An agency as it was on a day."""

    key: str = Field(description="never changes")
    name: str
    kind: str
    code: str = Field(description="electronic identifier or administrative unit code")
    parent: str | None = Field(description="key of the agency above")
    valid_from: date
    valid_to: date | None = Field(description="first day it is no longer so")


class AgencyPage(Schema):
    """A part of the agencies; ``next`` is the cursor of the following part."""

    items: list[AgencyOut]
    next: str | None


class EditionOut(Schema):
    """Figures of a period under a method."""

    id: int
    state: str = Field(description="only released figures are public")
    period: str
    method: str
    method_version: int
    method_sha256: str
    snapshot_sha256: str
    made_at: datetime
    released_at: datetime | None
    withdrawn_at: datetime | None


class EditionPage(Schema):
    """A part of the editions."""

    items: list[EditionOut]
    next: str | None


class FigurePage(Schema):
    """A part of the rows of an edition; columns as in the exports."""

    items: list[dict[str, Any]]
    next: str | None


class ColumnOut(Schema):
    """A column of the figures."""

    name: str
    title_vi: str


Code = Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]+$")


class TotalIn(Schema):
    """Completed dossiers of an agency, domain and channel in a month."""

    month: Annotated[str, Field(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$", examples=["2026-07"])]
    agency_code: Annotated[str, Code]
    domain_code: Annotated[str, Code]
    channel: Annotated[str, Code]
    completed: Annotated[int, Field(ge=0, le=99_999_999)]
    on_time: Annotated[int, Field(ge=0, le=99_999_999)]


class TotalsIn(Schema):
    """Totals to store, all or none of them."""

    rows: Annotated[list[TotalIn], Field(min_length=1, max_length=5000)]


class TotalsOut(Schema):
    """What was stored."""

    rows: int
    replaced: int = Field(description="earlier rows of the same agencies and months that went")
    sha256: str


class FieldFault(Schema):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Schema):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldFault] = []
