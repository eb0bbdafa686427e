"""Writes: which text on data protection citizens were shown, from when on."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from itertools import product
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import override

from survey.privacy.models import ConsentText

KIOSK: Final = "/kiosk"
"""What tablets say is another text."""
TEMPLATE: Final = "survey/citizen/privacy_text.html"


def note_texts(now: datetime) -> int:
    """Keep the text of every language where it is another than the last kept; how many were. The
    night's part: a text that was shown can be looked up later.
    """
    kept = 0
    for language, place in product(dict(settings.LANGUAGES), ("", KIOSK)):
        with override(language):
            text = render_to_string(TEMPLATE, {"context": {"kiosk": bool(place)}})
        language += place
        digest = sha256(text.encode()).hexdigest()
        last = ConsentText.objects.filter(language=language).first()
        if last is None or last.sha256 != digest:
            ConsentText.objects.create(language=language, sha256=digest, text=text, shown_from=now)
            kept += 1
    return kept
