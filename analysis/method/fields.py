"""What may stand in a method file: sections, keys, types and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from analysis.errors import AnalysisError, MethodError

_REQUIRED: Final = object()


# Section -> key -> (type, default). What has no default must stand in the file.
_FIELDS: Final[Mapping[str, Mapping[str, tuple[type, Any]]]] = {
    "": {
        "id": (str, _REQUIRED),
        "version": (int, _REQUIRED),
        "title_vi": (str, _REQUIRED),
        "title_en": (str, ""),
    },
    "scale": {
        "answers": (list, _REQUIRED),
        "satisfied": (list, _REQUIRED),
        "opposed": (list, []),
        "range": (list, []),
    },
    "index": {
        "rule": (str, _REQUIRED),
        "statistic": (str, "share"),
        "missing": (str, "available"),
        "detail": (str, "items"),
        "by_domain": (bool, True),
    },
    "evidence": {
        "counted": (list, ["E1", "E2", "E3"]),
        "beside": (list, ["E0"]),
        "flagged": (bool, True),
        "uncounted_flags": (list, ["no-code", "withdrawn", "over", "disputed", "undated"]),
        "overfull_share": (float, 0.1),
    },
    "weighting": {
        "cells": (list, _REQUIRED),
        "min_cell": (int, _REQUIRED),
        "interval": (str, _REQUIRED),
        "confidence": (float, _REQUIRED),
        "trim": (float, 0.0),
    },
    "channel_mix": {},
    "publication": {
        "min_n": (int, _REQUIRED),
        "min_n_eff": (int, _REQUIRED),
        "decimals": (int, _REQUIRED),
        "rounding": (str, "half-up"),
        "bands": (list, []),
    },
}


_FREE: Final = ("factors", "factor_weights", "channel_mix")


def _checked(data: dict[str, Any], path: Path) -> dict[str, Any]:
    known = {*_FIELDS, *_FIELDS[""], *_FREE} - {""}
    if unknown := sorted(set(data) - known):
        raise MethodError(
            "{path}: unknown key {unknown!r}; known: {known}",
            path=path,
            unknown=unknown[0],
            known=", ".join(sorted(known)),
        )
    flat: dict[str, Any] = {}
    for section, keys in _FIELDS.items():
        table = data.get(section, {}) if section else {k: v for k, v in data.items() if k in keys}
        if not isinstance(table, dict):
            raise MethodError("{path}: [{section}] must be a table", path=path, section=section)
        if section not in _FREE and (unknown := sorted(set(table) - set(keys))):
            raise MethodError(
                "{path}: unknown key {section}.{unknown}; known: {keys}",
                path=path,
                section=section,
                unknown=unknown[0],
                keys=", ".join(keys),
            )
        for key, (kind, default) in keys.items():
            value = table.get(key, default)
            if not isinstance(value, (int, float) if kind is float else kind) or isinstance(
                value, bool
            ) != (kind is bool):
                raise MethodError(
                    "{path}: {section}: {key} must be given as {kind}",
                    path=path,
                    section=section or AnalysisError("top level"),
                    key=key,
                    kind=kind.__name__,
                )
            flat[key] = value
    return flat
