"""Gateways by name; ``SMS_BACKEND`` chooses one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from survey.dispatch.sms.base import Gateway

BACKENDS: Final = {
    "console": "survey.dispatch.sms.console.ConsoleGateway",
    "memory": "survey.dispatch.sms.memory.MemoryGateway",
    "twilio": "survey.dispatch.sms.twilio.TwilioGateway",
}


@cache
def _made(name: str) -> Gateway:
    if name not in BACKENDS:
        raise ImproperlyConfigured(f"SMS_BACKEND={name!r} is not known; use one of {', '.join(BACKENDS)}")
    module, _dot, attribute = BACKENDS[name].rpartition(".")
    return cast("Gateway", getattr(import_module(module), attribute)())


def gateway() -> Gateway:
    """The configured gateway, made once per process."""
    return _made(settings.SMS_BACKEND)
