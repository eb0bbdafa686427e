"""Admin page of counter codes: read only, they are issued and withdrawn on the staff page."""

from __future__ import annotations

from django.contrib import admin

from survey.common.admin import ReadOnlyAdmin
from survey.dispatch.models import CounterCode


@admin.register(CounterCode)
class CounterCodeAdmin(ReadOnlyAdmin):
    """Codes of all issues."""

    list_display = ("code", "counter", "issue", "status", "issued_at", "ended_at")
    list_filter = ("status",)
    search_fields = ("code",)
    list_select_related = ("counter",)
