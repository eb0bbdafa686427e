"""Forms of senders, texts, samples and known numbers: checked as they are typed in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from survey.common.encryption import phone_hash
from survey.common.phone import PhoneError, parse_mobile
from survey.messaging.invitations import longest_values
from survey.messaging.message_text import lint
from survey.messaging.models import KnownNumber, MessageTemplate, SamplingRule, Sender
from survey.messaging.outbox.models import OutboxMessage


class SenderForm(forms.ModelForm):
    """Name, hours, rate and money; pausing is done on the page of messages."""

    class Meta:
        model = Sender
        fields = ("name", "rate", "opens", "closes", "price", "daily_budget", "monthly_budget")


class SamplingRuleForm(forms.ModelForm):
    """Who is drawn; a rule that drew already keeps its seed."""

    class Meta:
        model = SamplingRule
        fields = ("agency", "domain", "share", "monthly")


def forget_number(typed: str) -> bool:
    """Take a number off the list by typing it: the list shows hashes only. Whether it was there.

    Raises
    ------
    ValidationError
        It is no mobile number.
    """
    try:
        number = phone_hash(parse_mobile(typed))
    except PhoneError as error:
        raise forms.ValidationError(str(error)) from error
    return bool(KnownNumber.objects.filter(phone_hash=number).delete()[0])


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


class MessageTemplateForm(forms.ModelForm):
    """Refuses texts that would be dear, unclear or not allowed; a text that was sent stays."""

    class Meta:
        model = MessageTemplate
        fields = ("sender", "kind", "version", "text", "accents", "active")

    def clean(self) -> dict[str, Any]:
        """Every fault at the field it is about."""
        cleaned = super().clean() or {}
        begins = cleaned.get("active") or self.instance.pk is None
        stays = not {"sender", "kind", "text", "accents"} & set(self.changed_data)
        if stays and not begins:
            return cleaned
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


class ConsoleTemplateForm(MessageTemplateForm):
    """On the page of officials: the version is counted, and the text put into use takes the place
    of the one before.
    """

    class Meta:
        model = MessageTemplate
        fields = ("sender", "kind", "text", "accents", "active")
        widgets = {"text": forms.Textarea(attrs={"rows": 4, "maxlength": 320})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and OutboxMessage.objects.filter(template=self.instance).exists():
            for name in ("sender", "kind", "text", "accents"):
                self.fields[name].disabled = True

    def _get_validation_exclusions(self) -> set[str]:
        """One text in use is kept by saving, not by refusing."""
        return {*super()._get_validation_exclusions(), "active"}  # type: ignore[misc]

    @transaction.atomic
    def save(self, commit: bool = True) -> MessageTemplate:
        """Count the version, and take the one before out of use."""
        row: MessageTemplate = self.instance
        alike = MessageTemplate.objects.select_for_update().filter(sender=row.sender, kind=row.kind)
        others = alike.exclude(pk=row.pk)
        if row.active:
            others.filter(active=True).update(active=False)
        if row._state.adding or {"kind", "sender"} & set(self.changed_data):
            row.version = max(others.values_list("version", flat=True), default=0) + 1
        found: MessageTemplate = super().save(commit)
        return found
