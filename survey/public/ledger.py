"""The files of the log for everybody: head, key, hashes and the program that checks them.

Entries are not served: with agency and month in each, a reader could count what is hidden because
few people answered. Who audits gets a copy of them (docs/operations.md); everybody else can check
that what was signed was never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from survey.integrity import heads

TILE: Final = re.compile(r"tile/[0-9]{1,2}/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?")
STAMP: Final = re.compile(r"stamp/[1-9][0-9]{0,17}\.tsr")
_PROGRAMS: Final = Path(heads.__file__).parent
_NAMED: Final[dict[str, Callable[[], Path]]] = {
    "checkpoint": lambda: heads.ledger_folder() / "checkpoint",
    "key": lambda: heads.ledger_folder() / "key",
    "key-mldsa": lambda: heads.ledger_folder() / "key-mldsa",
    "policy": heads.policy_path,
    "verify.py": lambda: _PROGRAMS / "verify.py",
    "witness.py": lambda: _PROGRAMS / "witness.py",
}
FOR_EVER: Final = "public, max-age=31536000, immutable"
FRESH: Final = "public, max-age=60"


@require_safe
def ledger_file(request: HttpRequest, path: str) -> FileResponse:
    """One file, as it lies on the disk."""
    is_tile = bool(TILE.fullmatch(path))
    named = _NAMED.get(path)
    if not is_tile and not STAMP.fullmatch(path) and named is None:
        raise Http404
    found = named() if named else heads.ledger_folder() / path
    if not found.is_file():
        raise Http404
    kind = "application/octet-stream" if named is None else "text/plain; charset=utf-8"
    answer = FileResponse(found.open("rb"), content_type=kind)
    answer.headers["Cache-Control"] = FOR_EVER if is_tile else FRESH
    return answer
