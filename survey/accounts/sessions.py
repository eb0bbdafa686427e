"""Sessions in the database under a hash of their key: who reads the table can open none."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Any, Final, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from survey.accounts.models import StaffSession, User
from survey.common.throttling import client_address

PLACE: Final = "signed-in-from"
"""What a session remembers of the browser it began in."""


def note_place(request: HttpRequest) -> None:
    """Remember with a new session from where it was opened; its owner sees that in the list."""
    request.session[PLACE] = {
        "address": client_address(request)[:45],
        "browser": request.headers.get("User-Agent", "")[:200],
        "began": int(timezone.now().timestamp()),
    }


def other_sessions(request: HttpRequest) -> QuerySet[StaffSession]:
    """Sessions of the account that are open beside this one, the newest first."""
    mine = StaffSession.objects.filter(
        user=cast("User", request.user), expire_date__gt=timezone.now()
    )
    here = stored_key(request.session.session_key or "")
    return mine.exclude(session_key=here).order_by("-began_at")


def stored_key(session_key: str) -> str:
    """What stands in the table for a key: as long as a key, and no way back."""
    key = hmac.digest(settings.SECRET_KEY.encode(), b"hailong/session", "sha256")
    return hmac.digest(key, session_key.encode(), "sha256").hex()[:40]


class SessionStore(DatabaseStore):
    """Django's store with the hash in the place of the key, and the account beside it."""

    @classmethod
    def get_model_class(cls) -> type[StaffSession]:
        """The table of sessions."""
        return StaffSession

    def _get_session_from_db(self) -> StaffSession | None:
        found = StaffSession.objects.filter(
            session_key=stored_key(self.session_key or ""), expire_date__gt=timezone.now()
        ).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        """Whether a key is in use."""
        return StaffSession.objects.filter(session_key=stored_key(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> StaffSession:
        """The row of this session."""
        session = cast("StaffSession", super().create_model_instance(data))
        session.session_key = stored_key(session.session_key)
        session.user_id = data.get(SESSION_KEY)
        place = data.get(PLACE, {})
        session.address, session.browser = place.get("address", ""), place.get("browser", "")
        if began := place.get("began"):
            session.began_at = datetime.fromtimestamp(began, UTC)
        return session

    def delete(self, session_key: str | None = None) -> None:
        """End a session."""
        key = session_key or self.session_key
        if key:
            StaffSession.objects.filter(session_key=stored_key(key)).delete()
