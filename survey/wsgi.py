"""The WSGI application the server runs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "survey.settings")

from survey.checks import claim_sqlite, refuse_unbuffered, uses_sqlite
from survey.common.text import plain_content_type

refuse_unbuffered()
claim_sqlite()
_django = get_wsgi_application()
# More than a second of imports: paid here, not by the first citizen after a restart.
import_module("survey.urls")
import_module("survey.responses.spool").start_taking_in()
if uses_sqlite():
    # These know the tables, which are there now.
    import_module("survey.common.background").start_worker_thread(
        lambda: import_module("survey.nightly").plan_night(timezone.now())
    )


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django behind one repair: it trusts the charset a client claims before any view or middleware
    can object.
    """
    environ["CONTENT_TYPE"] = plain_content_type(environ.get("CONTENT_TYPE", ""))
    return _django(environ, start_response)
