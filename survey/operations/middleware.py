"""``/healthz``, ``/readyz`` and ``/metrics``: before hosts, sessions and everything else are looked
at, for load balancers ask by address.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from survey.operations.metrics import DatabaseCollector
from survey.operations.readiness import DOWN, Check, run_checks, worst

KEPT_SECONDS: Final = 5.0
_kept: dict[str, tuple[float, list[Check]]] = {}
View = Callable[[HttpRequest], HttpResponseBase]


class OperatorMiddleware:
    """Answers operators' programs; details only to who is on this machine or has the token."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """One of the three addresses, or pass on."""
        view = _PAGES.get(request.path)
        if view is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        answer = view(request)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _is_trusted(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    sent = request.headers.get("Authorization", "")
    if token:
        return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())
    # Who came through a proxy came from anywhere.
    came_through = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    try:
        is_here = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        is_here = False
    return is_here and not came_through


def _tell_health(_request: HttpRequest) -> HttpResponseBase:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def _tell_readiness(request: HttpRequest) -> HttpResponseBase:
    checks = _checks()
    state = worst(checks)
    body: dict[str, object] = {"status": state}
    if _is_trusted(request):
        body["checks"] = {c.name: {"status": c.state, "detail": c.told} for c in checks}
    return JsonResponse(body, status=503 if state == DOWN else 200)


def _checks() -> list[Check]:
    """At most ``KEPT_SECONDS`` old: however many balancers ask."""
    at, found = _kept.get("checks", (0.0, []))
    if not found or time.monotonic() - at > KEPT_SECONDS:
        found = run_checks(timezone.now())
        _kept["checks"] = (time.monotonic(), found)
    return found


def _tell_metrics(request: HttpRequest) -> HttpResponseBase:
    if not _is_trusted(request):
        return HttpResponse(status=403)
    text = generate_latest(_process_registry()) + generate_latest(_database_registry())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _process_registry() -> CollectorRegistry:
    """Of one process, or of all where they share a folder (PROMETHEUS_MULTIPROC_DIR)."""
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


@cache
def _database_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return registry


_PAGES: Final[dict[str, View]] = {
    "/healthz": _tell_health,
    "/readyz": _tell_readiness,
    "/metrics": _tell_metrics,
}
