"""Admin page of codes: read only."""

from __future__ import annotations

from django.contrib import admin

from survey.access.models import CounterCode
from survey.common.admin import ReadOnlyAdmin


@admin.register(CounterCode)
class CounterCodeAdmin(ReadOnlyAdmin):
    """Codes of all issues."""

    list_display = ("code", "counter", "issue", "status", "issued_at", "ended_at")
    list_filter = ("status",)
    search_fields = ("code",)
    list_select_related = ("counter",)
