"""What became of an event or a callback, in words for operators."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_WORDS: Final[dict[str, str | Promise]] = {
    "stored": _("event stored"),
    "repeated": _("event had come before"),
    "mended": _("event had come before and was asked about now"),
    "invited": _("citizen invited"),
    "not-invited:moment": _("not asked: the dossier is not closed yet"),
    "not-invited:counter": _("not asked: done at the counter, rated there"),
    "not-invited:sensitive": _("not asked: sensitive procedure"),
    "not-invited:no-sender": _("not asked: no sender is set up"),
    "not-invited:no-template": _("not asked: no message text is in use"),
    "not-invited:opt-out": _("not asked: the number wants no messages"),
    "not-invited:again": _("not asked: dossier or number asked within 30 days"),
    "not-invited:not-drawn": _("not asked: not drawn into the sample"),
    "not-invited:too-old": _("not asked: closed more than seven days ago"),
    "refused:internal": _("refused: the database could not take it"),
    "not-invited:staff-number": _("not asked: number of a member of staff"),
    "not-invited:phone-empty": _("not asked: no phone number"),
    "not-invited:phone-several": _("not asked: more than one number in the field"),
    "not-invited:phone-foreign": _("not asked: foreign number"),
    "not-invited:phone-not-mobile": _("not asked: landline or service number"),
    "not-invited:phone-invalid": _("not asked: not a valid number"),
    "refused:malformed": _("refused: a field is not in its form"),
    "refused:unknown-field": _("refused: unknown field"),
    "refused:unknown-agency": _("refused: unknown agency"),
    "refused:unknown-domain": _("refused: unknown procedure domain"),
    "refused:unknown-procedure": _("refused: unknown procedure"),
    "refused:future": _("refused: time in the future"),
    "refused:too-old": _("refused: more than 400 days old"),
    "request:unauthorised": _("request refused: no valid key"),
    "request:bad-signature": _("request refused: wrong signature"),
    "request:out-of-time": _("request refused: sent too late or sent again later"),
    "request:repeated": _("request refused: answered before"),
    "request:malformed": _("request refused: not in its form"),
    "request:too-large": _("request refused: too large"),
    "request:too-many": _("request refused: too many events"),
    "callback:unsigned": _("provider report refused: no valid signature"),
    "callback:unknown": _("provider report about an unknown message"),
    "callback:unreadable": _("provider report with an unknown state"),
}


def outcome_label(outcome: str) -> str:
    """Words for an outcome; one without words is shown as it is."""
    return str(_WORDS.get(outcome, outcome))
