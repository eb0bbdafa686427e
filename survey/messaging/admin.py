"""Admin pages of senders, samples and message texts (checked as they are typed in)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from survey.messaging.forms import KnownNumberForm, MessageTemplateForm
from survey.messaging.invitations import longest_values
from survey.messaging.message_text import render, text_size
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


@admin.register(KnownNumber)
class KnownNumberAdmin(ModelAdmin):
    """Numbers of staff and registered agents; the numbers themselves are not kept."""

    form = KnownNumberForm
    list_display = ("phone_hash", "kind", "added_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
