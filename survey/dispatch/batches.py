"""Batches of slip codes: whom they are for, and the sheet to cut them from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.agencies.models import ProcedureDomain
from survey.agencies.queries import find_by_code
from survey.common.tokens import spaced
from survey.dispatch import qr
from survey.dispatch.printing import sheets_pdf
from survey.dispatch.slips import MOST_AT_ONCE, Batch
from survey.transactions.models import Channel, SourceSystem


class BatchRefused(ValueError):
    """A request for codes that cannot be met; the message names the field."""


def slip_batch(wanted: Mapping[str, Any], source: SourceSystem | None, now: datetime) -> Batch:
    """What a request for codes asks for.

    Raises
    ------
    BatchRefused
        Naming the field that is wrong.
    """
    code = _text(wanted, "agency_code")
    agency = find_by_code(code, timezone.localtime(now).date()) if code else None
    if agency is None:
        raise BatchRefused(_("agency_code: no agency has this code today."))
    domain = None
    if code := _text(wanted, "domain_code"):
        domain = ProcedureDomain.objects.filter(code=code).first()
        if domain is None:
            raise BatchRefused(_("domain_code: no procedure domain has this code."))
    channel = _text(wanted, "channel") or Channel.COUNTER
    if channel not in Channel.values:
        raise BatchRefused(_("channel: must be one of %(known)s.") % {"known": ", ".join(Channel.values)})
    return Batch(agency.agency_id, channel, domain.pk if domain else None, None, source)


def slip_count(wanted: Mapping[str, Any]) -> int:
    """How many codes a request asks for.

    Raises
    ------
    BatchRefused
        It is no whole number, or too few or too many.
    """
    count = wanted.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_AT_ONCE:
        raise BatchRefused(_("count: must be a whole number from 1 to %(most)s.") % {"most": MOST_AT_ONCE})
    return count


def _text(wanted: Mapping[str, Any], name: str) -> str:
    """A field that is text, or missing."""
    value = wanted.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 40):
        raise BatchRefused(_("%(field)s: must be text of at most 40 characters.") % {"field": name})
    return (value or "").strip()


def _sentence() -> str:
    return _("Rate the service: scan, or open the address and type the code. Good for 30 days.")


def slips_pdf(codes: Sequence[str], *, name: str, language: str = "vi", second: str = "", notice: str = "") -> bytes:
    """A4 sheets of snippets with square code, code and a sentence: 21 a page, 18 in two languages.

    Raises
    ------
    TooLongToPrint
        The name or the address of this installation fits on no slip.
    """
    sentences = []
    for code in dict.fromkeys((language, second or language)):
        with override(code):
            sentences.append({"lang": code, "text": _sentence()})
    data: dict[str, Any] = {
        "name": name,
        "notice": notice,
        "sentences": sentences,
        "site": qr.printed_domain(),
        "slips": [{"code": spaced(code), "qr": qr.as_svg(code).decode()} for code in codes],
    }
    return sheets_pdf("slips", data)
