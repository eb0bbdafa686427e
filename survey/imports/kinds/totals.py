"""Monthly totals of dossiers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.common.periods import parse_period
from survey.imports.kinds.base import Checked, ImportKind, Stored, Upload
from survey.scorecards.models import Edition
from survey.transactions.models import MonthlyTotal, TotalsImport
from survey.transactions.reading import COLUMNS
from survey.transactions.services import ImportRefused, check_totals, replaced_by, store_totals
from survey.transactions.template import explain_totals

_FIELDS = ("agency_id", "domain_id", "channel", "month", "completed", "on_time", "source_id")


class TotalsKind(ImportKind):
    """Completed dossiers per month, agency, domain and channel."""

    key = "totals"
    label = gettext_lazy("Dossier totals")
    lead = gettext_lazy(
        "Completed dossiers per month, agency, domain and channel. The answers are weighted to "
        "them. A month of an agency that is sent again replaces what was there."
    )
    permission = "import-totals"
    columns: ClassVar = COLUMNS

    def explain(self) -> list[str]:
        """What stands in each column."""
        return explain_totals()

    def check(self, upload: Upload) -> Checked:
        """Every fault by row and column; which agencies' months would be replaced."""
        try:
            rows = check_totals(
                content=upload.content, file_name=upload.file_name, today=upload.today
            )
        except ImportRefused as error:
            return Checked(faults=error.faults)
        replaced = replaced_by(rows)
        again = sum(item.after for item in replaced)
        return Checked(
            rows=len(rows),
            new=len(rows) - again,
            changed=again,
            replaced=[str(item) for item in replaced],
            basis=repr(_read_rows_before({(row.agency_id, row.month) for row in rows})),
        )

    def prepare(self, upload: Upload) -> list[MonthlyTotal]:
        """The totals in the file."""
        return check_totals(content=upload.content, file_name=upload.file_name, today=upload.today)

    def store(self, upload: Upload, prepared: list[MonthlyTotal]) -> Stored:
        """Replace the months the file tells of; what was there is remembered."""
        before = _read_rows_before({(row.agency_id, row.month) for row in prepared})
        source = store_totals(
            totals=prepared,
            content=upload.content,
            file_name=upload.file_name,
            by=upload.by,
            now=upload.now,
        )
        return Stored({"source": source.pk, "before": before})

    @transaction.atomic
    def undo(self, thing: Mapping[str, Any], now: datetime) -> None:
        """Put back what was there, unless a period was computed or another file came since."""
        source = TotalsImport.objects.select_for_update().get(pk=thing["source"])
        mine = MonthlyTotal.objects.filter(source=source)
        if mine.count() != source.rows:
            raise ValidationError(_("Another file has replaced some of these totals since."))
        months = set(mine.values_list("month", flat=True))
        for edition in Edition.objects.filter(made_at__gte=source.imported_at):
            period = parse_period(edition.period)
            if any(period.first <= month <= period.last for month in months):
                raise ValidationError(
                    _("%(period)s has been computed with these totals. Import corrected ones.")
                    % {"period": period.title}
                )
        mine.delete()
        MonthlyTotal.objects.bulk_create(_total(values) for values in thing["before"])
        source.delete()


def _read_rows_before(cells: set[tuple[int, date]]) -> list[list[Any]]:
    found = MonthlyTotal.objects.filter(month__in={month for _agency, month in cells})
    found = found.filter(agency__in={agency for agency, _month in cells}).order_by("pk")
    return [
        [value.isoformat() if isinstance(value, date) else value for value in row]
        for row in found.values_list(*_FIELDS)
        if (row[0], row[3]) in cells
    ]


def _total(values: list[Any]) -> MonthlyTotal:
    given = dict(zip(_FIELDS, values, strict=True))
    return MonthlyTotal(**{**given, "month": date.fromisoformat(given["month"])})
