"""Staff pages of what messages need: senders, texts, samples, known numbers, case systems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import Model, ProtectedError, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.permissions import requires
from survey.agencies.models import Agency
from survey.console.forms import agency_choices
from survey.console.layout import page, staff_page
from survey.messaging.forms import (
    ConsoleTemplateForm,
    KnownNumberForm,
    SamplingRuleForm,
    SenderForm,
    forget_number,
)
from survey.messaging.models import KnownNumber, MessageTemplate, SampleDraw, SamplingRule, Sender
from survey.transactions.models import SourceSystem
from survey.transactions.sources import renew_secret

SHOWN: Final = 200


class SourceForm(forms.ModelForm):
    """A case system that reports dossiers."""

    key_id = forms.CharField(
        label=gettext_lazy("key"),
        help_text=gettext_lazy("3 to 40 small letters, digits and hyphens; sent as X-Key."),
        validators=[
            RegexValidator(
                r"^[a-z0-9-]{3,40}\Z", gettext_lazy("Use 3 to 40 small letters, digits, hyphens.")
            )
        ],
    )

    class Meta:
        model = SourceSystem
        fields = ("key_id", "name", "province", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key_id"].disabled = self.instance.pk is not None


class RuleForm(SamplingRuleForm):
    """A rule, with the agencies in force by name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = agency_choices(Agency.objects.all(), timezone.localdate())[1:]
        field: Any = self.fields["agency"]
        field.choices = [("", _("All agencies")), *choices]
        other: Any = self.fields["domain"]
        other.empty_label = _("All domains")


@dataclass(frozen=True)
class Setting:
    """One kind of thing that is set up."""

    what: str
    label: Any
    lead: Any
    form: type[forms.ModelForm]
    rows: QuerySet[Any]
    can_change: bool = True
    can_delete: bool = False


def _settings() -> dict[str, Setting]:
    found = (
        Setting(
            "sender",
            _("Senders"),
            _("Names registered with the provider, their hours, rate and budget."),
            SenderForm,
            Sender.objects.order_by("name"),
        ),
        Setting(
            "text",
            _("Texts"),
            _("What a message says. A text that was sent stays; write a new one."),
            ConsoleTemplateForm,
            MessageTemplate.objects.select_related("sender").order_by("sender", "kind", "-version"),
        ),
        Setting(
            "rule",
            _("Samples"),
            _("Which share of online dossiers, or about how many a month, are asked."),
            RuleForm,
            SamplingRule.objects.select_related("agency", "domain").order_by("pk"),
            can_delete=True,
        ),
        Setting(
            "number",
            _("Known numbers"),
            _("Numbers of staff, who are never asked, and of agents. Only a hash is kept."),
            KnownNumberForm,
            KnownNumber.objects.order_by("-added_at"),
            can_change=False,
            can_delete=True,
        ),
        Setting(
            "source",
            _("Case systems"),
            _("Systems that report dossiers. Each signs with its own secret."),
            SourceForm,
            SourceSystem.objects.order_by("name"),
        ),
    )
    return {setting.what: setting for setting in found}


@require_safe
@staff_page
@requires("set-up-messages")
def overview(request: HttpRequest) -> HttpResponse:
    """Everything that is set up, by kind."""
    groups = [
        {
            "setting": setting,
            "lines": [
                {"row": row, "name": _name(row), "text": _describe(row)}
                for row in setting.rows[:SHOWN]
            ],
        }
        for setting in _settings().values()
    ]
    return page(request, "message_settings.html", {"groups": groups})


def _describe(row: Model) -> str:
    """One row in words."""
    if isinstance(row, Sender):
        return _("%(opens)s to %(closes)s, %(rate)s parts a second, %(price)s đồng a part") % {
            "opens": f"{row.opens:%H:%M}",
            "closes": f"{row.closes:%H:%M}",
            "rate": f"{row.rate:g}",
            "price": f"{row.price:g}",
        }
    if isinstance(row, MessageTemplate):
        return f"{row.text} ({_('in use') if row.active else _('not in use')})"
    if isinstance(row, SamplingRule):
        share = f"{100 * row.share:g} %" if row.share is not None else ""
        return share or _("about %(count)s a month") % {"count": row.monthly}
    if isinstance(row, KnownNumber):
        return f"{row.get_kind_display()}, {timezone.localtime(row.added_at):%d/%m/%Y}"
    active = isinstance(row, SourceSystem) and row.active
    return _("active") if active else _("switched off")


def _name(row: Model) -> str:
    """What a row is called in lists."""
    if isinstance(row, SamplingRule):
        return f"{row.agency or _('All agencies')} · {row.domain or _('All domains')}"
    if isinstance(row, MessageTemplate):
        return f"{row.sender}, {row.get_kind_display()} {row.version}"
    return row.phone_hash[:8] if isinstance(row, KnownNumber) else str(row)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("set-up-messages")
def add(request: HttpRequest, what: str) -> HttpResponse:
    """Something new of a kind; a known number is also taken off by typing it."""
    if what == "number" and request.method == "POST" and "remove" in request.POST:
        return _forget_number(request)
    return _edit(request, _settings()[what], None)


def _forget_number(request: HttpRequest) -> HttpResponse:
    try:
        there = forget_number(request.POST.get("number", "")[:40])
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        told = _("Deleted.") if there else _("This number is not registered.")
        (messages.success if there else messages.error)(request, told)
    return redirect("console:message-settings")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("set-up-messages")
def change(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Change one."""
    setting = _settings()[what]
    row = setting.rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return _edit(request, setting, row)


def _edit(request: HttpRequest, setting: Setting, row: Any) -> HttpResponse:
    form = setting.form(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=row is not None or setting.what != "source")
        if setting.what == "source" and row is None:
            return _show_secret(request, made)
        messages.success(request, _("Saved."))
        return redirect("console:message-settings")
    title = setting.label if row is None else _name(row)
    context = {
        "form": form,
        "setting": setting,
        "row": row,
        "title": title,
        "drew": isinstance(row, SamplingRule) and SampleDraw.objects.filter(rule=row).exists(),
    }
    return page(request, "message_setting.html", context, status=422 if form.errors else 200)


def _show_secret(request: HttpRequest, source: SourceSystem) -> HttpResponse:
    context = {"source": source, "secret": renew_secret(source=source)}
    return page(request, "source_secret.html", context)


@require_POST
@staff_page
@requires("set-up-messages")
def delete(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Delete a rule that drew nothing yet, or a known number."""
    row = _settings()[what].rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        row.delete()
    except ProtectedError:
        messages.error(request, _("This rule has drawn dossiers already and stays."))
    else:
        messages.success(request, _("Deleted."))
    return redirect("console:message-settings")


@require_POST
@staff_page
@requires("set-up-messages")
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret for a case system, shown once."""
    source = SourceSystem.objects.filter(pk=pk).first()
    if source is None:
        raise Http404
    return _show_secret(request, source)
