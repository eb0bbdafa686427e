"""Wizard storage inside the page: signed and compressed, so no session, cookie or JavaScript is
needed.

Every page carries its own state, so two tabs never mix and the browser's back button shows the
state of its page.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final

from django.core import signing
from django.http import HttpRequest
from formtools.wizard.storage.base import BaseStorage

from survey.common.tokens import normalise_code
from survey.responses.models import CHANGE_DAYS

FIELD: Final = "state"
STATE_TTL: Final = timedelta(days=CHANGE_DAYS + 1)
"""A page is taken as long as the answer can be changed: what was written on it is not lost."""
_SALT: Final = "survey.citizen.receipts.full_form"
MAX_STATE_CHARACTERS: Final = 16_000


class StateError(ValueError):
    """The state was changed, cut off or belongs to another receipt; ``expired`` when it is only too
    old.
    """

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "not ours")
        self.expired = expired


def load_state(text: str, path: str) -> dict[str, Any]:
    """What a page of this address carries.

    Raises
    ------
    StateError
        It is not ours, of another page, or too old.
    """
    if len(text) > MAX_STATE_CHARACTERS:
        raise StateError
    try:
        data = signing.loads(text, salt=_SALT, max_age=STATE_TTL)
    except signing.SignatureExpired as error:
        raise StateError(expired=True) from error
    except (signing.BadSignature, ValueError) as error:
        raise StateError from error
    if data.get("path") != path:
        raise StateError
    return dict(data)


def version_of_page(request: HttpRequest) -> int | None:
    """The version of the form a page that is sent was made of; None where it does not say."""
    try:
        version = load_state(request.POST.get(FIELD, ""), address_of_form(request)).get("version")
    except StateError:
        return None
    return version if isinstance(version, int) else None


def address_of_form(request: HttpRequest) -> str:
    """Where a page of the full form is sent to, however its address was typed."""
    match = request.resolver_match
    return f"/r/{normalise_code(str(match.kwargs['code']))}/full" if match else request.path


class PageStorage(BaseStorage):
    """formtools storage whose data come with the POST and leave with the rendered page."""

    def __init__(self, prefix: str, request: HttpRequest, file_storage: Any = None) -> None:
        super().__init__(prefix, request, file_storage)
        self.init_data()
        if request.method == "POST":
            self.data = self._load(request.POST.get(FIELD, ""))

    def init_data(self) -> None:
        """Empty state with a fresh nonce: the key of the one submission this wizard run can
        make.
        """
        super().init_data()
        self.data["nonce"] = secrets.token_hex(12)

    def _load(self, text: str) -> dict[str, Any]:
        return load_state(text, address_of_form(self.request))

    def dump(self) -> str:
        """The state as text for a hidden field."""
        return signing.dumps(
            {**self.data, "path": address_of_form(self.request)}, salt=_SALT, compress=True
        )
