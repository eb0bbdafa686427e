"""Shapes that stand on many staff pages: a table that scrolls, a button that sends something, a
card.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from survey.common.province import emblem_address, province_name

register = template.Library()


@register.simple_block_tag
def scroll(content: str, label: str) -> SafeString:
    """A wide table or picture that scrolls inside the page, by keyboard too: ``{% scroll _("Cases")
    %}``.
    """
    opened = format_html('<div class="scroll" tabindex="0" role="region" aria-label="{}">', label)
    return SafeString(f"{opened}{content}</div>")


@register.simple_tag
def brand() -> SafeString:
    """Whose console this is: the province's name, with its emblem where it has one."""
    emblem = emblem_address()
    picture = format_html('<img src="{}" alt="">', emblem) if emblem else ""
    return format_html('<p class="brand">{}<span>{}</span></p>', picture, capfirst(province_name()))


@register.simple_block_tag
def card(content: str, label: str) -> SafeString:
    """One figure with its label in a list of cards: ``{% card _("Answers") %}<strong>…</strong>{%
    endcard %}``.
    """
    return SafeString(f"{format_html('<li><span>{}</span>', label)}{content}</li>")


@register.inclusion_tag("survey/console/post_button.html", takes_context=True)
def post_button(
    context: Context, action: str, text: str, *about: object, danger: bool = False
) -> dict[str, object]:
    """A button that sends a form of its own; ``about`` says to a screen reader what it is
    done to.
    """
    words = " ".join(str(item) for item in about)
    return {
        "action": action,
        "text": text,
        "about": words,
        "danger": danger,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("survey/console/choice_filter.html")
def choice_filter(
    name: str, label: str, choices: Iterable[tuple[str, str]], chosen: str
) -> dict[str, object]:
    """A choice of a search form, all first: ``{% choice_filter "kind" _("Kind") kinds kind %}``."""
    return {"name": name, "label": label, "choices": choices, "chosen": chosen}


@register.inclusion_tag("survey/console/history_link.html", takes_context=True)
def history(context: Context, kind: str, pk: int) -> dict[str, object]:
    """Where the audit trail tells of one thing; for those alone who may read the trail."""
    return {"shown": context["may"]["see_audit"], "thing": f"{kind} {pk}"}


@register.inclusion_tag("survey/console/finding_link.html", takes_context=True)
def finding_link(
    context: Context, source: str, about: object, agency: int | None = None
) -> dict[str, object]:
    """Where a finding about what stands here is written; for those alone who may write one."""
    known = {"source": source, "about": str(about)} | ({"agency": agency} if agency else {})
    address = reverse("console:follow-up-new", args=["finding"])
    return {
        "shown": context["may"]["manage_follow_up"],
        "address": f"{address}?{urlencode(known)}",
        "about": about,
    }
