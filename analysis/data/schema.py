"""The allow-list of what may leave the database: every snapshot column with its type and meaning.

A column that is not named here cannot be written: no phone, no token, no free text, no exact time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SCHEMA_VERSION: Final = 3
READABLE_VERSIONS: Final = (2, 3)
"""Snapshots of version 2 have no column ``applicant``: nobody was asked."""
NOT_APPLICABLE: Final = 0
"""Code of the answer "không áp dụng" of a five-level item; a null is "no answer" or "not asked"."""
EVIDENCE: Final = ("E0", "E1", "E2", "E3", "E4", "E5", "E6")
"""Evidence classes, from the printed poster to the independent call-back."""
EVIDENCE_ORDER: Final = {
    "E2": 0,
    "E3": 0,
    "E4": 0,
    "E1": 1,
    "E0": 2,
    "E5": 2,
    "E6": 2,
}
"""Who is counted first where there are more answers than dossiers: tied to a transaction, present,
open.
"""

DType = Literal["text", "int8", "int32"]


@dataclass(frozen=True)
class Column:
    """One column of the snapshot: name, storage type and what it means."""

    name: str
    dtype: DType
    meaning: str


SERVICE_ITEMS: Final = (
    *("A1", "A2", "A3"),
    *("B1", "B2", "B3", "B4"),
    *("C1", "C2", "C3"),
    *("D1", "D2", "D3"),
    *("E1", "E2", "E3"),
)
IKM_ITEMS: Final = tuple(f"U{number}" for number in range(1, 10))
OTHER_ITEMS: Final = ("recommend", "like")
ITEMS: Final = ("overall", *SERVICE_ITEMS, *IKM_ITEMS, *OTHER_ITEMS)

KEY_COLUMNS: Final = (
    Column("agency", "text", "immutable key of the agency responsible at the time of the answer"),
    Column("domain", "text", "code of the procedure domain (lĩnh vực); empty when not known"),
    Column("channel", "text", "how the service was used: counter, online, postal"),
    Column(
        "evidence",
        "text",
        "evidence class E0 to E6: how sure it is that a transaction lies behind the answer",
    ),
    Column(
        "flag",
        "text",
        "rule that marked the answer (docs/snapshot.md lists them), or empty",
    ),
    Column("language", "text", "language the form was answered in"),
    Column("month", "text", "month of the answer, YYYY-MM; nothing finer leaves the database"),
    Column("applicant", "text", "for whom the dossier was: citizen, business; empty = not told"),
)
ADDED_COLUMNS: Final = frozenset({"applicant"})
"""Columns that older snapshots lack; empty text stands for them."""
_MEANINGS: Final = {
    **dict.fromkeys(
        IKM_ITEMS, "level 1 to 4 of the nine elements of PermenPANRB 14/2017, null = not asked"
    ),
    "recommend": "0 to 10, how likely to recommend (NPS), null = not asked",
    "like": "2 = like, 1 = dislike, null = not asked",
}
_LEVELS: Final = "level 1 to 5, 0 = không áp dụng, null = no answer or not asked"
RESPONSE_COLUMNS: Final = KEY_COLUMNS + tuple(
    Column(item, "int8", _MEANINGS.get(item, _LEVELS)) for item in ITEMS
)
TOTAL_COLUMNS: Final = (
    Column("agency", "text", "immutable key of the agency"),
    Column("domain", "text", "code of the procedure domain"),
    Column("channel", "text", "counter, online, postal"),
    Column("month", "text", "month the dossiers were completed in, YYYY-MM"),
    Column("transactions", "int32", "dossiers completed in the month"),
    Column("on_time", "int32", "of these, completed on time or early"),
)
AGENCY_COLUMNS: Final = (
    Column("agency", "text", "immutable key of the agency"),
    Column("name", "text", "name in force at the end of the period"),
    Column("kind", "text", "department, commune, public service unit, land-office branch, ..."),
    Column("code", "text", "electronic identifier or administrative unit code in force"),
)
