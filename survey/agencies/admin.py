"""Admin pages of agencies, offices, counters and procedures."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.utils import timezone
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
from survey.common.history import HistoryFormSet, HostingFormSet, SuccessionFormSet


class _KeptKey:
    """The key of a row is what figures and snapshots name it by: it stays once the row is there."""

    kept = ("key",)

    history = ""
    """Name of the rows whose beginning makes a thing stay."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.kept if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has begun stays, with its history: figures of past months are worked out with it."""
        if obj is not None and self.history:
            begun = getattr(obj, self.history).filter(valid_from__lte=timezone.localdate())
            if begun.exists():
                return False
        return super().has_delete_permission(request, obj)  # type: ignore[misc,no-any-return]


class VersionInline(TabularInline):
    """History of names, kinds and codes."""

    model = AgencyVersion
    formset = HistoryFormSet
    fk_name = "agency"
    autocomplete_fields = ("parent",)
    extra = 0


class SuccessionInline(TabularInline):
    """Whom the agency handed over to."""

    model = Succession
    formset = SuccessionFormSet
    fk_name = "predecessor"
    autocomplete_fields = ("successor",)
    extra = 0


@admin.register(Agency)
class AgencyAdmin(_KeptKey, ModelAdmin):
    """An agency with its history."""

    history = "versions"
    list_display = ("key", "__str__")
    search_fields = ("key", "versions__name", "versions__agency_code", "versions__unit_code")
    inlines = (VersionInline, SuccessionInline)


class HostingInline(TabularInline):
    """Agencies an office receives dossiers for."""

    model = Hosting
    formset = HostingFormSet
    autocomplete_fields = ("agency",)
    extra = 0


class CounterFormSet(BaseInlineFormSet):
    """Counters with a code keep their agency: answers given at them were about it. A reorganisation
    hands them over.
    """

    def add_fields(self, form: ModelForm[Any], index: int | None) -> None:
        super().add_fields(form, index)
        counter = form.instance
        if counter.pk is not None and counter.codes.exists():
            form.fields["agency"].disabled = True


class CounterInline(TabularInline):
    """Counters of an office."""

    model = Counter
    formset = CounterFormSet
    autocomplete_fields = ("agency",)
    extra = 0
    can_delete = False


@admin.register(Office)
class OfficeAdmin(_KeptKey, ModelAdmin):
    """An office with its counters."""

    history = "hostings"
    list_display = ("name", "address", "phone")
    search_fields = ("name", "key")
    inlines = (HostingInline, CounterInline)


class ProcedureVersionInline(TabularInline):
    """Names and domains of a procedure over time."""

    model = ProcedureVersion
    formset = HistoryFormSet
    extra = 0


@admin.register(Procedure)
class ProcedureAdmin(_KeptKey, ModelAdmin):
    """A procedure with its history."""

    kept = ("code",)
    history = "versions"
    list_display = ("code",)
    search_fields = ("code", "versions__name")
    inlines = (ProcedureVersionInline,)


@admin.register(ProcedureDomain)
class ProcedureDomainAdmin(_KeptKey, ModelAdmin):
    """Procedure domains."""

    kept = ("code",)
    list_display = ("code", "name")
