"""Writes: the case systems that report dossiers, and their secrets."""

from __future__ import annotations

import secrets

from survey.common.encryption import encrypt
from survey.transactions.models import SourceSystem


def renew_secret(*, source: SourceSystem) -> str:
    """A new secret for a case system, told once; the one before no longer signs anything."""
    secret = secrets.token_urlsafe(32)
    source.secret_sealed = encrypt(secret, f"source/{source.key_id}")
    # Only this: somebody else may have switched it off meanwhile.
    source.save(update_fields=["secret_sealed"] if source.pk else None)
    return secret
