"""Template filters for published figures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from survey.common.numbers import format_number

register = template.Library()


@register.filter
def waited(span: timedelta) -> str:
    """How long something has waited, in whole minutes, hours or days."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 120:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return ngettext("%(count)s day", "%(count)s days", hours // 24) % {"count": hours // 24}


@register.filter
def figure(value: Decimal | int | str | None) -> str:
    """A published number as the reader writes it: decimal comma in Vietnamese."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return format_number(Decimal(value)) if value.replace(".", "", 1).isdigit() else value
    return format_number(value)
