"""Keeps codes and tokens out of the log: whoever reads it must not be able to open a link or join it to an answer."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"(?i)(/(?:s|r|q|screen)/)[^/\s?'\"<>]+")


class MaskCodes(logging.Filter):
    """Replaces the code in addresses of citizen pages."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; nothing is dropped."""
        text = record.getMessage()
        masked = _SECRET.sub(r"\1•••", text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True
