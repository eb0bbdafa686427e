"""Keeps codes and tokens out of the log: whoever reads it must not be able to open a link or join
it to an answer.
"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar

import structlog
from structlog.typing import EventDict

request_id: ContextVar[str] = ContextVar("request_id", default="-")
"""Of the request that is answered here; also in the answer's ``X-Request-ID``."""

_SECRET = re.compile(
    r"(?i)(/(?:s|r|q|screen|groups|tables|staff/invitation)/|[?&](?:code|receipt|t|pressed|typed)=)[^/\s?&'\"<>]+"
)
# A code may be a whole address by itself: /ABCD1234, with what phones stick to it.
_BARE = re.compile(
    r"(?i)((?:^|[\s'\"(]|//[^/\s]+)/)(?=[0-9a-z-]*[0-9])[0-9a-z-]{8,32}(?=[/?&\s'\").,]|$)"
)
_REFUSED = range(400, 500)
# What a database says of a row it refuses holds the row; password hashes are recognised wherever
# they stand.
_ROW = re.compile(r"(Failing row contains )\(.*\)")
_HASH = re.compile(r"\b(pbkdf2_\w+|scrypt|bcrypt\w*|argon2\w*)\$[^\s'\",)]+")


def _masked(text: str) -> str:
    text = _BARE.sub(r"\1•••", _SECRET.sub(r"\1•••", text))
    return _HASH.sub(r"\1$•••", _ROW.sub(r"\1(•••)", text))


class MaskCodes(logging.Filter):
    """Replaces codes in addresses of citizen pages, and in errors the rows and password hashes a
    database tells.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; nothing is dropped."""
        if getattr(record, "status_code", 0) in _REFUSED:
            # Who was refused something is told in a line; a stack of our own code helps nobody.
            record.exc_info = None
        text = record.getMessage()
        masked = _masked(text)
        if masked != text:
            record.msg, record.args = masked, ()
        if record.exc_info:
            # Formatters write this text as it stands instead of the trace itself.
            record.exc_text = _masked(logging.Formatter().formatException(record.exc_info))
        return True


class NameRequest(logging.Filter):
    """Tells which request a line belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add it; nothing is dropped."""
        record.request_id = request_id.get()
        return True


def _mask_event(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Traces are formatted anew here, so they are masked anew."""
    return {key: _masked(one) if isinstance(one, str) else one for key, one in event.items()}


def make_json_formatter() -> logging.Formatter:
    """One JSON object a line, for whoever collects logs."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ExtraAdder(allow={"request_id"}),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _mask_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
