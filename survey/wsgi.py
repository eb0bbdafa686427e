"""The WSGI application the server runs."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "survey.settings")

from survey.checks import claim_sqlite

claim_sqlite()
application = get_wsgi_application()
