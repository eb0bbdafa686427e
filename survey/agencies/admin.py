"""Admin pages of agencies, offices, counters and procedures."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from survey.agencies.models import (
    Agency,
    AgencyVersion,
    Counter,
    Hosting,
    Office,
    Procedure,
    ProcedureDomain,
    ProcedureVersion,
    Succession,
)


class VersionInline(TabularInline):
    """History of names, kinds and codes."""

    model = AgencyVersion
    fk_name = "agency"
    autocomplete_fields = ("parent",)
    extra = 0


class SuccessionInline(TabularInline):
    """Whom the agency handed over to."""

    model = Succession
    fk_name = "predecessor"
    autocomplete_fields = ("successor",)
    extra = 0


@admin.register(Agency)
class AgencyAdmin(ModelAdmin):
    """An agency with its history."""

    list_display = ("key", "__str__")
    search_fields = ("key", "versions__name", "versions__agency_code", "versions__unit_code")
    inlines = (VersionInline, SuccessionInline)


class HostingInline(TabularInline):
    """Agencies an office receives dossiers for."""

    model = Hosting
    autocomplete_fields = ("agency",)
    extra = 0


class CounterInline(TabularInline):
    """Counters of an office."""

    model = Counter
    autocomplete_fields = ("agency",)
    extra = 0


@admin.register(Office)
class OfficeAdmin(ModelAdmin):
    """An office with its counters."""

    list_display = ("name", "address", "phone")
    search_fields = ("name", "key")
    inlines = (HostingInline, CounterInline)


class ProcedureVersionInline(TabularInline):
    """Names and domains of a procedure over time."""

    model = ProcedureVersion
    extra = 0


@admin.register(Procedure)
class ProcedureAdmin(ModelAdmin):
    """A procedure with its history."""

    list_display = ("code",)
    search_fields = ("code", "versions__name")
    inlines = (ProcedureVersionInline,)


@admin.register(ProcedureDomain)
class ProcedureDomainAdmin(ModelAdmin):
    """Procedure domains."""

    list_display = ("code", "name")
