"""The grave deed of exports: single answers for an analyst."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.approvals import Payload, SensitiveAction
from survey.accounts.models import User
from survey.console.agency_actions import BY_TWO
from survey.operations.restored import check_accepted
from survey.reports.bundles import check_bundle, may_receive, request_bundle
from survey.scorecards.models import Edition


def _edition(payload: Payload) -> Edition:
    found = Edition.objects.filter(pk=payload["edition"]).first()
    if found is None:
        raise ValidationError(_("These figures no longer exist."))
    return found


def _receiver(payload: Payload) -> User:
    found = User.objects.filter(pk=payload["receiver"]).first()
    if found is None or not may_receive(found, timezone.now()):
        raise ValidationError(_("Who asked may no longer have single answers."))
    return found


def _describe(payload: Payload) -> str:
    return _("%(edition)s, for %(who)s: %(purpose)s") % {
        "edition": _edition(payload),
        "who": _receiver(payload),
        "purpose": payload["purpose"],
    }


def _fingerprint(payload: Payload) -> str:
    edition = _edition(payload)
    check_bundle(edition, payload["purpose"])
    return f"{edition.snapshot_sha256} {edition.method_sha256} {_receiver(payload).pk}"


def _export(payload: Payload, now: datetime) -> object:
    check_accepted()
    return request_bundle(
        edition=_edition(payload), purpose=payload["purpose"], by=_receiver(payload), now=now
    )


EXPORT_ACTIONS: Final = (
    SensitiveAction(
        key="export-answers",
        label=gettext_lazy("Hand single answers to an analyst"),
        asks="export-answers",
        policy=BY_TWO,
        describe=_describe,
        fingerprint=_fingerprint,
        run=_export,
    ),
)
