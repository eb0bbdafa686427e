"""What can come in as a file: one kind a file here, behind the contract of ``base``."""

from __future__ import annotations

from typing import Final

from survey.imports.kinds.agencies import AgenciesKind
from survey.imports.kinds.base import ImportKind
from survey.imports.kinds.events import EventsKind
from survey.imports.kinds.offices import OfficesKind
from survey.imports.kinds.staff import StaffKind
from survey.imports.kinds.totals import TotalsKind

KINDS: Final[dict[str, ImportKind]] = {
    kind.key: kind
    for kind in (TotalsKind(), EventsKind(), AgenciesKind(), OfficesKind(), StaffKind())
}
