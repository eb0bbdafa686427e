"""Gateways by name; ``SMS_BACKEND`` chooses one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from survey.messaging.gateways.base import Gateway

BACKENDS: Final = {
    "console": "survey.messaging.gateways.console.ConsoleGateway",
    "memory": "survey.messaging.gateways.memory.MemoryGateway",
    "twilio": "survey.messaging.gateways.twilio.TwilioGateway",
}


@cache
def _made(name: str) -> Gateway:
    if name not in BACKENDS:
        raise ImproperlyConfigured(
            f"SMS_BACKEND={name!r} is not known; use one of {', '.join(BACKENDS)}"
        )
    module, _dot, attribute = BACKENDS[name].rpartition(".")
    return cast("Gateway", getattr(import_module(module), attribute)())


def gateway() -> Gateway:
    """The configured gateway, made once per process."""
    return _made(settings.SMS_BACKEND)
