"""The grave deeds about agencies: merging, splitting, ending, and taking one back."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.approvals import Payload, Policy, SensitiveAction
from survey.agencies.models import Agency, Counter
from survey.agencies.queries import find_by_code, version_on
from survey.agencies.services import Attributes, dissolve_agency, merge_agencies, split_agency
from survey.agencies.undoing import find_change, undo_change
from survey.responses.models import Response

BY_TWO: Final = Policy(permission="decide-requests")
BY_TWO_BODIES: Final = Policy(permission="decide-requests", other_body=True)


def _agencies(payload: Payload) -> list[Agency]:
    found = {agency.pk: agency for agency in Agency.objects.filter(pk__in=payload["agencies"])}
    if len(found) != len(payload["agencies"]):
        raise ValidationError(_("An agency in this request no longer exists."))
    return [found[pk] for pk in payload["agencies"]]


def _tree_state(payload: Payload) -> str:
    """The versions of the agencies as they are: whoever was renamed meanwhile is another thing."""
    return "\n".join(
        f"{agency.key} {v.name} {v.valid_from} {v.valid_to} {v.parent_id}"
        for agency in _agencies(payload)
        for v in agency.versions.order_by("valid_from")
    )


def _describe_merge(payload: Payload) -> str:
    return _("%(names)s → %(name)s, on %(day)s") % {
        "names": " + ".join(str(agency) for agency in _agencies(payload)),
        "name": payload["name"],
        "day": date.fromisoformat(payload["on"]).strftime("%d/%m/%Y"),
    }


def _merge(payload: Payload, now: datetime) -> object:
    del now
    agencies, on = _agencies(payload), date.fromisoformat(payload["on"])
    first = version_on(agencies[0], on)
    if first is None:
        raise ValidationError(_("The agencies are not in force on that day."))
    code, unit_code = payload["code"], payload["unit_code"]
    _check_codes([code, unit_code], on, {agency.pk for agency in agencies})
    attributes = Attributes(
        name=payload["name"],
        kind=first.kind,
        parent=first.parent,
        agency_code=code,
        unit_code=unit_code,
    )
    key = f"a-{secrets.token_hex(5)}"
    return merge_agencies(agencies=agencies, into_key=key, on=on, attributes=attributes)


def _describe_dissolve(payload: Payload) -> str:
    return _("%(name)s ends on %(day)s") % {
        "name": _agencies(payload)[0],
        "day": date.fromisoformat(payload["on"]).strftime("%d/%m/%Y"),
    }


def _dissolve(payload: Payload, now: datetime) -> object:
    agency, *successor = _agencies(payload)
    return dissolve_agency(
        agency=agency,
        on=date.fromisoformat(payload["on"]),
        successor=successor[0] if successor else None,
    )


def _describe_split(payload: Payload) -> str:
    return _("%(name)s → %(parts)s, on %(day)s") % {
        "name": _agencies(payload)[0],
        "parts": " + ".join(
            f"{part['name']} ({part['code']})" if part["code"] else part["name"]
            for part in payload["parts"]
        )
        + _("; counters of the second: %(counters)s")
        % {"counters": ", ".join(map(str, _second_counters(payload))) or "–"},
        "day": date.fromisoformat(payload["on"]).strftime("%d/%m/%Y"),
    }


def _second_counters(payload: Payload) -> list[Counter]:
    rows = Counter.objects.filter(
        pk__in=payload["counters"], agency__in=payload["agencies"], closed_on=None
    )
    found = list(rows.select_related("office").order_by("pk"))
    if len(found) != len(payload["counters"]):
        raise ValidationError(_("A counter of this request is no longer open at the agency."))
    return found


def _split_state(payload: Payload) -> str:
    """The agency, and everything that would move."""
    agency = _agencies(payload)[0]
    counters = agency.counters.filter(closed_on=None).order_by("pk").values_list("pk", flat=True)
    staff = agency.staff.order_by("pk").values_list("pk", flat=True)
    _second_counters(payload)
    return f"{_tree_state(payload)}\n{list(counters)}\n{list(staff)}"


def _split(payload: Payload, now: datetime) -> object:
    del now
    agency, on = _agencies(payload)[0], date.fromisoformat(payload["on"])
    before = version_on(agency, on)
    if before is None:
        raise ValidationError(_("The agencies are not in force on that day."))
    _check_codes([part["code"] for part in payload["parts"]], on, {agency.pk})
    parts = {
        f"a-{secrets.token_hex(5)}": Attributes(
            name=part["name"], kind=before.kind, parent=before.parent, agency_code=part["code"]
        )
        for part in payload["parts"]
    }
    second = list(parts)[1]
    return split_agency(agency=agency, on=on, parts=parts, counters={second: payload["counters"]})


def _check_codes(codes: list[str], on: date, own: set[int]) -> None:
    """No other agency in force has one of these codes, and no two of them are one."""
    given = [code for code in codes if code]
    bearers = [find_by_code(code, on) for code in given]
    if len(set(given)) < len(given) or any(b and b.agency_id not in own for b in bearers):
        raise ValidationError(_("Another agency already has this code."))


def _describe_undo(payload: Payload) -> str:
    change = find_change(_agencies(payload)[0])
    return _("take back: %(ended)s → %(began)s") % {
        "ended": " + ".join(dict.fromkeys(str(row.predecessor) for row in change)),
        "began": " + ".join(dict.fromkeys(str(row.successor) for row in change)),
    }


def _undo_state(payload: Payload) -> str:
    agency = _agencies(payload)[0]
    rows = [f"{row.pk} {row.moved}" for row in find_change(agency)]
    return "\n".join([_tree_state(payload), *rows])


def _undo(payload: Payload, now: datetime) -> object:
    del now
    agency = _agencies(payload)[0]
    for row in find_change(agency):
        moved = row.moved.get("counters", [])
        answers = Response.objects.filter(counter__in=moved).exclude(agency=row.predecessor)
        if answers.exists():
            raise ValidationError(
                _(
                    "Something has been counted or recorded for “%(name)s” since: it cannot be "
                    "undone any more."
                )
                % {"name": row.successor}
            )
    return undo_change(agency=agency)


AGENCY_ACTIONS: Final = (
    SensitiveAction(
        key="merge-agencies",
        label=gettext_lazy("Merge agencies"),
        asks="change-agencies",
        policy=BY_TWO,
        describe=_describe_merge,
        fingerprint=_tree_state,
        run=_merge,
    ),
    SensitiveAction(
        key="split-agency",
        label=gettext_lazy("Split an agency"),
        asks="change-agencies",
        policy=BY_TWO,
        describe=_describe_split,
        fingerprint=_split_state,
        run=_split,
    ),
    SensitiveAction(
        key="undo-agency-change",
        label=gettext_lazy("Take a merger, split or dissolution back"),
        asks="change-agencies",
        policy=BY_TWO,
        describe=_describe_undo,
        fingerprint=_undo_state,
        run=_undo,
    ),
    SensitiveAction(
        key="dissolve-agency",
        label=gettext_lazy("Dissolve an agency"),
        asks="change-agencies",
        policy=BY_TWO,
        describe=_describe_dissolve,
        fingerprint=_tree_state,
        run=_dissolve,
    ),
)
