"""What citizens' tests share."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def dump(*, without: Collection[str] = ()) -> list[Any]:
    """Every row of every table but those of ``without``."""
    from django.db import connection

    found: list[Any] = []
    with connection.cursor() as cursor:
        for table in sorted({*connection.introspection.table_names()} - {*without}):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append((table, sorted(map(str, cursor.fetchall()))))
    return found


def form_fields(page: Any) -> tuple[str, dict[str, str]]:
    """Where the form of a page goes, and its hidden fields."""
    text = page.content.decode()
    action = re.search(r'<form[^>]*action="([^"?]+)', text)
    assert action
    hidden = re.findall(r'type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', text)
    return action[1], dict(hidden)


def public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """As a tablet sends it: SubjectPublicKeyInfo in base64."""
    raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


def signature(key: ec.EllipticCurvePrivateKey, body: bytes) -> str:
    """As a tablet signs: r and s in hexadecimal digits."""
    r, s = decode_dss_signature(key.sign(body, ec.ECDSA(SHA256())))
    return f"{r:064x}{s:064x}"
