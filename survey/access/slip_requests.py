"""What a request for slip codes asks for, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from survey.access.slips import MAX_CODES_AT_ONCE, Batch
from survey.agencies.models import ProcedureDomain
from survey.agencies.queries import find_by_code
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
        raise BatchRefused(
            _("channel: must be one of %(known)s.") % {"known": ", ".join(Channel.values)}
        )
    return Batch(agency.agency_id, channel, domain.pk if domain else None, None, source)


def slip_count(wanted: Mapping[str, Any]) -> int:
    """How many codes a request asks for.

    Raises
    ------
    BatchRefused
        It is no whole number, or too few or too many.
    """
    count = wanted.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_CODES_AT_ONCE:
        raise BatchRefused(
            _("count: must be a whole number from 1 to %(most)s.") % {"most": MAX_CODES_AT_ONCE}
        )
    return count


def _text(wanted: Mapping[str, Any], name: str) -> str:
    """A field that is text, or missing."""
    value = wanted.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 40):
        raise BatchRefused(_("%(field)s: must be text of at most 40 characters.") % {"field": name})
    return (value or "").strip()
