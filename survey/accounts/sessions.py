"""Sessions in the database under a hash of their key: who reads the table can open none."""

from __future__ import annotations

import hmac
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone


def stored_key(session_key: str) -> str:
    """What stands in the table for a key: as long as a key, and no way back."""
    key = hmac.digest(settings.SECRET_KEY.encode(), b"hailong/session", "sha256")
    return hmac.digest(key, session_key.encode(), "sha256").hex()[:40]


class SessionStore(DatabaseStore):
    """Django's store with the hash in the place of the key."""

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(
            session_key=stored_key(self.session_key or ""), expire_date__gt=timezone.now()
        ).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        """Whether a key is in use."""
        return Session.objects.filter(session_key=stored_key(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row of this session."""
        session = super().create_model_instance(data)
        session.session_key = stored_key(session.session_key)
        return session

    def delete(self, session_key: str | None = None) -> None:
        """End a session."""
        key = session_key or self.session_key
        if key:
            Session.objects.filter(session_key=stored_key(key)).delete()
