"""The address under which a version can be looked at as citizens meet it; nothing sent there is
stored.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing

PREVIEW_TTL: Final = timedelta(days=1)
_SALT: Final = "survey.questionnaires.previews"


def preview_address(version_id: int, device: str) -> str:
    """A link anybody can open for a day, on a phone too; ``device``: ``phone`` or ``kiosk``."""
    token = signing.dumps(version_id, salt=_SALT, compress=True)
    return f"{settings.PUBLIC_URL}/preview/{device}/{token}"


def read_preview(token: str) -> int | None:
    """The version a preview is of; None when the link is not ours or too old."""
    try:
        found = signing.loads(token, salt=_SALT, max_age=PREVIEW_TTL)
    except signing.BadSignature:
        return None
    return found if isinstance(found, int) else None
