"""Batches of slip codes: whom they are for, and the sheet to cut them from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.agencies.models import ProcedureDomain
from survey.agencies.queries import find_by_code
from survey.common.tokens import spaced
from survey.dispatch import qr
from survey.dispatch.poster import FONTS
from survey.dispatch.slips import Batch
from survey.transactions.models import Channel, SourceSystem

_LAYOUT: Final = Path(__file__).parent / "slips.typ"


def slip_batch(wanted: Mapping[str, Any], source: SourceSystem | None, now: datetime) -> Batch:
    """What a request for codes asks for.

    Raises
    ------
    ValueError
        Naming the field that is wrong.
    """
    agency = find_by_code(str(wanted.get("agency_code", ""))[:40], timezone.localtime(now).date())
    if agency is None:
        raise ValueError(_("agency_code: no agency has this code today."))
    domain = None
    if wanted.get("domain_code"):
        domain = ProcedureDomain.objects.filter(code=str(wanted["domain_code"])[:40]).first()
        if domain is None:
            raise ValueError(_("domain_code: no procedure domain has this code."))
    channel = wanted.get("channel", Channel.COUNTER)
    if channel not in Channel.values:
        raise ValueError(_("channel: must be one of %(known)s.") % {"known": ", ".join(Channel.values)})
    if not isinstance(wanted.get("count", 1), int) or isinstance(wanted.get("count", 1), bool):
        raise ValueError(_("count: must be a whole number."))
    return Batch(agency.agency_id, channel, domain.pk if domain else None, None, source)


def _sentence() -> str:
    return _("Rate the service: scan, or open the address and type the code. Good for 30 days.")


def slips_pdf(codes: Sequence[str], *, name: str, language: str = "vi", second: str = "", notice: str = "") -> bytes:
    """A4 sheets of snippets with square code, code and a sentence: 21 a page, 18 in two languages."""
    sentences = []
    for code in dict.fromkeys((language, second or language)):
        with override(code):
            sentences.append({"lang": code, "text": _sentence()})
    data = {
        "name": name,
        "notice": notice,
        "sentences": sentences,
        "site": qr.printed_domain(),
        "slips": [{"code": spaced(code), "qr": qr.as_svg(code).decode()} for code in codes],
    }
    result: object = typst.compile(
        str(_LAYOUT),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    if not isinstance(result, bytes):
        raise TypeError("typst returned more than one file for a PDF")
    return result
