"""Where an answer comes in: six equals behind one contract.

Each finds something by a code, says where and with which evidence an answer counts, and shows the
same form. ``find`` gives the form's context, or a page that says why there is no form; everything
after that is ``short_form.serve_form``. A tablet has no page of ours between it and the server: its
``find`` takes an item of its queue, and the item's own number is the ticket.
"""

from __future__ import annotations

from typing import Protocol

from django.http import HttpRequest, HttpResponseBase

from survey.citizen.form_context import FormContext

Found = FormContext | HttpResponseBase


class Entrance(Protocol):
    """What each entrance with a page offers."""

    def find(self, request: HttpRequest, code: str) -> Found:
        """The form behind a code in its normal form, or why there is none."""
        ...
