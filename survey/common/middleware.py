"""What every request and response passes."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponseBase

_ADMIN_POLICY = {"script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class AdminPolicyMiddleware:
    """The admin's own scripts are inline (Unfold, Alpine): its pages get a wider policy, all others the strict one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Mark admin pages for the policy middleware outside of this one."""
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_update = _ADMIN_POLICY  # type: ignore[attr-defined]  # django-csp's own mark
        return response
