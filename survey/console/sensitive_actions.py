"""The registry of grave deeds: who asks, who decides, what is done. One list for the pages of
approvals, the table of roles and the audit trail.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.approvals import Payload, SensitiveAction
from survey.agencies.models import Counter
from survey.common.locks import lock_transaction
from survey.common.periods import parse_period
from survey.console.agency_actions import AGENCY_ACTIONS, BY_TWO, BY_TWO_BODIES
from survey.console.export_actions import EXPORT_ACTIONS
from survey.console.restore_actions import RESTORE_ACTIONS
from survey.console.scoring_actions import SCORING_ACTIONS
from survey.operations.restored import check_accepted
from survey.questionnaires.files import write_questionnaire
from survey.questionnaires.models import Version, VersionStatus
from survey.questionnaires.services import publish_version, retire_version
from survey.responses.exclusions import Exclusion, exclude_answers, lift_exclusion
from survey.scorecards.methods import check_choice, check_current, choose_methods
from survey.scorecards.models import Edition, MethodChoice
from survey.scorecards.queries import check_not_released
from survey.scorecards.services import RELEASES, release_edition, withdraw_edition
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
    edition = _edition(payload)
    check_current(edition)
    check_accepted()
    return release_edition(edition=edition, now=now)


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
        "methods": ", ".join(f"{m['id']} v{m['version']}" for m in payload["methods"]),
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


def _span(payload: Payload) -> dict[str, Any]:
    counter = Counter.objects.select_related("office").filter(pk=payload["counter"]).first()
    if counter is None:
        raise ValidationError(_("This counter no longer exists."))
    return {
        "counter": counter,
        "begins": datetime.fromisoformat(payload["begins"]),
        "ends": datetime.fromisoformat(payload["ends"]),
    }


def _describe_span(payload: Payload) -> str:
    span = _span(payload)
    return _("%(office)s · %(counter)s, %(begins)s – %(ends)s") % {
        "office": span["counter"].office.name,
        "counter": span["counter"],
        "begins": timezone.localtime(span["begins"]).strftime("%H:%M %d/%m/%Y"),
        "ends": timezone.localtime(span["ends"]).strftime("%H:%M %d/%m/%Y"),
    }


def _span_state(payload: Payload) -> str:
    """The counter; no figures that count its answers may have been released meanwhile."""
    span = _span(payload)
    _check_open(span["begins"], span["ends"])
    return str(span["counter"].pk)


def _check_open(begins: datetime, ends: datetime) -> None:
    """``ends`` is the first moment that is not in the span any more."""
    last = ends - timedelta(microseconds=1)
    check_not_released(timezone.localdate(begins), timezone.localdate(last))


def _exclude(payload: Payload, now: datetime) -> object:
    span = _span(payload)
    lock_transaction(RELEASES)
    _check_open(span["begins"], span["ends"])
    return exclude_answers(**span, reason=payload["reason"], now=now)


def _exclusion(payload: Payload) -> Exclusion:
    found = Exclusion.objects.select_related("counter__office").filter(pk=payload["exclusion"])
    exclusion = found.first()
    if exclusion is None:
        raise ValidationError(_("This exclusion no longer exists."))
    return exclusion


def _lift_state(payload: Payload) -> str:
    row = _exclusion(payload)
    _check_open(row.begins, row.ends)
    return str(row.lifted_at)


def _describe_lift(payload: Payload) -> str:
    row = _exclusion(payload)
    span = {"counter": row.counter_id, "begins": row.begins.isoformat()}
    return _describe_span({**span, "ends": row.ends.isoformat()})


def _lift(payload: Payload, now: datetime) -> object:
    row = _exclusion(payload)
    lock_transaction(RELEASES)
    _check_open(row.begins, row.ends)
    return lift_exclusion(exclusion=row, now=now)


SENSITIVE_ACTIONS: Final = {
    action.key: action
    for action in (
        *AGENCY_ACTIONS,
        *SCORING_ACTIONS,
        *EXPORT_ACTIONS,
        *RESTORE_ACTIONS,
        SensitiveAction(
            key="publish-questionnaire",
            label=gettext_lazy("Publish a questionnaire"),
            asks="author-questionnaires",
            policy=BY_TWO,
            describe=lambda payload: str(_version(payload)),
            fingerprint=_content,
            run=_publish,
        ),
        SensitiveAction(
            key="retire-questionnaire",
            label=gettext_lazy("Retire a questionnaire"),
            asks="author-questionnaires",
            policy=BY_TWO,
            describe=lambda payload: str(_version(payload)),
            fingerprint=_content,
            run=_retire,
        ),
        SensitiveAction(
            key="change-methods",
            label=gettext_lazy("Change methods or the target"),
            asks="compute-figures",
            policy=BY_TWO,
            describe=_describe_choice,
            fingerprint=_choice_state,
            run=_choose,
        ),
        SensitiveAction(
            key="exclude-answers",
            label=gettext_lazy("Exclude answers from all figures"),
            asks="compute-figures",
            policy=BY_TWO_BODIES,
            describe=_describe_span,
            fingerprint=_span_state,
            run=_exclude,
        ),
        SensitiveAction(
            key="lift-exclusion",
            label=gettext_lazy("Count excluded answers again"),
            asks="compute-figures",
            policy=BY_TWO_BODIES,
            describe=_describe_lift,
            fingerprint=_lift_state,
            run=_lift,
        ),
        SensitiveAction(
            key="release-edition",
            label=gettext_lazy("Release figures"),
            asks="compute-figures",
            policy=BY_TWO,
            describe=_describe_edition,
            fingerprint=_edition_state,
            run=_release,
        ),
        SensitiveAction(
            key="withdraw-edition",
            label=gettext_lazy("Withdraw figures"),
            asks="compute-figures",
            policy=BY_TWO,
            describe=_describe_edition,
            fingerprint=_edition_state,
            run=_withdraw,
        ),
    )
}
