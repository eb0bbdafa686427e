"""The grave deed after a restore: that what was restored is what the province goes on with."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.approvals import Payload, SensitiveAction
from survey.console.agency_actions import BY_TWO
from survey.operations.restored import accept_restore, describe_restore, find_restore


def _mark(payload: Payload) -> dict[str, Any]:
    """The mark, if it is still the one the request is about."""
    mark = find_restore()
    if mark is None or mark["at"] != payload["restored_at"]:
        raise ValidationError(_("There is no restore that waits to be accepted."))
    return mark


def _accept(payload: Payload, now: datetime) -> object:
    mark = _mark(payload)
    # A file is not taken back with a transaction: a request is tried before it is made.
    transaction.on_commit(lambda: accept_restore(mark, now))
    return mark


RESTORE_ACTIONS: Final = (
    SensitiveAction(
        key="accept-restore",
        label=gettext_lazy("Go on with restored data"),
        asks="set-up",
        policy=BY_TWO,
        describe=lambda payload: describe_restore(_mark(payload)),
        fingerprint=lambda payload: json.dumps(_mark(payload), sort_keys=True),
        run=_accept,
    ),
)
