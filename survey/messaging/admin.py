"""Admin pages of senders, samples and message texts (checked as they are typed in)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from survey.common.encryption import phone_hash
from survey.common.phone import PhoneError, parse_mobile
from survey.messaging.invitations import longest_values
from survey.messaging.message_text import lint, render, text_size
from survey.messaging.models import KnownNumber, MessageTemplate, SampleDraw, SamplingRule, Sender
from survey.messaging.outbox.models import OutboxMessage


@admin.register(Sender)
class SenderAdmin(ModelAdmin):
    """Names, hours, rate and money; pausing is done on the staff page."""

    list_display = (
        "name",
        "rate",
        "opens",
        "closes",
        "price",
        "daily_budget",
        "monthly_budget",
        "paused_at",
    )
    fields = ("name", "rate", "opens", "closes", "price", "daily_budget", "monthly_budget")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SamplingRule)
class SamplingRuleAdmin(ModelAdmin):
    """Who is drawn; a rule that drew already keeps its seed."""

    list_display = ("agency", "domain", "share", "monthly")
    list_select_related = ("agency", "domain")
    readonly_fields = ("seed",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and not SampleDraw.objects.filter(rule=obj).exists()


class KnownNumberForm(forms.ModelForm):
    """Takes a number and keeps its hash only."""

    number = forms.CharField(label=_("mobile number"), max_length=40)

    class Meta:
        model = KnownNumber
        fields = ("kind",)

    def clean_number(self) -> str:
        """The hash of the number."""
        try:
            number = phone_hash(parse_mobile(self.cleaned_data["number"]))
        except PhoneError as error:
            raise forms.ValidationError(str(error)) from error
        if KnownNumber.objects.filter(phone_hash=number).exists():
            raise forms.ValidationError(_("This number is registered already."))
        return number

    def save(self, commit: bool = True) -> KnownNumber:
        """Keep the hash."""
        self.instance.phone_hash = self.cleaned_data["number"]
        found: KnownNumber = super().save(commit)
        return found


@admin.register(KnownNumber)
class KnownNumberAdmin(ModelAdmin):
    """Numbers of staff and registered agents; the numbers themselves are not kept."""

    form = KnownNumberForm
    list_display = ("phone_hash", "kind", "added_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MessageTemplateForm(forms.ModelForm):
    """Refuses texts that would be dear, unclear or not allowed."""

    class Meta:
        model = MessageTemplate
        fields = ("sender", "kind", "version", "text", "accents", "active")

    def clean(self) -> dict[str, Any]:
        """Every fault at the field it is about."""
        cleaned = super().clean() or {}
        if cleaned.get("sender") and cleaned.get("text"):
            faults = lint(
                cleaned["text"],
                sender=cleaned["sender"].name,
                longest=longest_values(),
                accents=bool(cleaned.get("accents")),
            )
            for fault in faults:
                self.add_error("text", fault)
        return cleaned


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ModelAdmin):
    """Texts with their parts and price; one that was used stays as it is, except whether it is in
    use.
    """

    form = MessageTemplateForm
    list_display = ("sender", "kind", "version", "text", "longest_parts", "longest_price", "active")
    list_select_related = ("sender",)

    @admin.display(description=_("parts"))
    def longest_parts(self, template: MessageTemplate) -> int:
        """Parts with the longest values."""
        return text_size(render(template.text, longest_values(), accents=template.accents)).parts

    @admin.display(description=_("price of a message (VND)"))
    def longest_price(self, template: MessageTemplate) -> str:
        """Price with the longest values."""
        return str(template.sender.price * self.longest_parts(template))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        used = obj is not None and OutboxMessage.objects.filter(template=obj).exists()
        return ("sender", "kind", "version", "text", "accents") if used else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
