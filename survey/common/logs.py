"""Keeps codes and tokens out of the log: whoever reads it must not be able to open a link or join it to an answer."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"(?i)(/(?:s|r|q|screen)/|[?&](?:code|receipt)=)[^/\s?&'\"<>]+")
_REFUSED = range(400, 500)


class MaskCodes(logging.Filter):
    """Replaces the code in addresses of citizen pages."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; nothing is dropped."""
        if getattr(record, "status_code", 0) in _REFUSED:
            # Who was refused something is told in a line; a stack of our own code helps nobody.
            record.exc_info = None
        text = record.getMessage()
        masked = _SECRET.sub(r"\1•••", text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True
