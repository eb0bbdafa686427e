"""Admin page of editions: read only."""

from __future__ import annotations

from django.contrib import admin

from survey.common.admin import ReadOnlyAdmin
from survey.scorecards.models import Edition


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin):
    """Editions with their method and snapshot."""

    exclude = ("counted",)
    list_display = ("period", "method", "method_version", "responses", "made_at")
