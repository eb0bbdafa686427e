"""Admin pages of codes (read only) and of the opening hours of screens and tablets."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from survey.access.models import CounterCode, Kiosk, Screen
from survey.common.admin import ReadOnlyAdmin


class DeviceAdmin(ModelAdmin):
    """Opening hours of a device, the only thing of it that is set here: outside them it proves no
    presence.
    """

    list_display = ("counter", "opens", "closes", "days", "revoked_at")
    list_select_related = ("counter",)
    fields = ("counter", "opens", "closes", "days")
    readonly_fields = ("counter",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.register(Screen, DeviceAdmin)
admin.site.register(Kiosk, DeviceAdmin)


@admin.register(CounterCode)
class CounterCodeAdmin(ReadOnlyAdmin):
    """Codes of all issues."""

    list_display = ("code", "counter", "issue", "status", "issued_at", "ended_at")
    list_filter = ("status",)
    search_fields = ("code",)
    list_select_related = ("counter",)
