"""Every dead end on a citizen page in words: what happened, and the way on."""

from __future__ import annotations

from django.utils.translation import gettext as _


def message(reason: str) -> tuple[str, str]:
    """Title and sentence for a reason, in the active language."""
    return {**_about_codes(), **_about_answers()}[reason]


def _about_codes() -> dict[str, tuple[str, str]]:
    return {
        "unknown": (
            _("We do not know this code"),
            _("Check the letters and numbers under the square code and open the address again, or ask at the counter."),
        ),
        "retired": (
            _("This poster is no longer in use"),
            _("A newer poster has replaced it. Please scan the code on the newer poster at the counter."),
        ),
        "revoked": (
            _("This code has been withdrawn"),
            _("Please do not use this poster. Ask at the counter for the current code."),
        ),
        "unknown-link": (
            _("We do not know this link"),
            _("Please open the link from the message again, whole and unchanged."),
        ),
        "expired-link": (
            _("This link has expired"),
            _("A link can be used for 14 days. To tell us something about the service, call 1022."),
        ),
        "stopped": (
            _("You will get no more messages"),
            _("This number is on the list of those we do not write to. Thank you."),
        ),
        "closed": (
            _("The rating is closed at the moment"),
            _("Please try again later, or tell the staff at the counter."),
        ),
    }


def _about_answers() -> dict[str, tuple[str, str]]:
    safe = _("Your first answer is safe. Please start the further questions again.")
    return {
        "too-big": (
            _("That was too much to receive"),
            _("Your answer was not stored. Please shorten your comment and send again."),
        ),
        "unreadable": (
            _("We could not read that"),
            _("Your answer was not stored. Please scan the code again and answer once more."),
        ),
        "no-receipt": (
            _("We do not know this receipt code"),
            _("Please check the ten letters and numbers of the code."),
        ),
        "too-late": (
            _("The time for changes is over"),
            _("A rating can be completed within 7 days. Thank you: your first answer counts."),
        ),
        "state-expired": (_("This page has been open for too long"), safe),
        "state-broken": (_("This page was damaged on its way"), safe),
    }
