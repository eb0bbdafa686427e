"""Every dead end on a citizen page in words: what happened, and the way on."""

from __future__ import annotations

from django.utils.translation import gettext as _

from survey.common.province import province_name


def message(reason: str) -> tuple[str, str]:
    """Title and sentence for a reason, in the active language."""
    return {**_about_codes(), **_about_answers()}[reason]


def _about_codes() -> dict[str, tuple[str, str]]:
    return {
        "unknown": (
            _("We cannot find this code"),
            _("Please look at the code printed under the square and type it below."),
        ),
        "no-office": (
            _("We cannot find this office"),
            _("Please choose the office from the list once more."),
        ),
        "no-page": (
            _("Page not found"),
            _("Please type the code on the poster at the counter or on the appointment slip."),
        ),
        "preview-faulty": (
            _("This questionnaire cannot be shown yet"),
            _("Something in it is missing or wrong. Its page among the questionnaires says what."),
        ),
        "preview-end": (
            _("This is the end of the preview"),
            _("Nothing was stored. Citizens are thanked here and get a code for their rating."),
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
            _("A code on an appointment slip works for 30 days. To tell us something, call 1022."),
        ),
        "used-slip": (
            _("This code has been used"),
            _(
                "If it was not you, open the address on your appointment slip again and say so; "
                "your rating is kept."
            ),
        ),
        "kept": (
            _("Your rating is kept"),
            _(
                "Our server is out of order at the moment. Your rating lies safely on the disk and "
                "is added when the server works again. You need not send it again."
            ),
        ),
        "busy": (
            _("The system is busy"),
            _(
                "What you answered is still here. Please wait a few seconds and send it again: it "
                "is counted only once."
            ),
        ),
        "busy-unsent": (_("The system is busy"), _("Please wait a few seconds and try again.")),
        "revoked": (
            _("This poster is no longer in use"),
            _(
                "Please ask at the counter, type the code of a newer poster below, or choose the "
                "office."
            ),
        ),
        "unknown-link": (
            _("We cannot find this link"),
            _("Please open the link from the message again, whole and unchanged."),
        ),
        "used-ballot": (
            _("This form is closed"),
            _("The link has been used or withdrawn, or its time is over."),
        ),
        "ballot-stored": (
            _("Thank you"),
            _("Your answers have been added, without a name. The link no longer works."),
        ),
        "expired-link": (
            _("This link has expired"),
            _("A link works for 14 days. To tell us something, call 1022."),
        ),
        "stopped": (
            _("You will get no more messages that ask for a rating"),
            _(
                "%(province)s sent this message. It costs nothing, and nobody asks for a password "
                "or a code."
            )
            % {"province": province_name()},
        ),
        "too-often": (
            _("One more tap, please"),
            _("Please press the button once more to go on. Your answers are still here."),
        ),
        "closed": (
            _("Ratings are closed at the moment"),
            _("Please try again later, or tell the staff at the counter."),
        ),
    }


def _about_answers() -> dict[str, tuple[str, str]]:
    safe = _("Your rating is safe. Please start the further questions again.")
    return {
        "too-big": (
            _("Your answer is too long"),
            _("Your answer was not stored. Please shorten your comment and send again."),
        ),
        "unreadable": (
            _("This page did not work"),
            _("Your answer was not stored. Please scan the code again and answer once more."),
        ),
        "failed": (
            _("Something went wrong on our side"),
            _("Your answer may not have been stored. Sending it again never counts it twice."),
        ),
        "no-receipt": (
            _("We cannot find this rating code"),
            _("Please look at the code again and type it below: 10 letters and numbers."),
        ),
        "too-late": (
            _("This rating can no longer be changed"),
            _(
                "A rating can be changed or completed within 7 days. Your last answer is kept. "
                "Thank you."
            ),
        ),
        "too-late-words": (
            _("This is no longer possible"),
            _(
                "Comments can be added, erased or sent on within 30 days. To tell us something, "
                "call 1022."
            ),
        ),
        "no-handler": (
            _("This cannot be sent to the hotline from here"),
            _("Nobody stands above the office you rated. Please call 1022."),
        ),
        "state-expired": (_("This page has been open for too long"), safe),
        "state-broken": (_("This page did not work"), safe),
    }
