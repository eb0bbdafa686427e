"""Admin pages of questionnaires: drafts can be edited, published versions only read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from survey.questionnaires.kinds import KINDS
from survey.questionnaires.models import (
    Factor,
    Question,
    Questionnaire,
    Version,
    VersionStatus,
    Wording,
)


class _DraftOnly:
    """Rows of a version can change only while it is a draft."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None or obj.status == VersionStatus.DRAFT

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and obj.status == VersionStatus.DRAFT

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None or obj.status == VersionStatus.DRAFT


class FactorInline(_DraftOnly, TabularInline):
    """Factors of a version."""

    model = Factor
    extra = 0


class QuestionForm(forms.ModelForm):
    """A question: its kind is one of those there are."""

    kind = forms.ChoiceField(label=_("kind"), choices=[(code, code) for code in KINDS])


class QuestionInline(_DraftOnly, TabularInline):
    """Questions of a version; they hang under its own factors."""

    model = Question
    form = QuestionForm
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "factor":
            match = request.resolver_match
            version = match.kwargs.get("object_id") if match else None
            kwargs["queryset"] = (
                Factor.objects.filter(version=version) if version else Factor.objects.none()
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class WordingInline(_DraftOnly, TabularInline):
    """Texts of a version."""

    model = Wording
    extra = 0


@admin.register(Version)
class VersionAdmin(_DraftOnly, ModelAdmin):
    """A version with its questions and texts."""

    list_display = ("__str__", "status", "published_at", "retired_at")
    readonly_fields = ("status", "published_at", "retired_at")
    inlines = (FactorInline, QuestionInline, WordingInline)


@admin.register(Questionnaire)
class QuestionnaireAdmin(ModelAdmin):
    """Questionnaires."""

    list_display = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj is not None else ()  # forms and links name it by this
