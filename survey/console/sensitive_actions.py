"""The registry of grave deeds: who asks, who decides, what is done. One list for the pages of
approvals, the table of roles and the audit trail.
"""

from __future__ import annotations

import json
import secrets
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.approvals import Payload, Policy, SensitiveAction
from survey.agencies.models import Agency
from survey.agencies.queries import find_by_code, version_on
from survey.agencies.services import Attributes, dissolve_agency, merge_agencies
from survey.common.periods import parse_period
from survey.questionnaires.files import write_questionnaire
from survey.questionnaires.models import Version, VersionStatus
from survey.questionnaires.services import publish_version, retire_version
from survey.scorecards.methods import check_choice, choose_methods
from survey.scorecards.models import Edition, MethodChoice
from survey.scorecards.services import release_edition, withdraw_edition
from survey.templatetags.figures import figure


def _version(payload: Payload) -> Version:
    found = Version.objects.select_related("questionnaire", "extends").filter(pk=payload["version"])
    version = found.first()
    if version is None:
        raise ValidationError(_("This draft no longer exists."))
    return version


def _content(payload: Payload) -> str:
    version = _version(payload)
    used = version.questionnaire.versions.filter(status=VersionStatus.PUBLISHED).first()
    return f"{version.status} {used.pk if used else 0}\n{write_questionnaire(version)}"


def _publish(payload: Payload, now: datetime) -> object:
    return publish_version(version=_version(payload), now=now)


def _retire(payload: Payload, now: datetime) -> object:
    version = _version(payload)
    if version.status != VersionStatus.PUBLISHED:
        raise ValidationError(_("Only a published version can be retired."))
    return retire_version(version=version, now=now)


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
    own = {agency.pk for agency in agencies}
    for wanted in (code, unit_code):
        bearer = find_by_code(wanted, on)
        if bearer is not None and bearer.agency_id not in own:
            raise ValidationError(_("Another agency already has this code."))
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


def _edition(payload: Payload) -> Edition:
    edition = Edition.objects.filter(pk=payload["edition"]).first()
    if edition is None:
        raise ValidationError(_("These figures no longer exist."))
    return edition


def _describe_edition(payload: Payload) -> str:
    edition = _edition(payload)
    return _("%(method)s, %(period)s, computed %(moment)s") % {
        "method": edition.method,
        "period": parse_period(edition.period).title,
        "moment": timezone.localtime(edition.made_at).strftime("%H:%M %d/%m/%Y"),
    }


def _edition_state(payload: Payload) -> str:
    """The figures themselves, and from what they come."""
    edition = _edition(payload)
    rows = list(edition.results.order_by("pk").values_list("name", "rows"))
    return json.dumps(
        [edition.state, edition.method_sha256, edition.snapshot_sha256, edition.about, rows],
        sort_keys=True,
    )


def _release(payload: Payload, now: datetime) -> object:
    return release_edition(edition=_edition(payload), now=now)


def _withdraw(payload: Payload, now: datetime) -> object:
    return withdraw_edition(edition=_edition(payload), now=now)


def _choice(payload: Payload) -> dict[str, Any]:
    return {
        "first": date.fromisoformat(payload["first"]),
        "methods": payload["methods"],
        "operator": payload["operator"],
        "value": Decimal(payload["value"]),
    }


def _describe_choice(payload: Payload) -> str:
    return _("from %(day)s: %(methods)s; target %(operator)s %(value)s %%") % {
        "day": date.fromisoformat(payload["first"]).strftime("%d/%m/%Y"),
        "methods": ", ".join(method["id"] for method in payload["methods"]),
        "operator": payload["operator"],
        "value": figure(Decimal(payload["value"])),
    }


def _choice_state(payload: Payload) -> str:
    """What holds now, and whether the period has been released: a choice made meanwhile is
    another thing to decide about.
    """
    check_choice(**_choice(payload))
    newest = MethodChoice.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f"{newest or 0}"


def _choose(payload: Payload, now: datetime) -> object:
    return choose_methods(**_choice(payload), now=now)


_BY_TWO: Final = Policy(permission="decide-requests")
SENSITIVE_ACTIONS: Final = {
    action.key: action
    for action in (
        SensitiveAction(
            key="publish-questionnaire",
            label=gettext_lazy("Publish a questionnaire"),
            asks="author-questionnaires",
            policy=_BY_TWO,
            describe=lambda payload: str(_version(payload)),
            fingerprint=_content,
            run=_publish,
        ),
        SensitiveAction(
            key="retire-questionnaire",
            label=gettext_lazy("Retire a questionnaire"),
            asks="author-questionnaires",
            policy=_BY_TWO,
            describe=lambda payload: str(_version(payload)),
            fingerprint=_content,
            run=_retire,
        ),
        SensitiveAction(
            key="merge-agencies",
            label=gettext_lazy("Merge agencies"),
            asks="change-agencies",
            policy=_BY_TWO,
            describe=_describe_merge,
            fingerprint=_tree_state,
            run=_merge,
        ),
        SensitiveAction(
            key="dissolve-agency",
            label=gettext_lazy("Dissolve an agency"),
            asks="change-agencies",
            policy=_BY_TWO,
            describe=_describe_dissolve,
            fingerprint=_tree_state,
            run=_dissolve,
        ),
        SensitiveAction(
            key="change-methods",
            label=gettext_lazy("Change methods or the target"),
            asks="compute-figures",
            policy=_BY_TWO,
            describe=_describe_choice,
            fingerprint=_choice_state,
            run=_choose,
        ),
        SensitiveAction(
            key="release-edition",
            label=gettext_lazy("Release figures"),
            asks="compute-figures",
            policy=_BY_TWO,
            describe=_describe_edition,
            fingerprint=_edition_state,
            run=_release,
        ),
        SensitiveAction(
            key="withdraw-edition",
            label=gettext_lazy("Withdraw figures"),
            asks="compute-figures",
            policy=_BY_TWO,
            describe=_describe_edition,
            fingerprint=_edition_state,
            run=_withdraw,
        ),
    )
}
