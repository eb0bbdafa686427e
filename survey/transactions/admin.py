"""Admin pages of transaction totals: read only, files are imported on the staff page."""

from __future__ import annotations

from django.contrib import admin

from survey.common.admin import ReadOnlyAdmin
from survey.transactions.models import EventsImport, MonthlyTotal, TotalsImport


@admin.register(MonthlyTotal)
class MonthlyTotalAdmin(ReadOnlyAdmin):
    """Totals in force."""

    list_display = ("month", "agency", "domain", "channel", "completed", "on_time")
    list_filter = ("channel", "domain", "month")
    list_select_related = ("agency", "domain")


@admin.register(TotalsImport)
class TotalsImportAdmin(ReadOnlyAdmin):
    """Files taken."""

    list_display = ("file_name", "rows", "imported_by", "imported_at")


@admin.register(EventsImport)
class EventsImportAdmin(ReadOnlyAdmin):
    """Files of events taken."""

    list_display = ("file_name", "rows", "source", "imported_by", "imported_at", "sha256")
    list_select_related = ("source", "imported_by")
