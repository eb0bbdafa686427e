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
            _("Please check the letters and numbers and type them below, or choose the office."),
        ),
        "no-office": (
            _("We do not find this office"),
            _("Please choose the office from the list once more."),
        ),
        "no-page": (
            _("There is no page at this address"),
            _("Check the address, or type the code that stands on the poster or the receipt slip."),
        ),
        "unknown-screen": (
            _("This screen is not set up"),
            _("Staff: set the screen up on the staff page and open the address shown there."),
        ),
        "old-screen": (
            _("This code has changed in the meantime"),
            _(
                "The code on the screen changes every 15 seconds. Please scan the one that stands "
                "there now."
            ),
        ),
        "expired-slip": (
            _("This code has expired"),
            _(
                "A code on a receipt slip can be used for 30 days. To tell us something about the "
                "service, call 1022."
            ),
        ),
        "used-slip": (
            _("This code has been used"),
            _(
                "If it was not you, open the address on your receipt slip again and say so; your "
                "rating is kept."
            ),
        ),
        "busy": (
            _("The system is busy"),
            _(
                "What you answered is still here. Please wait a few seconds and send it again: it "
                "counts once only."
            ),
        ),
        "busy-unsent": (_("The system is busy"), _("Please wait a few seconds and try again.")),
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
            _("You will get no more messages that ask for a rating"),
            _("This number is on the list of those we do not write to. Thank you."),
        ),
        "too-often": (
            _("One more tap, please"),
            _(
                "Many codes that do not exist were tried from this network. "
                "Please press the button to go on; nothing is lost."
            ),
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
        "failed": (
            _("Something went wrong on our side"),
            _(
                "It is not sure that your answer was stored. Sending it again never counts it "
                "twice."
            ),
        ),
        "no-receipt": (
            _("We do not know this receipt code"),
            _("Please check the ten letters and numbers of the code."),
        ),
        "too-late": (
            _("The time for changes is over"),
            _(
                "A rating can be changed or completed within 7 days. Thank you: your last answer "
                "is kept."
            ),
        ),
        "too-late-words": (
            _("The time for this is over"),
            _(
                "Comments can be added, erased or handed over within 30 days. To tell us "
                "something, call 1022."
            ),
        ),
        "no-handler": (
            _("This cannot be handed over"),
            _("No unit stands above the one you rated. To have somebody look into it, call 1022."),
        ),
        "state-expired": (_("This page has been open for too long"), safe),
        "state-broken": (_("This page was damaged on its way"), safe),
    }
